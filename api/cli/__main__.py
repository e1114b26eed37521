"""`python -m api.cli`: the same as `kogda`."""

from api.cli import main

main()
