"""`kogda lsp`: what editors start."""

from __future__ import annotations


def lsp() -> None:
    """Answer an editor on stdin and stdout (Language Server Protocol). Editors start this; people need not."""
    from api.lsp.server import serve

    serve()
