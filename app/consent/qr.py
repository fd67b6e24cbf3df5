"""QR codes of links, as they are printed. Pure."""

import io
from typing import Literal
from urllib.parse import urlsplit

import segno

Correction = Literal["M", "Q", "H"]
"""How much of the code may be torn or dirty: 15, 25 or 30 of a hundred."""

QUIET_ZONE = 4
"""Modules of white around the code: ISO/IEC 18004 asks for them."""

_MM_PER_INCH = 25.4


class TooSmall(Exception):
    """At this size a camera could not tell the modules apart, or the printer could not set them."""

    def __init__(self, least_mm: float) -> None:
        super().__init__(f"at least {least_mm} mm")
        self.least_mm = least_mm


LEAST_MODULE_MM = 0.35
"""What phones read reliably from a hand's distance."""


def written(url: str) -> str:
    """The address as the code holds it: in capitals, which it packs closest, where only our own path follows the
    host, of which we know that it is taken in capitals too."""
    parts = urlsplit(url)
    ours = parts.path.upper().startswith("/O/") and parts.path.count("/") == 2  # noqa: PLR2004 - /o/ and the code
    return url.upper() if ours and not parts.query and parts.username is None else url


def as_svg(url: str, *, size_mm: float, correction: Correction) -> bytes:
    """Of the size asked for, the quiet zone included."""
    code = _code(url, correction)
    _check(_modules(code), size_mm)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", border=QUIET_ZONE, scale=size_mm / _modules(code), unit="mm", light="#fff", title=None)
    return drawn.getvalue()


def as_png(url: str, *, size_mm: float, dpi: int, correction: Correction) -> bytes:
    """Whole dots for each module, since halves would blur: the largest that fits the size asked for."""
    code = _code(url, correction)
    modules = _modules(code)
    _check(modules, size_mm)
    scale = int(size_mm / _MM_PER_INCH * dpi) // modules
    if scale < 1:
        raise TooSmall(round(modules * _MM_PER_INCH / dpi + 0.05, 1))
    drawn = io.BytesIO()
    code.save(drawn, kind="png", border=QUIET_ZONE, scale=scale, dpi=dpi)
    return drawn.getvalue()


def _code(url: str, correction: Correction) -> segno.QRCode:
    return segno.make_qr(written(url), error=correction, boost_error=False)


def _modules(code: segno.QRCode) -> int:
    return int(code.symbol_size(border=QUIET_ZONE)[0])


def _check(modules: int, size_mm: float) -> None:
    least = modules * LEAST_MODULE_MM
    if size_mm < least:
        raise TooSmall(round(least + 0.05, 1))
