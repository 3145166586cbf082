"""`python -m acquit`, and the command `acquit`."""

import gc
import signal
import sys
from typing import Final

NEW_OBJECTS: Final = 20_000
"""How many a search for garbage waits for: what is imported lives, and a tenth of a start went there."""


def main() -> int:
    """Run the command line and return its exit code; SIGTERM ends a command as cleanly as Ctrl-C."""
    gc.set_threshold(NEW_OBJECTS)
    from acquit.app import main as run

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
