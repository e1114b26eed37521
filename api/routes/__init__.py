"""One noun a file. The order is that of the documentation."""

from api.routes import front, health, mailbox, management

ROUTERS = (health.router, management.router, mailbox.router, front.router)
