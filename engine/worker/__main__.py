"""`python -m engine.worker`: one worker, by the settings of the environment."""

import sys

from engine.config import read_settings
from engine.errors import KogdaError
from engine.worker import run_worker

if __name__ == "__main__":
    try:
        run_worker(read_settings())
    except KogdaError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
