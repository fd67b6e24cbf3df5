"""Pages that say one thing to a customer, and need nothing but themselves."""

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


def style_policy(style: str, others: str) -> str:
    """A Content-Security-Policy that lets this very style through, and beside it nothing but `others`."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; {others}; style-src 'sha256-{digest}'"


CONTENT_SECURITY_POLICY = style_policy(_STYLE, "form-action 'none'")


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    text: str


def plain_page(language: str, words: Words) -> bytes:
    title, text = escape(words.title), escape(words.text)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n</body>\n</html>\n"
    ).encode()


Headers = list[tuple[bytes, bytes]]

PRIVATE_HEADERS = {
    # Every tap must come here, and the page that it leads to need not know from where.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}

PRIVATE: Headers = [(name.lower().encode(), value.encode()) for name, value in PRIVATE_HEADERS.items()]
"""The same, written out."""


def page_headers(language: str) -> Headers:
    return [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-language", language.encode()),
        (b"vary", b"accept-language"),
        (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        *PRIVATE,
    ]
