"""Providers whose calls prove by themselves where they come from. Amazon's need a certificate: ses.py."""

from __future__ import annotations

from engine.callbacks import Provider
from engine.callbacks.mailgun import Mailgun
from engine.callbacks.postmark import Postmark
from engine.callbacks.resend import Resend
from engine.callbacks.sendgrid import SendGrid
from engine.callbacks.twilio import Twilio

PROVIDERS: dict[str, Provider] = {
    "sendgrid": SendGrid(),
    "mailgun": Mailgun(),
    "postmark": Postmark(),
    "resend": Resend(),
    "twilio": Twilio(),
}
