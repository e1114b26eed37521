"""Lists of addresses that must not be written to, as people export them: whatever is wrong with a line, the others
count."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

from dsl.messages import Message, say
from engine.channels.addresses import safe_address
from engine.channels.phones import e164
from engine.core.delivery.addresses import PHONES
from engine.errors import UnsafeHeader

_TITLES = frozenset(
    {"email", "e-mail", "mail", "address", "phone", "number", "почта", "адрес", "телефон", "email address"}
    | {"электронная почта", "номер", "номер телефона"}
)
#: Bytes that are letters in the code pages of Windows, and a word of nothing else: in Russian all are, in German or
#: French they stand alone between ASCII ones.
_LETTER, _WORD = re.compile(rb"[\xa8\xb8\xc0-\xff]"), re.compile(rb"[\xa8\xb8\xc0-\xff]{3,}")
_LONGEST_LINE, _LONGEST_REASON = 2000, 200
_SHOWN = 60


@dataclass(slots=True)
class ReadAddresses:
    """Addresses in lower case, each once, with its reason ("": none was given); and why other lines were left out."""

    addresses: dict[str, str] = field(default_factory=dict)
    mistakes: list[Message] = field(default_factory=list)
    doubles: int = 0


def read_addresses(content: bytes, channel: str) -> ReadAddresses:
    """A line each: the address and, perhaps, a reason. Any encoding, any line ends; a line of titles is passed over."""
    read = ReadAddresses()
    lines = _text(content).replace("\x00", "�").splitlines()
    # No address has one in it, so the first is what parts it from the reason.
    delimiter = next((char for line in lines for char in line if char in ",;\t"), ",")
    for number, line in enumerate(lines, 1):
        if line.strip():
            _read_line(read, number, line, delimiter=delimiter, channel=channel)
    return read


def address_on(channel: str, written: str) -> str | None:
    """As it stands in the list; None: it is no address of this channel."""
    if channel in PHONES:
        return e164(written)
    if channel != "email":
        return written.strip() or None
    address = written.strip().lower()
    try:
        safe_address("address", address)
    except UnsafeHeader:
        return None
    return address  # with the letters of its domain, as apps tell it


def _read_line(read: ReadAddresses, number: int, line: str, *, delimiter: str, channel: str) -> None:
    cells = _cells(line, delimiter)
    if cells is None:
        _note(read, number, say("cannot be read; is a quote open, or is it one very long line?"))
        return
    if not read.addresses and not read.mistakes and cells[0].casefold() in _TITLES:
        return
    written, reason = cells[0], cells[1] if len(cells) > 1 else ""
    formula = next((cell for cell in cells if _is_formula(cell, channel)), None)
    address = None if formula else address_on(channel, written)
    if formula:
        _note(read, number, say("{cell} is a formula, not text", cell=_shown(formula)))
    elif address is None:
        _note(read, number, _no_address(_shown(written), channel))
    elif address in read.addresses:
        read.doubles += 1
    else:
        read.addresses[address] = reason[:_LONGEST_REASON]


def _note(read: ReadAddresses, number: int, mistake: Message) -> None:
    read.mistakes.append(say("line {number}: {mistake}", number=number, mistake=mistake))


def _no_address(written: str, channel: str) -> Message:
    if channel in PHONES:
        return say("{cell} is not a number with its country, such as +491701234567", cell=written)
    return say("{cell} is not an address", cell=written)


def _cells(line: str, delimiter: str) -> list[str] | None:
    if len(line) > _LONGEST_LINE:
        return None
    try:
        [row] = csv.reader([line], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return None
    return [cell.strip() for cell in row]


def _is_formula(cell: str, channel: str) -> bool:
    """A programme of tables would carry it out when it opens the list. Phone numbers begin with a plus."""
    begins = "=@-" if channel in PHONES else "=+@-"
    return len(cell) > 1 and cell[0] in begins  # a dash alone stands for nothing


def _text(content: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or else a code page of Windows: an address is ASCII in each of them."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251" if _is_cyrillic(content) else "cp1252", "replace")


def _is_cyrillic(content: bytes) -> bool:
    return 2 * sum(map(len, _WORD.findall(content))) > len(_LETTER.findall(content))


def _shown(text: str) -> str:
    """For a terminal: no control characters, and not all of a long cell."""
    plain = "".join(char if char.isprintable() else "�" for char in text)
    return f'"{plain[:_SHOWN]}{"…" if len(plain) > _SHOWN else ""}"'
