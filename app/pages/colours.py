"""Colours of a business's pages that can be read (WCAG 2.2, contrast of 4.5 at least). Pure."""

READABLE = 4.5
_INK, _PAPER, _GROUND = "#000000", "#ffffff", "#f4f6f5"
_STEPS = 20


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)  # noqa: PLR2004 - the definition's
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black and white."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """White or black, whichever reads better on the colour."""
    return max((_PAPER, _INK), key=lambda text: contrast(text, colour))


def readable_on_paper(colour: str) -> str:
    """The colour, darkened as far as it takes to be read on white, and on the pale ground of our pages."""
    for step in range(_STEPS):
        tried = _mixed(colour, "#000000", step / _STEPS)
        if contrast(tried, _GROUND) >= READABLE:
            return tried
    return "#000000"


def _mixed(one: str, other: str, share: float) -> str:
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
