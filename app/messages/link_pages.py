"""What a customer sees whose link leads nowhere: a page in Turkish or English that needs nothing but itself."""

import base64
import hashlib
from dataclasses import dataclass
from html import escape

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.125rem/1.6 system-ui, sans-serif; }
main { max-width: 32rem; padding: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.3; }
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    text: str


_UNKNOWN = {
    "tr": _Words(
        "Bu bağlantı bulunamadı",
        "Bağlantı eksik kopyalanmış ya da süresi dolmuş olabilir. Lütfen WhatsApp'taki mesajda yer alan düğmeye "
        "yeniden dokunun ya da mesajı gönderen işletmeyle iletişime geçin.",
    ),
    "en": _Words(
        "This link was not found",
        "It may have been copied incompletely, or have expired. Please tap the button in the WhatsApp message again, "
        "or contact the business that sent it.",
    ),
}

_UNAVAILABLE = {
    "tr": _Words(
        "Şu anda açılamıyor",
        "Bağlantınız geçerli olabilir, ancak şu anda açamıyoruz. Lütfen biraz sonra yeniden deneyin.",
    ),
    "en": _Words(
        "It cannot be opened just now",
        "Your link may well be right, but we cannot open it. Please try again in a moment.",
    ),
}


def unknown_page(language: str) -> bytes:
    return _page(language, _UNKNOWN[language])


def unavailable_page(language: str) -> bytes:
    return _page(language, _UNAVAILABLE[language])


def page_language(accepted: str | None) -> str:
    """`tr` or `en` by an Accept-Language (RFC 9110 §12.5.4): Turkish where nothing is said, English where neither is
    asked for."""
    if not accepted or not accepted.strip():
        return "tr"
    wanted = sorted((_range(part) for part in accepted.split(",")), key=lambda one: -one[1])
    for tag, quality in wanted:
        primary = tag.partition("-")[0]
        if quality > 0 and primary in ("tr", "en"):
            return primary
        if quality > 0 and primary == "*":
            return "tr"
    return "en"


def _range(part: str) -> tuple[str, float]:
    """A language range and its quality; one that cannot be read is not wanted."""
    tag, _, parameter = part.partition(";")
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return tag.strip().lower(), 1.0
    try:
        quality = float(value)
    except ValueError:
        return tag.strip().lower(), 0.0
    return tag.strip().lower(), quality if 0 <= quality <= 1 else 0.0


def _page(language: str, words: _Words) -> bytes:
    title, text = escape(words.title), escape(words.text)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n</body>\n</html>\n"
    ).encode()
