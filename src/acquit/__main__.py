"""`python -m acquit`, and the command `acquit`."""

import signal
import sys


def main() -> int:
    """Run the command line and return its exit code; SIGTERM ends a command as cleanly as Ctrl-C."""
    from acquit.app import main as run

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
