"""One noun a file. The order is that of the documentation."""

from api.routes import front, health, language, mailbox, management, preview

ROUTERS = (health.router, management.router, language.router, mailbox.router, preview.router, front.router)
