"""Launcher of the daemon: `python scheduler.py`, the same as `evotrade daemon`."""

import sys

from evotrade.daemon import main
from evotrade.errors import EvotradeError

if __name__ == "__main__":
    try:
        sys.exit(main())
    except EvotradeError as error:
        sys.exit(str(error))
