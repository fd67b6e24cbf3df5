"""Meta's webhook signature, over the bytes as they came."""

import json

import pytest

from app.whatsapp.signatures import parse_signature, sign, verify

SECRET = b"app-secret"
BODY = rb'{"name":"Zo\u00e9","n":1}'
# Made with: printf '{"name":"Zo\\u00e9","n":1}' | openssl dgst -sha256 -hmac app-secret
HEX = "338cab555940a730038b9827e145bda5122c2b1d361979ea04bebb0d2890ce21"


def _verified(body: bytes, header: str | bytes, secret: bytes = SECRET) -> bool:
    signature = parse_signature(header.encode() if isinstance(header, str) else header)
    return signature is not None and verify(body, signature, secret)


def test_a_known_signature_is_made_and_accepted() -> None:
    assert sign(BODY, SECRET) == f"sha256={HEX}"
    assert _verified(BODY, f"sha256={HEX}")


def test_the_vector_of_rfc_4231_holds() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"what do ya want for nothing?", b"Jefe") == f"sha256={expected}"


def test_the_same_document_written_again_fails() -> None:
    again = json.dumps(json.loads(BODY), ensure_ascii=False, separators=(",", ":")).encode()
    assert json.loads(again) == json.loads(BODY)
    assert not _verified(again, sign(BODY, SECRET))


@pytest.mark.parametrize("change", [BODY + b"\n", BODY[:-1], b"", BODY.replace(b"1", b"2")])
def test_another_body_fails(change: bytes) -> None:
    assert not _verified(change, sign(BODY, SECRET))


@pytest.mark.parametrize("secret", [b"", b"app-secret ", b"App-secret", b"other"])
def test_another_secret_fails(secret: bytes) -> None:
    assert not _verified(BODY, sign(BODY, SECRET), secret)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"sha256=",
        f"sha256={HEX[:-1]}".encode(),
        f"sha256={HEX[:-2]}".encode(),
        f"sha256={HEX}0".encode(),
        f"sha256={HEX.upper()}".encode(),
        f"sha256={HEX[:-1]}g".encode(),
        HEX.encode(),
        f"sha1={HEX}".encode(),
        f"sha1={HEX[:40]}".encode(),
        f"SHA256={HEX}".encode(),
        f"sha512={HEX}".encode(),
        f" sha256={HEX}".encode(),
        f"sha256={HEX} ".encode(),
        f"sha256={HEX}\n".encode(),
        f"sha256= {HEX}".encode(),
        f"sha256={HEX},sha256={HEX}".encode(),
        b"sha256=" + "\u0660".encode() * 64,
        b"\xff" * 71,
    ],
)
def test_a_header_in_any_other_form_is_none(header: bytes) -> None:
    assert parse_signature(header) is None
