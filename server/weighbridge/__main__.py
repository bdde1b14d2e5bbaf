"""`python -m weighbridge`: the same as the `weighbridge` command, where that is not on the path."""

import sys

from weighbridge.cli import main

if __name__ == "__main__":
    sys.exit(main())
