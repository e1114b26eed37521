"""DKIM signatures (RFC 6376, RFC 8463): relaxed canonicalization of head and body, RSA or Ed25519, with SHA-256."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from textwrap import wrap
from typing import Literal, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

Kind: TypeAlias = Literal["rsa", "ed25519"]

#: What is covered, where it is there. What a provider takes out on the way must not be among it.
SIGNED = (
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type", "Content-Transfer-Encoding"),
)
#: Named once more than they occur, so that nobody can add another one on the way.
_ALONE = ("From", "To", "Reply-To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post")
#: Shorter RSA keys are refused by receivers (RFC 8301).
_LEAST_BITS = 1024
_BLANKS = re.compile(rb"[ \t]+")


class NoDkimKey(Exception):
    """What should be a key is none; the text says why, and nothing of the key."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    domain: str
    selector: str
    pem: str = field(repr=False)

    @property
    def name(self) -> str:
        """Where receivers ask the DNS for the public half."""
        return f"{self.selector}._domainkey.{self.domain}"


def sign(raw: bytes, key: DkimKey, *, at: datetime) -> bytes:
    """The header line that goes before the mail's own. Raises NoDkimKey."""
    private = read_key(key.pem)
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = _fields(head)
    covered = [name for name in SIGNED if name.lower().encode() in fields]
    named = [*covered, *(name for name in _ALONE if name in covered or name in ("Reply-To",))]
    tags = {
        "v": "1",
        "a": f"{_kind(private)}-sha256",
        "c": "relaxed/relaxed",
        "d": key.domain,
        "s": key.selector,
        "t": str(int(at.timestamp())),
        "h": ":".join(named),
        "bh": b64encode(sha256(_relaxed_body(body)).digest()).decode(),
        "b": "",
    }
    unsigned = "DKIM-Signature: " + "; ".join(f"{tag}={value}" for tag, value in tags.items())
    unsigned = _folded(unsigned)
    lines = [_relaxed(name.encode(), fields[name.lower().encode()]) for name in covered]
    _, _, value = unsigned.encode().partition(b":")
    data = b"".join([*lines, _relaxed(b"DKIM-Signature", value).removesuffix(b"\r\n")])
    signature = b64encode(_signature(private, data)).decode()
    return (unsigned + "\r\n ".join(["", *wrap(signature, 72)]) + "\r\n").encode("ascii")


@lru_cache(64)
def read_key(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    """Raises NoDkimKey."""
    try:
        key = load_pem_private_key(pem.strip().replace("\\n", "\n").encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NoDkimKey("it is no private key in PEM without a password") from error
    if isinstance(key, RSAPrivateKey):
        if key.key_size < _LEAST_BITS:
            raise NoDkimKey(f"an RSA key of {key.key_size} bits is too short; 2048 are usual")
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise NoDkimKey("DKIM knows RSA and Ed25519 keys only")


def record_of(pem: str) -> str:
    """What the DNS must say at the key's name. Raises NoDkimKey."""
    key = read_key(pem)
    return f"v=DKIM1; k={_kind(key)}; p={public_half(pem)}"


def public_half(pem: str) -> str:
    """As the `p` of a record has it. Raises NoDkimKey."""
    key = read_key(pem)
    if isinstance(key, RSAPrivateKey):
        return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    return b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _kind(key: RSAPrivateKey | Ed25519PrivateKey) -> Kind:
    return "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"


def _signature(key: RSAPrivateKey | Ed25519PrivateKey, data: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    return key.sign(sha256(data).digest())


def _fields(head: bytes) -> dict[bytes, bytes]:
    """By name in lower case; each occurs once."""
    fields: dict[bytes, bytes] = {}
    name = b""
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            fields[name] += b"\r\n" + line
            continue
        name, _, value = line.partition(b":")
        name = name.lower()
        fields[name] = value
    return fields


def _relaxed(name: bytes, value: bytes) -> bytes:
    """RFC 6376, section 3.4.2."""
    return name.lower() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ") + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376, section 3.4.4."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _folded(header: str) -> str:
    """Broken at its tags, and in the list of headers, so that no line is too long."""
    lines = [""]
    for part in re.findall(r"[^; :]+[; :]*|[; :]+", header):
        if len(lines[-1]) + len(part) > 74 and lines[-1].strip():
            lines[-1] = lines[-1].rstrip(" ")
            lines.append(" ")
        lines[-1] += part
    return "\r\n".join(lines)
