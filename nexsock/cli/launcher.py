#!python
"""The program `nexsock`, installed as it stands: the generated one of an installer loads `re` first."""

import sys

from nexsock.cli import fast

if __name__ == "__main__":
    sys.exit(fast.main(sys.argv[1:]))
