"""What Meta checks at once when a template is created or edited; what a review finds later is in `templates`."""

import re
from collections import Counter
from typing import Any

from app.sandbox.errors import GraphError, invalid, template_refused
from app.sandbox.languages import CODES
from app.sandbox.media import MediaBook
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json
from app.sandbox.template_buttons import checked_buttons
from app.sandbox.variables import PlaceholderError, names_in, touches_edge, words

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
TOO_LONG, BAD_HEADER, BAD_BODY, BAD_FOOTER, TOO_MANY_VARIABLES, EDGE_VARIABLE = (
    2388040,
    2388047,
    2388072,
    2388073,
    2388293,
    2388299,
)
_HEADER, _BODY, _FOOTER = 60, 1024, 60
_MEDIA_SAMPLES = {
    "IMAGE": {"image/jpeg", "image/jpg", "image/png"},
    "VIDEO": {"video/mp4"},
    "DOCUMENT": {"application/pdf"},
    "GIF": {"video/mp4"},
}
_TTLS = {"UTILITY": (30, 43_200), "AUTHENTICATION": (30, 900), "MARKETING": (43_200, 2_592_000)}
_NAME = re.compile(r"[a-z0-9_]{1,512}")


class Rules:
    def __init__(self, settings: SandboxSettings, media: MediaBook) -> None:
        self._settings = settings
        self._media = media

    def components(self, raw: Any, *, category: str, named: bool) -> list[Json]:
        """The components in the spelling they are stored in: types in upper case."""
        if not isinstance(raw, list) or not raw or not all(isinstance(component, dict) for component in raw):
            raise invalid("Param components must be a non-empty array of JSON objects.")
        made = [component | {"type": str(component.get("type", "")).upper()} for component in raw]
        kinds = Counter(component["type"] for component in made)
        for kind, count in kinds.items():
            if kind not in {"HEADER", "BODY", "FOOTER", "BUTTONS"}:
                raise invalid(
                    f"Param components[*].type must be one of {{HEADER, BODY, FOOTER, BUTTONS}} - got {kind!r}."
                )
            if count > 1:
                raise invalid(f"Param components must have at most one component of type {kind}.")
        if "BODY" not in kinds:
            raise template_refused(BAD_BODY, "Body is missing", "A template must have one body component.")
        if category == "AUTHENTICATION":
            return _authentication(made)
        return [self._component(component, category=category, named=named) for component in made]

    def _component(self, component: Json, *, category: str, named: bool) -> Json:
        match component["type"]:
            case "HEADER":
                return self._header(component, category=category, named=named)
            case "BODY":
                return self._body(component, named=named)
            case "FOOTER":
                return _footer(component)
            case _:
                return component | {"buttons": checked_buttons(component.get("buttons"), self._settings)}

    def _header(self, header: Json, *, category: str, named: bool) -> Json:
        form = str(header.get("format", "")).upper()
        title = "Header format is incorrect"
        header = header | {"format": form}
        if form == "TEXT":
            text = _text(header, "header", _HEADER, BAD_HEADER)
            if "\n" in text or re.search(r"[*_~`]", re.sub(r"\{\{[^{}]*\}\}", "", text)):
                raise template_refused(BAD_HEADER, title, "Header text can't have new lines or formatting characters.")
            names = self._names(text, named=named, subcode=BAD_HEADER)
            if len(names) > 1:
                raise template_refused(BAD_HEADER, title, "Header text can have at most one variable.")
            _examples(header, "header_text", names, named=named, subcode=BAD_HEADER)
        elif form in _MEDIA_SAMPLES:
            self._sample(header, form)
        elif form != "LOCATION":
            raise invalid(
                f"Param components[*].format must be one of TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION - got {form!r}."
            )
        if form == "GIF" and category != "MARKETING":
            raise template_refused(BAD_HEADER, title, "A GIF header is for marketing templates only.")
        return header

    def _sample(self, header: Json, form: str) -> None:
        example = header.get("example")
        handles = example.get("header_handle") if isinstance(example, dict) else None
        if not isinstance(handles, list) or len(handles) != 1:
            raise template_refused(BAD_HEADER, "Header sample is missing", "A media header needs one header_handle.")
        kind = self._media.sample_type(str(handles[0]))
        if kind not in _MEDIA_SAMPLES[form]:
            raise template_refused(
                BAD_HEADER, "Header sample is invalid", f"The handle is not one of an uploaded {form.lower()} sample."
            )

    def _body(self, body: Json, *, named: bool) -> Json:
        text = _text(body, "body", _BODY, BAD_BODY)
        names = self._names(text, named=named, subcode=BAD_BODY)
        if touches_edge(text):
            raise template_refused(
                EDGE_VARIABLE, "Variables can't be at the start or end", "The body starts or ends with a variable."
            )
        ratio = self._settings.words_per_variable
        if names and ratio and words(text) < ratio * len(names) + 1:
            raise template_refused(
                TOO_MANY_VARIABLES,
                "Too many variables for the length of the text",
                "Reduce the number of variables or make the text longer.",
            )
        _examples(body, "body_text", names, named=named, subcode=BAD_BODY)
        return body

    def _names(self, text: str, *, named: bool, subcode: int) -> tuple[str, ...]:
        try:
            return names_in(text, named=named, digits=self._settings.named_digits)
        except PlaceholderError as fault:
            raise template_refused(subcode, "Variable format is incorrect", str(fault)) from None


