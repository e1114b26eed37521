"""One noun a file. The order is that of the documentation."""

from api.browser import contacts, inbox, push, scripts
from api.public import consent_pages, hits
from api.routes import (
    callbacks,
    consent,
    front,
    health,
    language,
    mailbox,
    management,
    preview,
    privacy,
    reports,
    telegram,
)

ROUTERS = (
    health.router,
    management.router,
    reports.router,
    consent.router,
    privacy.router,
    language.router,
    mailbox.router,
    preview.router,
    telegram.router,
    hits.router,
    callbacks.router,
    consent_pages.router,
    contacts.router,
    inbox.router,
    push.router,
    scripts.router,
    front.router,
)
