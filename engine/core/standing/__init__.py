"""What holds for a customer without a run: segments, and the moments at which time alone starts something.

See docs/decisions/0012-standing.md.
"""