def _text(component: Json, part: str, limit: int, subcode: int) -> str:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise template_refused(subcode, f"{part.capitalize()} text is missing", f"The {part} needs a text.")
    if len(text) > limit:
        raise template_refused(
            TOO_LONG, "Character limit exceeded", f"The {part} has {len(text)} characters; the limit is {limit}."
        )
    return text


def _footer(footer: Json) -> Json:
    text = _text(footer, "footer", _FOOTER, BAD_FOOTER)
    if "{{" in text or "\n" in text:
        raise template_refused(BAD_FOOTER, "Footer format is incorrect", "A footer can't have variables or new lines.")
    return footer


def _examples(component: Json, key: str, names: tuple[str, ...], *, named: bool, subcode: int) -> None:
    if not names:
        return
    example = component.get("example")
    given = example if isinstance(example, dict) else {}
    refusal = template_refused(subcode, "Example is missing", f"Each variable of the {key} needs one example value.")
    if named:
        values = given.get(f"{key}_named_params")
        if not isinstance(values, list) or not all(
            isinstance(value, dict) and value.get("example") for value in values
        ):
            raise refusal
        if sorted(str(value.get("param_name")) for value in values) != sorted(names):
            raise refusal
        return
    values = given.get(key)
    if key == "body_text":
        # A list of lists: one inner list per complete example.
        values = values[0] if isinstance(values, list) and values and isinstance(values[0], list) else None
    if not isinstance(values, list) or len(values) != len(names) or not all(map(_filled, values)):
        raise refusal


def _filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _authentication(components: list[Json]) -> list[Json]:
    """Its text is Meta's own; the caller chooses only switches and the button."""
    made = []
    for component in components:
        match component["type"]:
            case "BODY":
                if "text" in component:
                    raise template_refused(BAD_BODY, "Body format is incorrect", "An authentication body has no text.")
                advice = (
                    " For your security, do not share this code."
                    if component.get("add_security_recommendation")
                    else ""
                )
                made.append(component | {"text": f"*{{{{1}}}}* is your verification code.{advice}"})
            case "FOOTER":
                minutes = component.get("code_expiration_minutes")
                made.append(component | {"text": f"This code expires in {minutes} minutes."})
            case "BUTTONS":
                buttons = component.get("buttons")
                one = buttons[0] if isinstance(buttons, list) and len(buttons) == 1 else None
                if not isinstance(one, dict) or str(one.get("type", "")).upper() != "OTP":
                    raise invalid("An authentication template needs exactly one OTP button.")
                made.append(component | {"buttons": [one | {"type": "OTP", "text": one.get("text") or "Copy code"}]})
            case _:
                raise template_refused(BAD_HEADER, "Header not allowed", "An authentication template has no header.")
    if not any(component["type"] == "BUTTONS" for component in made):
        raise invalid("An authentication template needs exactly one OTP button.")
    return made


def template_name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise invalid("Param name must consist of at most 512 lowercase letters, digits and underscores.")
    return value


def language(value: Any) -> str:
    if not isinstance(value, str) or value not in CODES:
        raise invalid(f"Param language must be a supported language code - got {value!r}.")
    return value


def parameter_format(value: Any) -> str:
    form = str(value or "POSITIONAL").upper()
    if form not in {"POSITIONAL", "NAMED"}:
        raise invalid("Param parameter_format must be one of {POSITIONAL, NAMED}.")
    return form


def category(value: Any) -> str:
    name = str(value or "").upper()
    if name not in CATEGORIES:
        raise invalid(f"Param category must be one of {{{', '.join(CATEGORIES)}}} - got {value!r}.")
    return name


def time_to_live(value: Any, category_name: str) -> int | None:
    """`-1` stands for 30 days; None leaves Meta's default."""
    if value is None:
        return None
    low, high = _TTLS[category_name]
    if isinstance(value, bool) or not isinstance(value, int) or not (value == -1 or low <= value <= high):
        raise GraphError(100, message=f"(#100) Param message_send_ttl_seconds must be between {low} and {high}, or -1.")
    return value
