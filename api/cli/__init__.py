"""The command line: `kogda COMMAND`. Each command is a file here and is imported when it is called."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

from engine.errors import KogdaError

#: Each command with the module that holds it: a function of the same name, or `app` for a group of commands.
COMMANDS: dict[str, str] = {
    "up": "api.cli.up",
    "check": "api.cli.check",
    "fmt": "api.cli.fmt",
    "test": "api.cli.test",
    "explain": "api.cli.explain",
    "simulate": "api.cli.simulate",
    "plan": "api.cli.plan",
    "publish": "api.cli.publish",
    "start": "api.cli.start",
    "segments": "api.cli.segments",
    "init": "api.cli.init",
    "templates": "api.cli.templates",
    "preview": "api.cli.preview",
    "send-test": "api.cli.send_test",
    "demo": "api.cli.demo",
    "keys": "api.cli.keys",
    "promo": "api.cli.promo",
    "suppress": "api.cli.suppress",
    "unsubscribe": "api.cli.unsubscribe",
    "export": "api.cli.export",
    "erase": "api.cli.erase",
    "report": "api.cli.report",
    "bounces": "api.cli.bounces",
    "doctor": "api.cli.doctor",
    "drill": "api.cli.drill",
    "api": "api.cli.api",
    "worker": "api.cli.worker",
    "migrate": "api.cli.migrate",
    "claim": "api.cli.claim",
    "lsp": "api.cli.lsp",
}


#: Commands that start at once: their module has `main(arguments) -> int` and a SUMMARY, and imports no Typer.
OWN_ARGUMENTS = ("check",)


def main() -> None:
    """Exit code 2 and one sentence for what the operator can mend; a traceback is for bugs only."""
    try:
        if sys.argv[1:2] and sys.argv[1] in OWN_ARGUMENTS:
            gc.disable()  # they end soon, and trees of many rules take long to walk for nothing
            raise SystemExit(import_module(COMMANDS[sys.argv[1]]).main(sys.argv[2:]))
        import_module("api.cli.program").app()
    except KogdaError as error:
        from api.language import told  # a command that went well does not pay for it

        print(f"kogda: {told(error.args[0] if error.args else error)}", file=sys.stderr)
        raise SystemExit(2) from None
