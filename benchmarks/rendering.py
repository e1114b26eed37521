"""What the resource budget costs: our mails beside Jinja's plain sandbox on the same template."""

from __future__ import annotations

import time
from collections.abc import Callable

from jinja2 import DictLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from benchmarks.report import Figure
from engine.rendering.email import MailRequest, MailTemplates

HEAD = "---\nsubject: For you\nfrom: Shop <shop@example.com>\n---\n"
BODY = (
    "{% for item in event.goods %}<tr><td>{{ item.name }}</td><td>{{ item.price }} {{ item.quantity * 2 }}</td>"
    "{% if loop.first %}first{% endif %}<td>{{ item.name|upper }}</td></tr>{% endfor %}"
    "{{ customer.first_name|default('friend') }} {% if customer.vip %}VIP{% endif %} {{ 'a' ~ event.total }}"
)


def measure() -> list[Figure]:
    goods = [{"name": f"Coffee no {number}", "price": 12.5, "quantity": number} for number in range(30)]
    event, customer = {"goods": goods, "total": 45}, {"first_name": "Anna"}
    plain = ImmutableSandboxedEnvironment(loader=DictLoader({"t.html": BODY}), autoescape=True)
    budgeted = MailTemplates({"email/t.html": HEAD + BODY, "email/t.txt": "written by hand"})
    request = MailRequest(template="t", event=event, customer=customer)
    ours = _best(lambda: budgeted.mail(request))
    theirs = _best(lambda: plain.get_template("t.html").render(event=event, customer=customer))
    how = f"30 rows, {ours * 1e6:.0f} against {theirs * 1e6:.0f} microseconds, subject and text included in ours"
    return [
        Figure(what="rendering with the budget", value=ours / theirs, unit="x", goal=1.4, at_least=False, detail=how)
    ]


def _best(run: Callable[[], object]) -> float:
    """Seconds of one call: the best of many rounds."""

    def once() -> float:
        began = time.perf_counter()
        for _ in range(20):
            run()
        return (time.perf_counter() - began) / 20

    run()
    return min(once() for _ in range(30))
