from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr
from rich.console import Console

from api.cli.doctor import settings_table, shown
from api.doctor.dkim import check_dkim, judge_record
from api.doctor.mail_domain import check_mail_domain, judge_records
from api.doctor.outside import check_outside
from api.doctor.providers import check_providers
from api.doctor.python import judge_version
from api.doctor.smtp import check_smtp
from api.doctor.variables import check_variables
from api.language import told
from engine.channels.dkim import DkimKey, record_of
from engine.config import Settings, read_settings
from engine.errors import ConfigurationError
from engine.storage.database import Database
from engine.storage.delivery.circuits import open_circuit
from tests.cli.running import kogda

OFFLINE = {
    "KOGDA_DATABASE_URL": "postgresql://kogda:secret@127.0.0.1:9/kogda",
    "KOGDA_REDIS_URL": "redis://127.0.0.1:9",
}


def test_services_that_do_not_answer_are_problems_and_the_exit_code_is_1(tmp_path: Path):
    report = kogda("doctor", cwd=tmp_path, **OFFLINE)

    assert report.returncode == 1
    assert "PostgreSQL    does not answer" in report.stdout
    assert "Redis         does not answer" in report.stdout
    assert "2 problem(s)." in report.stdout


def test_it_speaks_russian(tmp_path: Path):
    report = kogda("doctor", cwd=tmp_path, **OFFLINE, KOGDA_LANGUAGE="ru")

    assert "PostgreSQL    не отвечает" in report.stdout
    assert "Redis         не отвечает" in report.stdout
    assert "Проблем: 2." in report.stdout


def test_its_table_is_in_russian_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.language.spoken", lambda: "ru")
    monkeypatch.setattr("api.cli.doctor.spoken", lambda: "ru")
    wide = Console(width=200, record=True, file=StringIO())

    wide.print(settings_table(Settings(host="127.0.0.9"), {"KOGDA_HOST": "127.0.0.9"}, width=200))

    lines = [" ".join(line.split()) for line in wide.export_text().splitlines()]
    assert lines[0] == "настройка значение откуда что это"
    assert "KOGDA_HOST 127.0.0.9 задано адрес, на котором слушает API" in lines
    assert "KOGDA_MAIL_FROM нет умолчание отправитель писем, в шаблоне которых он не назван" in lines


@pytest.mark.parametrize(("width", "description"), [(80, ""), (120, "address the API listens on")])
def test_a_narrow_terminal_shows_the_values_without_what_they_are(width: int, description: str):
    narrow = Console(width=width, record=True, file=StringIO())

    narrow.print(settings_table(Settings(host="127.0.0.9"), {"KOGDA_HOST": "127.0.0.9"}, width=width))

    [line] = [line for line in narrow.export_text().splitlines() if line.startswith("KOGDA_HOST")]
    assert " ".join(line.split()) == f"KOGDA_HOST 127.0.0.9 set {description}".strip()


def test_secrets_are_not_shown(tmp_path: Path):
    report = kogda("doctor", cwd=tmp_path, **OFFLINE, KOGDA_WRITE_KEY="wk_1.very-secret-1234")

    assert "secret" not in report.stdout.replace("a secret", "")
    assert "postgresql://…@127.0.0.1:9/kogda" in report.stdout
    assert "…1234" in report.stdout


def test_a_setting_that_does_not_exist_is_named_with_the_one_that_was_meant():
    [finding] = check_variables({"KOGDA_SMPT_URL": "smtp://x", "KOGDA_PORT": "8000", "HOME": "/"})

    assert finding.state == "problem"
    assert finding.text == "KOGDA_SMPT_URL is not a setting"
    assert finding.advice == "did you mean KOGDA_SMTP_URL?"


def test_variables_that_are_documented_elsewhere_are_no_typos():
    given = {"KOGDA_CACHE_DIR": "/var/cache/kogda", "KOGDA_URL": "http://127.0.0.1:8000", "KOGDA_INBOX_KEY": "x"}

    [finding] = check_variables(given)

    assert finding.state == "good"


def test_a_file_dot_env_is_read_and_its_typos_are_found(tmp_path: Path):
    (tmp_path / ".env").write_text("KOGDA_PROT=9000\n")

    report = kogda("doctor", cwd=tmp_path, **OFFLINE)

    assert "KOGDA_PROT is not a setting  did you mean KOGDA_PORT?" in report.stdout


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ((3, 11, 14), "warning"),
        ((3, 11, 15), "good"),
        ((3, 12, 12), "warning"),
        ((3, 13, 12), "good"),
        ((3, 15, 0), "good"),
    ],
)
def test_a_python_that_lets_line_breaks_into_headers_is_a_warning(version: tuple[int, int, int], state: str):
    assert judge_version(version, "").state == state


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (SecretStr("smtp://anna:pw@mail.example.com:587"), "smtp://…@mail.example.com:587"),
        (SecretStr("wk_1.abcdefgh"), "…efgh"),
        (None, "none"),
        (8000, "8000"),
    ],
    ids=["address", "key", "none", "plain"],
)
def test_values_are_shown_without_their_secret(value: object, expected: str):
    assert shown(value) == expected


async def test_a_mail_server_that_does_not_answer_is_a_problem():
    [finding] = await check_smtp(Settings(smtp_url=SecretStr("smtp://127.0.0.1:9")))

    assert finding.state == "problem"
    assert "127.0.0.1:9 does not answer" in finding.text


