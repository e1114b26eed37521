"""Which text a message goes out with, and what becomes of it when that cannot be rendered."""

from __future__ import annotations

from engine.flow.delivery.deliver_messages import deliver_messages
from engine.flow.delivery.handing_over import TEMPLATE_TRIES
from engine.resting import FAILURES
from tests.engine.delivery.outbox import TEMPLATES, Outbox


async def test_a_poison_template_fails_after_three_tries_while_the_others_flow(outbox: Outbox):
    poison = await outbox.message("poison", template="broken")
    good = await outbox.message("good")

    for _ in range(3):
        await deliver_messages(outbox.runtime)
        await outbox.change("UPDATE message SET due_at = now()")

    row = await outbox.row(poison)
    assert (row["state"], row["attempts"]) == ("failed", 3)
    assert "ZeroDivisionError" in row["reason"]
    [entry] = await outbox.fetch("SELECT what, subject, rule, tries, reason FROM quarantine")
    assert tuple(entry) == ("message", str(poison), "reminder", 3, row["reason"])
    assert (await outbox.row(good))["state"] == "sent"


async def test_a_poison_template_whose_error_quotes_nul_is_set_aside_all_the_same(outbox: Outbox):
    """PostgreSQL keeps no NUL: unchanged, the reason would hold up all verdicts that are written with it."""
    await outbox.publish(templates=TEMPLATES | {"email/odd.html": '---\nsubject: Odd\n---\n{% include "a\\x00b" %}'})
    poison = await outbox.message("poison", template="odd")

    for _ in range(3):
        await deliver_messages(outbox.runtime)
        await outbox.change("UPDATE message SET due_at = now()")

    row = await outbox.row(poison)
    [entry] = await outbox.fetch("SELECT subject, reason FROM quarantine")
    assert (row["state"], row["attempts"]) == ("failed", 3)
    assert tuple(entry) == (str(poison), row["reason"])
    assert "ab" in row["reason"]


HEAVY = "---\nsubject: Heavy\n---\n{% for a in range(9999) %}{% for b in range(99) %}{% endfor %}{% endfor %}"


async def test_a_heavy_template_is_tried_by_few_of_its_messages_and_fails_none_of_the_others(outbox: Outbox):
    await outbox.publish(templates=TEMPLATES | {"email/heavy.html": HEAVY})
    for number in range(40):
        await outbox.message(f"heavy {number}", template="heavy")

    await deliver_messages(outbox.runtime)
    tried = await outbox.fetch("SELECT FROM message WHERE reason LIKE '%stopped%'")
    for _ in range(TEMPLATE_TRIES):
        await outbox.change("UPDATE message SET due_at = now()")
        await deliver_messages(outbox.runtime)
    states = await outbox.fetch("SELECT DISTINCT state, reason FROM message")
    await outbox.publish(templates=TEMPLATES | {"email/heavy.html": "---\nsubject: Light\n---\n<p>"})
    await outbox.change("UPDATE message SET due_at = now()")
    await deliver_messages(outbox.runtime)

    assert FAILURES <= len(tried) < 40
    [(state, reason)] = states
    assert state == "queued"
    assert "too heavy for several messages in a row" in reason
    assert len(outbox.channel.given) == 40


async def test_a_mended_text_reaches_those_who_already_wait(outbox: Outbox):
    message = await outbox.message(template="broken")
    await deliver_messages(outbox.runtime)
    await outbox.publish(templates=TEMPLATES | {"email/broken.html": "---\nsubject: Mended\n---\n<p>"})
    await outbox.change("UPDATE message SET due_at = now()")

    await deliver_messages(outbox.runtime)

    [handover] = outbox.channel.given
    assert handover.content.subject == "Mended"
    assert (await outbox.row(message))["state"] == "sent"


async def test_a_template_that_is_gone_is_taken_from_the_pinned_rule_set(outbox: Outbox):
    pinned = await outbox.publish(templates={"email/gone.html": "---\nsubject: Old\n---\n<p>"})
    await outbox.publish()
    await outbox.message(template="gone", rule_set=pinned)

    await deliver_messages(outbox.runtime)

    [handover] = outbox.channel.given
    assert handover.content.subject == "Old"


async def test_a_mail_without_any_sender_says_what_to_set(outbox: Outbox):
    await outbox.publish(settings={})
    message = await outbox.message()

    await deliver_messages(outbox.runtime)

    row = await outbox.row(message)
    assert row["state"] == "queued"
    assert "set mail.from in kogda.yaml, or KOGDA_MAIL_FROM" in row["reason"]
