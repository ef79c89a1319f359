"""`python -m nexsock`: the same as the program `nexsock`."""

import sys

from nexsock.cli import fast

if __name__ == "__main__":
    sys.exit(fast.main(sys.argv[1:]))
