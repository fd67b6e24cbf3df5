"""The proof of one person's consent: a signed document that speaks for itself, wherever it is taken. Pure.

Ed25519 over the document in canonical JSON (RFC 8785), by a key of the business's own. Whoever knows the public key can
check, without Ulak, that the document is as it was issued; and, with the salts in it, that the evidence beside each
line of the ledger is what the line vouches for.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.consent import chain
from app.core.secrets import derive

FORMAT: Literal["ulak-consent-proof/1"] = "ulak-consent-proof/1"
ALGORITHM: Literal["Ed25519"] = "Ed25519"
CANONICAL: Literal["RFC 8785"] = "RFC 8785"

_SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before a public key of Ed25519 in its SubjectPublicKeyInfo."""

_IN_PAGE = re.compile(r'<pre id="ulak-proof"[^>]*>(.*?)</pre>', re.DOTALL)


class NoProofError(ValueError):
    """What was given is no proof that could be checked."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """32 bytes."""

    raw: bytes

    @property
    def text(self) -> str:
        return base64.b64encode(self.raw).decode()

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Also in the form in which OpenSSL writes it (RFC 8410). Raises NoProofError."""
        try:
            raw = base64.b64decode(text.strip(), validate=True).removeprefix(_SPKI)
            Ed25519PublicKey.from_public_bytes(raw)
        except ValueError as error:
            raise NoProofError("a public key is 32 bytes in Base64") from error
        return cls(raw)


class ProofKey:
    """With which a business signs. It follows from the business's secret, so that every process has it."""

    def __init__(self, business_secret: str) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(derive(business_secret, "consent proof"))

    @property
    def public(self) -> PublicKey:
        return PublicKey(self._private.public_key().public_bytes_raw())

    def sign(self, document: dict[str, Any]) -> dict[str, Any]:
        """`document` of plain JSON types."""
        public = self.public
        signature = self._private.sign(rfc8785.dumps(document))
        return {
            "proof": document,
            "signature": {
                "algorithm": ALGORITHM,
                "canonicalization": CANONICAL,
                "key": public.text,
                "fingerprint": public.fingerprint,
                "value": base64.b64encode(signature).decode(),
            },
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    document: dict[str, Any]
    key: PublicKey
    faults: list[str] = field(default_factory=list)


def check(signed: Any, key: PublicKey | None = None) -> Checked:
    """`key`: the one that the business is known by; without it the document's own is believed. Raises NoProofError for
    what has not the form of a proof."""
    match signed:
        case {"proof": {"format": str(form)}, "signature": {"key": str(own), "value": str(value)}}:
            document: dict[str, Any] = signed["proof"]
        case _:
            raise NoProofError("it has not the form of a proof")
    if form != FORMAT:
        raise NoProofError(f"its format is {form}; this version knows {FORMAT}")
    claimed = PublicKey.parse(own)
    trusted = key or claimed
    faults = []
    if claimed != trusted:
        faults.append(f"it names another key: {claimed.fingerprint}")
    if signed["signature"].get("fingerprint") != claimed.fingerprint:
        faults.append("its fingerprint is not that of its key")
    try:
        signature = base64.b64decode(value, validate=True)
        Ed25519PublicKey.from_public_bytes(trusted.raw).verify(signature, rfc8785.dumps(document))
    except (ValueError, InvalidSignature):  # canonical JSON has no form for some numbers
        faults.append("the signature does not fit: it was changed, or was not signed by this key")
    if not faults:
        faults += _unfounded(document)
    return Checked(document, trusted, faults)


def _unfounded(document: Mapping[str, Any]) -> list[str]:
    """Evidence that its line does not vouch for."""
    faults = []
    for act in document.get("acts", ()):
        evidence = act.get("evidence")
        if evidence is None or act.get("evidence_hash") is None:
            continue
        if chain.digest(bytes.fromhex(evidence["salt"]), evidence["personal"]).hex() != act["evidence_hash"]:
            faults.append(f"line {act.get('number')}: its evidence is not what the line vouches for")
    return faults


def read(content: bytes) -> tuple[Any, str | None]:
    """The signed document of a file: JSON, or a page that holds it; with the text of the page. Raises NoProofError."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise NoProofError("it is not UTF-8") from error
    page = None
    if not text.lstrip().startswith("{"):
        found = _IN_PAGE.findall(text)
        if len(found) != 1:
            raise NoProofError("it is neither JSON nor a page with one signed document in it")
        page, text = text, html.unescape(found[0])
    try:
        return json.loads(text, object_pairs_hook=_once), page
    except (ValueError, RecursionError) as error:
        raise NoProofError(f"what it holds is no JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice would show one thing to people and have another one signed."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in it")
    return found


def as_text(signed: dict[str, Any]) -> str:
    return json.dumps(signed, ensure_ascii=False, indent=1)
