"""A real PostgreSQL and a real Redis for one machine, from wheels, under the data folder."""

from engine.embedded.services import EmbeddedServices, Endpoints, running_endpoints

__all__ = ["EmbeddedServices", "Endpoints", "running_endpoints"]
