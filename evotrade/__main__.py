"""The command `evotrade`, also `python -m evotrade`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C at any moment, also while it loads, ends it with exit code 130."""
    try:
        from evotrade.cli import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":  # worker processes import this module, too
    main()
