"""`python3 -m dustproof WORD …` is `dustproof WORD …`."""
import os
import sys

from .errors import EnvironmentFailure
from .program import executable

if __name__ == "__main__":
    try:
        program = executable()
    except EnvironmentFailure as error:
        print(error, file=sys.stderr)
        sys.exit(3)
    os.execv(program, [program, *sys.argv[1:]])
