"""Secrets by the names of their environment variables. kogda.yaml holds the names, never the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import NotReady


@dataclass(frozen=True, slots=True)
class Credentials:
    environment: Mapping[str, str]
    link_key: bytes = b""  # of the installation: what else is secret here can be derived from it

    def __getitem__(self, variable: str) -> str:
        """Raises NotReady, which names the variable."""
        found = self.environment.get(variable, "").strip()
        if not found:
            raise NotReady(f"the environment variable {variable} is not set")
        return found
