"""One noun a file. The order is that of the documentation."""

from api.routes import health, management

ROUTERS = (health.router, management.router)