def test_a_domain_without_records_is_told_which_to_add(monkeypatch: pytest.MonkeyPatch):
    complete = {"mx": ["10 mail.shop.net."], "spf": ['"v=spf1 -all"'], "dmarc": ['"v=DMARC1; p=none"']}

    good = judge_records("shop.net", **complete)
    bare = judge_records("shop.net", mx=[], spf=['"google-site-verification=1"'], dmarc=[])

    assert [(each.state, each.text) for each in good] == [
        ("good", f"has its {record} record") for record in ("MX", "SPF", "DMARC")
    ]
    assert [(each.state, each.advice) for each in bare] == [
        ("warning", "add an MX record"),
        ("warning", "add a TXT record v=spf1 …"),
        ("warning", "add a TXT record v=DMARC1 … at _dmarc.shop.net"),
    ]
    monkeypatch.setattr("api.language.spoken", lambda: "ru")
    assert [told(each.text) for each in bare][1:] == ["у shop.net нет записи SPF", "у shop.net нет записи DMARC"]


async def test_a_reserved_domain_is_not_asked_about():
    [finding] = await check_mail_domain(Settings(mail_from="Shop <hello@shop.example>"))

    assert finding.state == "good"
    assert "reserved" in finding.text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KOGDA_PORT", "abc", "KOGDA_PORT=abc is not usable: input should be a valid integer"),
        ("KOGDA_PORT", "70000", "less than or equal to 65535"),
        ("KOGDA_WAKER", "carrier pigeon", "'arq' or 'null'"),
        ("KOGDA_SMTP_URL", "mail.example.com", "it looks like smtp://user:password@host:587"),
        ("KOGDA_DATABASE_URL", "mysql://u:hunter2@h/d", "it looks like postgresql://"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_must_be(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=name) as raised:
        read_settings()

    assert words in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KOGDA_SMTP_URL", "")

    assert read_settings().smtp_url is None


def test_a_server_that_never_ran_has_no_tables_yet_and_that_is_no_problem(tmp_path: Path):
    report = kogda("doctor", cwd=tmp_path)

    assert "tables        none yet" in report.stdout
    assert report.returncode == 0, report.stdout


OUTSIDE = """
language: 1
webhooks:
  crm_sync: {url: https://crm.example/hooks, secret_env: CRM_SECRET}
  local: {url: http://localhost:9000/hooks, secret_env: LOCAL_SECRET}
staff:
  managers: {telegram: {chat: "-100", token_env: BOT_TOKEN}}
channels:
  telegram: {token_env: BOT_TOKEN}
  sms:
"""


async def test_what_webhooks_and_staff_need_of_the_environment_is_looked_at(tmp_path: Path, monkeypatch):
    (tmp_path / "kogda.yaml").write_text(OUTSIDE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_SECRET", "hunter2")
    monkeypatch.setenv("LOCAL_SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")

    findings = await check_outside(read_settings(workspace=tmp_path))

    assert [finding.text for finding in findings] == [
        "CRM_SECRET holds no secret: not whsec_ and base64",
        "the webhook local is not called: its address is http://",
        "BOT_TOKEN is not set; the staff group managers needs it",
        "the channel telegram: the environment variable BOT_TOKEN is not set; its messages are on the mailbox page",
    ]


async def test_a_channel_that_nobody_sends_for_is_looked_at_where_mails_are_real(tmp_path: Path, monkeypatch):
    (tmp_path / "kogda.yaml").write_text("language: 1\nchannels: [sms, email]")
    monkeypatch.chdir(tmp_path)

    findings = await check_outside(read_settings(workspace=tmp_path, smtp_url="smtp://mail.example"))

    assert [finding.text for finding in findings] == ["the channel sms has no provider: its messages wait"]


async def test_a_workspace_that_leads_nowhere_has_nothing_to_look_at(tmp_path: Path):
    assert await check_outside(read_settings(workspace=tmp_path)) == []


async def test_a_provider_that_is_down_is_named_with_the_reason_and_the_next_try(database: Database, database_url: str):
    settings = read_settings(database_url=database_url)
    async with database.connection() as connection:
        before = await check_providers(settings)
        await open_circuit(connection, "email", "mail.example cannot be reached", timedelta(seconds=30))

    [finding] = await check_providers(settings)

    assert before == []
    assert finding.state == "problem"
    assert finding.text.startswith("email is down since ")
    assert finding.text.endswith(": mail.example cannot be reached")
    assert "the next try is at" in finding.advice


def dkim_key() -> DkimKey:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return DkimKey("shop.example", "kogda", pem)


def test_a_dkim_record_is_compared_with_the_key():
    key, other = dkim_key(), dkim_key()
    record = record_of(key.pem)

    found = [
        judge_record(key, records)
        for records in ([record], ["v=other", record.replace("p=", "p= ")], [record_of(other.pem)], [], None)
    ]

    assert [each.state for each in found] == ["good", "good", "problem", "problem", "unknown"]
    assert found[3].advice == f"TXT at kogda._domainkey.shop.example: {record}"


async def test_a_dkim_key_that_is_not_there_is_a_problem(tmp_path: Path):
    (tmp_path / "kogda.yaml").write_text(
        "language: 1\ndkim: {domain: shop.example, selector: kogda, key_file: /nowhere/key.pem}\n"
    )

    [finding] = await check_dkim(read_settings(workspace=tmp_path))

    assert (finding.state, finding.text) == ("problem", "the DKIM key in /nowhere/key.pem cannot be read")
