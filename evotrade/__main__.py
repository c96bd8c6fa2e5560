"""`python -m evotrade` is `evotrade`."""

from evotrade.cli import main

if __name__ == "__main__":  # worker processes import this module, too
    main()
