"""`python -m weighbridge`: the same as the `weighbridge` command, where that is not on the path."""

from weighbridge.cli import run

if __name__ == "__main__":
    run()
