"""Every diagnostic there is. A number is never used again for something else; each has a page in docs/errors/."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Code:
    number: str
    title: str

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.number.startswith("W") else Severity.ERROR

    @property
    def page(self) -> str:
        return f"docs/errors/{self.number}.md"


_ALL = (
    # E1xx: how it is written
    Code("E101", "unknown or misplaced word"),
    Code("E102", "the event is missing"),
    Code("E103", "text must be in quotes"),
    Code("E104", "ambiguous length of time"),
    Code("E105", "a sign instead of a word"),
    Code("E106", "no verb after `else`"),
    Code("E107", "the rule does nothing yet"),
    Code("E108", "a number written as a word"),
    Code("E109", "a quote is not closed"),
    Code("E110", "other quotes than the language's"),
    Code("E111", "unknown currency"),
    Code("E112", "a number written in another way"),
    Code("E113", "the audience is missing"),
    Code("E114", "a guard after a step"),
    Code("E115", "a word is missing"),
    Code("E116", "a word too many"),
    Code("E117", "two items on one line"),
    Code("E118", "`end` is missing"),
    Code("E119", "a date or time that does not exist"),
    Code("E120", "a date written in another way"),
    Code("E121", "the verb is `exit`"),
    Code("E122", "the wrong keyboard layout"),
    Code("E123", "`else` and `if` on two lines"),
    Code("E125", "a sign that has no meaning"),
    Code("E126", "a rule without a trigger"),
    Code("E127", "the text ends too early"),
    Code("E128", "a placeholder outside a test"),
    Code("E129", "a schedule that cannot be read"),
    Code("E130", "a test that expects nothing"),
    Code("E131", "a row that does not fit its table"),
    Code("E132", "a state instead of an event"),
    Code("E133", "events that are not joined by `or`"),
    Code("E134", "nested too deeply"),
    Code("E135", "words in another order"),
    Code("E136", "two channels in one step"),
    Code("E137", "a name in quotes"),
    Code("E138", "a name of several words"),
    # E2xx: names
    Code("E201", "unknown event"),
    Code("E203", "unknown customer attribute"),
    Code("E204", "unknown template"),
    Code("E205", "unknown property of an event"),
    Code("E206", "unknown name"),
    Code("E208", "unknown rule file"),
    Code("E209", "a circle"),
    Code("E210", "two rules of one name"),
    Code("E211", "a name defined twice"),
    Code("E212", "unknown time zone"),
    Code("E213", "unknown topic"),
    Code("E214", "a variable that a template does not get"),
    Code("E215", "a name of another sort"),
    Code("E218", "a mistake in a template"),
    Code("E202", "mixed alphabets in a name"),
    # E3xx: types and values
    Code("E301", "money and a plain number"),
    Code("E302", "values of different kinds"),
    Code("E303", "a value that is not possible"),
    Code("E304", "two currencies"),
    Code("E305", "a comparison that does not apply"),
    Code("E306", "yes or no is not said"),
    Code("E307", "not a condition"),
    Code("E308", "`contains` or `starts with` of something else"),
    Code("E310", "parts that are not 100%"),
    Code("E311", "two parts or splits of one name"),
    Code("E312", "`arrived` without `wait for`"),
    Code("E313", "rules that start each other for ever"),
    Code("E314", "no event here"),
    Code("E315", "an attribute that cannot be set so"),
    Code("E318", "a key that cannot be counted by"),
    Code("E319", "an emitted event that breaks its schema"),
    Code("E321", "not a moment"),
    Code("E322", "the end is before the start"),
    Code("E323", "a clause written twice"),
    Code("E324", "a length of time that is zero or too long"),
    Code("E325", "a variable given twice"),
    Code("E326", "a value that a template cannot be given"),
    # E4xx: tests
    Code("E401", "time goes backwards in a test"),
    Code("E402", "a test that never ends"),
    Code("E403", "a split without a chosen arm"),
    Code("E404", "a moment that cannot be placed"),
    Code("E405", "which customer of a test"),
    Code("E406", "an unknown column of examples"),
    Code("E407", "an arm that the split does not have"),
    Code("E408", "not yet: settings of the workspace in a test"),
    Code("E409", "a value that a test cannot give"),
    # E5xx: workspace files
    Code("E501", "a file of the workspace is missing"),
    Code("E502", "a file cannot be read"),
    Code("E503", "this is not YAML"),
    Code("E504", "a tab in the indentation"),
    Code("E505", "a key that stands twice"),
    Code("E506", "unknown key"),
    Code("E507", "a value of another kind"),
    Code("E508", "true or false"),
    Code("E509", "unknown type"),
    Code("E510", "unknown event in `cancelled_by`"),
    Code("E511", "a key that is no property"),
    Code("E512", "unknown time zone"),
    Code("E513", "unknown currency"),
    Code("E515", "a path out of the workspace"),
    Code("E516", "a name that cannot be written in a rule"),
    Code("E517", "an attribute that every customer has"),
    Code("E518", "the version of the language"),
    # E6xx: not compiled yet
    Code("E601", "not yet: a sequence of events as a start"),
    Code("E602", "not yet: an event several times as a start"),
    Code("E603", "not yet: segments"),
    Code("E604", "not yet: a changed attribute as a start"),
    Code("E605", "not yet: a date as a start"),
    Code("E606", "not yet: a schedule as a start"),
    Code("E607", "not yet: inactivity as a start"),
    Code("E608", "not yet: counts, sums and averages of history"),
    Code("E609", "not yet: the last event"),
    Code("E610", "not yet: a limit of messages"),
    Code("E611", "not yet: quiet hours"),
    Code("E612", "not yet: catching up on missed schedules"),
    Code("E613", "not yet: points"),
    Code("E614", "not yet: promo codes"),
    Code("E615", "not yet: calls of other systems"),
    Code("E616", "not yet: notes to the staff"),
    Code("E617", "not yet: the best channel"),
    Code("E618", "not yet: a second channel"),
    Code("E619", "not yet: counting in an attribute"),
    Code("E620", "not yet: a limit of customers"),
    Code("E621", "not yet: another channel than email"),
    Code("E650", "not yet: quiet hours of the workspace"),
    Code("E651", "not yet: caps of the workspace"),
    Code("E652", "not yet: staff of the workspace"),
    Code("E653", "not yet: webhooks of the workspace"),
    # W5xx, W6xx: lints
    Code("W501", "a delay that nothing interrupts"),
    Code("W520", "never true"),
    Code("W521", "steps that nobody reaches"),
    Code("W541", "a hole in a message"),
)

CODES: dict[str, Code] = {code.number: code for code in _ALL}
