"""`python -m api.cli`: the same as `kogda`."""

from api.cli import main

if __name__ == "__main__":
    main()
