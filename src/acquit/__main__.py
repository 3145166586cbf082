"""`python -m acquit`, and the command `acquit`."""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    from acquit.app import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
