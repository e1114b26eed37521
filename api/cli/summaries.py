"""What `kogda --help` says of each command: what the command itself says first, here without loading it.

tests/api/test_summaries.py compares them.
"""

from __future__ import annotations

SUMMARIES: dict[str, str] = {
    "up": "Publish the workspace and start everything on this machine. Ctrl-C stops it.",
    "check": "Check rules, tests, schema, settings and templates.",
    "fmt": "Write rules and tests in one style. Exits 1 for mistakes, with --check also for files not in style.",
    "test": (
        "Run the tests of the rules: exits 0 when all pass, 1 when one fails, 2 when there are none or rules are wrong."
    ),
    "explain": (
        "Read a rule back in plain sentences; with --customer, say what it did for them, and why not; explain a code."
    ),
    "simulate": (
        "Replay stored events through rules, in virtual time: how many messages they would have sent, and to whom."
    ),
    "plan": (
        "Show what publishing this workspace would change: rules, people inside of them, messages. Changes nothing."
    ),
    "publish": (
        "Check the workspace and make it live, at a running `kogda up` or the configured database. All or nothing."
    ),
    "start": (
        "Start a live rule for people who are past its mark already: silent for so long, or in the segment. Once each."
    ),
    "segments": "Show the segments of the live rules: how many customers are in each, and ten of them.",
    "init": "Make a workspace: a first rule with its test, its mails, and the checks for commits and CI.",
    "templates": "Mails to begin with: look at them in docs/templates.md.",
    "preview": "Show a mail as one reader would get it: its subject and text here, its HTML in a file or the browser.",
    "send-test": "Send a template to one address, as an invented reader or --customer would get it. No rule is asked.",
    "demo": "Start everything, send a coffee shop's day through the real Segment client, and watch the mails arrive.",
    "keys": "Write keys, with which apps send events. A key can write and nothing else.",
    "promo": "Promo codes. Pools stand in kogda.yaml; their codes are imported or made here.",
    "suppress": "Addresses that nothing is sent to, service messages included: bounces, complaints, yours.",
    "unsubscribe": (
        "Read a mail to the mailbox that `unsubscribe` under `mail` names, and act on the link in its subject."
    ),
    "export": (
        "Write all that is held of a person as JSON: attributes, consent, events, messages, and what came of them."
    ),
    "erase": (
        "Erase a person: nothing more goes out, and nothing is left but a hash of the addresses. There is no way back."
    ),
    "report": "Show what became of the messages of the last days, by rule, template and channel.",
    "bounces": "Read a bounce (RFC 3464) or a complaint (RFC 5965) and act on it: events, dead addresses.",
    "doctor": "List the settings and check versions, services, clocks and the mail domain. Exit code 1 for a problem.",
    "drill": "Kill workers, the API, Redis and the database under load, on this machine, and compare what arrived.",
    "api": "Take events in and show the mailbox; in production, beside `kogda worker`.",
    "worker": "Decide events, fire timers, deliver messages; start as many as you like, anywhere.",
    "migrate": "Bring the database to this version's tables. `kogda up` does it by itself.",
    "claim": "Take a database that was restored from a backup, or that bears another KOGDA_INSTANCE.",
    "lsp": "Answer an editor on stdin and stdout (Language Server Protocol). Editors start this; people need not.",
}
