"""`python -m autograder VERB` is the same as `course VERB`."""

import sys

from autograder.cli import main

if __name__ == "__main__":
    sys.exit(main())
