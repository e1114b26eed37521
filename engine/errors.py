"""The error tree: a class for each thing that a caller can do something about.

KogdaError
├── ConfigurationError      the operator must change a setting, a file or a service
│   ├── PortTaken
│   ├── DataFolderTaken
│   ├── DatabaseUnreachable
│   ├── NoDatabase          none was ever started in the data folder, and none is configured
│   ├── SchemaOutdated      `kogda migrate` has not run
│   ├── SchemaNewer         a newer version's has: this one must be replaced
│   └── NotOurs             a copy of another installation's database: `kogda claim`
├── TablesInUse             while they are, they cannot be changed: run `kogda migrate` again
├── IndexNotMade            lists are slow without it: run `kogda migrate` again
├── NotReady                the operator must set something first; what needs it waits
├── WorkspaceInvalid        carries diagnostics; the old rule set stays
├── NothingPublished        no rule set is live yet
├── PlanIsStale             something else was published since it was made
├── RuleSetUnreadable       another version of the product stored it; this one must be replaced
│   └── RuleSetCorrupt      it was damaged where it is stored: runs that need it are set aside
├── TemplateFailed          a template cannot be rendered for this customer
│   ├── TemplateTooHeavy    it asks for too much work
│   └── TemplateRests       it did so for several messages in a row
├── UnsafeHeader            a rendered mail field would inject a header or a command
└── Overloaded              try later; carries retry_after
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsl.messages import say

if TYPE_CHECKING:
    from dsl.diagnostics import Diagnostic


class KogdaError(Exception):
    """Base of all errors that this product raises on purpose. The text says what, where and what to do."""


class ConfigurationError(KogdaError):
    """A setting, a file or a service that the operator must change."""


class NotReady(KogdaError):
    """The operator must set something first, or a service does not answer; what needs it waits meanwhile."""


class PortTaken(ConfigurationError):
    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            say("port {port} on {host} is taken by another program; choose another with --port", port=port, host=host)
        )
        self.host, self.port = host, port


class DataFolderTaken(ConfigurationError):
    def __init__(self, folder: object, pid: int | None) -> None:
        owner = say("process {pid}", pid=pid) if pid else say("another process")
        super().__init__(
            say(
                "the data folder {folder} is in use by {owner}; stop it, or choose another with --data",
                folder=folder,
                owner=owner,
            )
        )
        self.folder, self.pid = folder, pid


class DatabaseUnreachable(ConfigurationError):
    pass


class NoDatabase(ConfigurationError):
    def __init__(self, folder: object) -> None:
        super().__init__(
            say(
                "there is no database in {folder}, and nothing to look at: start the server with `kogda up`, name its"
                " data folder with --data or KOGDA_DATA, or say with KOGDA_DATABASE_URL where its database is",
                folder=folder,
            )
        )


class SchemaOutdated(ConfigurationError):
    def __init__(self, found: str | None, wanted: str | None) -> None:
        super().__init__(
            say(
                "the database is at revision {found}, this version needs {wanted}; run `kogda migrate`",
                found=found,
                wanted=wanted,
            )
            if found
            else say("the database has no tables of Kogda yet; `kogda up` makes them, and so does `kogda migrate`")
        )
        self.found, self.wanted = found, wanted


class SchemaNewer(ConfigurationError):
    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(
            say(
                "the database is at revision {found}, which a newer version of Kogda has made; this one knows {wanted}:"
                " start the newer one",
                found=found,
                wanted=wanted,
            )
        )


class TablesInUse(KogdaError):
    def __init__(self, others: Sequence[str]) -> None:
        super().__init__(
            say(
                "the tables cannot be changed while they are in use by {others}, and waiting for that would hold up"
                " everybody; end it, or run `kogda migrate` again when it is done",
                others=", ".join(others) or say("another connection"),
            )
        )


class IndexNotMade(KogdaError):
    def __init__(self, error: str) -> None:
        super().__init__(
            say(
                "an index could not be made: {error}; everything works without it, only lists are slow: run"
                " `kogda migrate` again when there is nothing in its way",
                error=error,
            )
        )


class NotOurs(ConfigurationError):
    """Both would send."""

    @classmethod
    def by_name(cls, found: str, given: str | None) -> NotOurs:
        return cls(
            say(
                "this database belongs to the installation `{found}`, and KOGDA_INSTANCE is {given}: if the other one"
                " is gone, `kogda claim` makes it this one's",
                found=found,
                given=f"`{given}`" if given else say("not set"),
            )
        )

    @classmethod
    def by_backup(cls) -> NotOurs:
        return cls(
            say(
                "this database was restored from a base backup, and the server that was copied may still send: if it is"
                " gone, `kogda claim` makes this one take its place"
            )
        )


class WorkspaceInvalid(KogdaError):
    """The workspace has mistakes; nothing was published."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"the workspace has {len(diagnostics)} mistake(s)")
        self.diagnostics = tuple(diagnostics)


class NothingPublished(KogdaError):
    def __init__(self) -> None:
        super().__init__(say("no rule set is published yet; run `kogda publish`"))


class PlanIsStale(KogdaError):
    def __init__(self) -> None:
        super().__init__(
            say("the plan is stale: something else was published since; run `kogda plan` again and look at it")
        )


class RuleSetUnreadable(KogdaError):
    def __init__(self, rule_set: int, error: Exception) -> None:
        super().__init__(f"rule set {rule_set} cannot be read by this version of Kogda ({error}); upgrade this worker")
        self.rule_set = rule_set


class RuleSetCorrupt(RuleSetUnreadable):
    """What is stored is not what was stored: no other worker could read it either."""

    def __init__(self, rule_set: int, error: Exception) -> None:
        super().__init__(rule_set, error)
        self.args = (f"rule set {rule_set} is damaged: its content does not fit its hash ({error}); publish again",)


class TemplateFailed(KogdaError):
    def __init__(self, template: str, reason: str) -> None:
        super().__init__(f"template `{template}`: {reason}")
        self.template, self.reason = template, reason


class TemplateTooHeavy(TemplateFailed):
    """It was stopped, because it asked for more work than one message may take."""


class TemplateRests(TemplateFailed):
    """It is not tried for a while, having been too heavy for several messages in a row."""

    def __init__(self, template: str) -> None:
        super().__init__(template, "too heavy for several messages in a row; this one waits until it is tried again")


class UnsafeHeader(KogdaError):
    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"{field} must not contain line breaks or control characters: {value!r}")
        self.field, self.value = field, value


class Overloaded(KogdaError):
    def __init__(self, reason: str, retry_after_s: int, *, short_of: str) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
        self.short_of = short_of  # a word for the metrics
