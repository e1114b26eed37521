"""A real PostgreSQL and a real Redis for one machine, from wheels, under the data folder."""

from engine.embedded.services import EmbeddedServices, Endpoints, has_database, running_endpoints

__all__ = ["EmbeddedServices", "Endpoints", "has_database", "running_endpoints"]
