"""Generated."""

TEXTS: dict[str, str] = {}
