"""The workspace that a drill runs: each way through a rule that a kill could cut."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_MAILS = ("welcome", "cart", "thanks", "sorry", "again")
_MAIL = '---\nsubject: {name}\n---\n<p>Hello. <a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></p>\n'

#: By path in the workspace.
FILES: Mapping[str, str] = {
    "kogda.yaml": "name: Drill\nlanguage: 1\ncurrency: EUR\nmail: {from: Drill <drill@example.com>}\n",
    "schema.yaml": """\
events:
  registered: {}
  cart_left: {}
  order_placed: {}
  page_viewed: {}
  review_left:
    properties: {stars: number}
""",
    "rules/drill.rules": """\
rule "Welcome"
  when registered
  send email "welcome"

rule "Cart"
  when cart_left after 1s
  stop when order_placed
  send email "cart"

rule "Receipt"
  when order_placed
  transactional
  send email "receipt"

rule "Thanks"
  when review_left where event.stars >= 4
  send email "thanks"

rule "Sorry"
  when review_left where event.stars < 4
  send email "sorry"
  wait 2s
  send email "again"
""",
    "templates/email/receipt.html": "---\nsubject: receipt\n---\n<p>Thank you.</p>\n",
    **{f"templates/email/{name}.html": _MAIL.format(name=name) for name in _MAILS},
}


def write_workspace(folder: Path) -> None:
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
