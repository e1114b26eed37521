"""One noun a file. The order is that of the documentation."""

from api.public import consent_pages
from api.routes import front, health, hits, language, mailbox, management, preview

ROUTERS = (
    health.router,
    management.router,
    language.router,
    mailbox.router,
    preview.router,
    hits.router,
    consent_pages.router,
    front.router,
)
