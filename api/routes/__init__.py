"""One noun a file. The order is that of the documentation."""

from api.public import consent_pages
from api.routes import (
    callbacks,
    consent,
    front,
    health,
    hits,
    language,
    mailbox,
    management,
    preview,
    reports,
    telegram,
)

ROUTERS = (
    health.router,
    management.router,
    reports.router,
    consent.router,
    language.router,
    mailbox.router,
    preview.router,
    telegram.router,
    hits.router,
    callbacks.router,
    consent_pages.router,
    front.router,
)
