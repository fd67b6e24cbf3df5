"""A template send: its parameters against the approved components, and the text the customer sees."""

import re
from typing import Any

from app.sandbox import checks
from app.sandbox.errors import GraphError, bad_value, missing
from app.sandbox.freeform import location_part, media_part
from app.sandbox.media import MediaBook
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json, Template
from app.sandbox.variables import fill, names_in

COUNT, TOO_LONG, FORMAT, LEGACY_FORMAT = 132000, 132005, 132012, 132012
_HEADER, _BODY, _VALUE = 60, 1024, 32_768
_FIRST_WITH_OWN_CODE = 23
_FORBIDDEN = re.compile(r"[\n\r\t]| {5,}")
_SUB_TYPES = {
    "url": {"URL", "OTP"},
    "quick_reply": {"QUICK_REPLY"},
    "copy_code": {"COPY_CODE"},
    "flow": {"FLOW"},
    "catalog": {"CATALOG"},
    "mpm": {"MPM"},
    "voice_call": {"VOICE_CALL"},
    "phone_number": {"PHONE_NUMBER"},
}


class TemplateFill:
    """Fills one template for one send; `version` is the Graph version of the call, on which one code depends."""

    def __init__(
        self, template: Template, settings: SandboxSettings, media: MediaBook, *, number_id: str, version: int
    ) -> None:
        self._template = template
        self._settings = settings
        self._media = media
        self._number_id = number_id
        self._version = version
        self._named = template.parameter_format == "NAMED"
        self._parts = {component["type"]: component for component in template.components}
        self.fault: str | None = None
        """What the message is going to fail with later, though it is accepted."""

    def view(self, components: list[Json]) -> Json:
        sent, buttons = self._sorted(components)
        view: Json = {}
        if header := self._header(sent.get("header")):
            view["header"] = header
        view["body"] = self._text("body", self._parts["BODY"], sent.get("body"), _BODY)
        if "FOOTER" in self._parts:
            view["footer"] = self._parts["FOOTER"]["text"]
        if made := self._buttons(buttons):
            view["buttons"] = made
        return view

    def _sorted(self, components: list[Json]) -> tuple[dict[str, list[Json]], dict[int, Json]]:
        """Parameters of header and body, and the button components by index."""
        sent: dict[str, list[Json]] = {}
        buttons: dict[int, Json] = {}
        for place, component in enumerate(components):
            path = f"template.components[{place}]"
            kind = checks.one_of(component, "type", path, {"header", "body", "button"})
            if kind == "button":
                index = _index(component, path)
                if index in buttons:
                    raise bad_value(f"{path}.index: button {index} is given twice.")
                buttons[index] = component
                continue
            checks.only(component, {"type", "parameters"}, path)
            if kind in sent:
                raise bad_value(f"{path}.type: {kind} is given twice.")
            sent[kind] = checks.objects(component, "parameters", path) if "parameters" in component else []
        return sent, buttons

    def _header(self, parameters: list[Json] | None) -> Json | None:
        header = self._parts.get("HEADER")
        if header is None:
            self._count("header", parameters or [], 0)
            return None
        form = header["format"]
        if form == "TEXT":
            return {"type": "text", "text": self._text("header", header, parameters, _HEADER)}
        kind = "video" if form == "GIF" else form.lower()
        received = str(parameters[0].get("type", "")).lower() if parameters else "unknown"
        if received != kind or not parameters:
            raise GraphError(FORMAT, f"header: Format mismatch, expected {form}, received {received.upper()}")
        self._count("header", parameters, 1)
        path = f"header.parameters[0].{kind}"
        content = checks.mapping(parameters[0], kind, "header.parameters[0]")
        if kind == "location":
            return {"type": "location", **location_part(content, path)}
        if "caption" in content:
            raise bad_value(f"{path}.caption: media headers have no caption.")
        part = media_part(content, kind)
        self.fault = self._media.resolve(part, self._number_id) or self._not_pdf(part)
        return part

    def _not_pdf(self, part: Json) -> str | None:
        if part["type"] == "document" and part.get("mime_type", "application/pdf") != "application/pdf":
            return "Only PDF documents are supported in a template's header."
        return None

    def _text(self, part: str, component: Json, parameters: list[Json] | None, limit: int) -> str:
        names = names_in(component.get("text", ""), named=self._named)
        parameters = parameters or []
        self._count(part, parameters, len(names))
        values: dict[str, str] = {}
        for place, parameter in enumerate(parameters):
            path = f"{part}.parameters[{place}]"
            name = self._name(parameter, path, names) if self._named else names[place]
            if not self._named and "parameter_name" in parameter:
                raise GraphError(FORMAT, f"{path}: parameter_name is for templates with named parameters.")
            if name in values:
                raise GraphError(FORMAT, f"{path}: parameter_name {name!r} is given twice.")
            values[name] = self._value(parameter, path, part)
        text = fill(component.get("text", ""), values)
        if len(text) > limit:
            raise GraphError(TOO_LONG, f"{part}: {len(text)} characters after filling; the limit is {limit}.")
        return text

    def _count(self, part: str, parameters: list[Json], expected: int) -> None:
        if len(parameters) != expected:
            raise GraphError(
                COUNT,
                f"{part}: number of localizable_params ({len(parameters)}) does not match the expected number of "
                f"params ({expected})",
            )

    def _name(self, parameter: Json, path: str, names: tuple[str, ...]) -> str:
        name = checks.text(parameter, "parameter_name", path)
        if name not in names:
            raise GraphError(FORMAT, f"{path}: parameter_name {name!r} does not exist in the template.")
        return name

    def _value(self, parameter: Json, path: str, part: str) -> str:
        kind = str(parameter.get("type", "")).lower()
        if kind not in ({"text"} if part == "header" else {"text", "currency", "date_time"}):
            raise GraphError(FORMAT, f"{part}: Format mismatch, expected TEXT, received {kind.upper() or 'UNKNOWN'}")
        if kind == "text":
            return self.checked(parameter.get("text"), f"{path}.text")
        content = checks.mapping(parameter, kind, path)
        if kind == "currency":
            checks.text(content, "code", f"{path}.currency")
            if not isinstance(content.get("amount_1000"), int):
                raise missing(f"Parameter '{path}.currency.amount_1000' is required.")
        return self.checked(content.get("fallback_value"), f"{path}.{kind}.fallback_value")

    def checked(self, value: Any, path: str) -> str:
        """A text parameter's value, which may not break out of its line."""
        if value is None:
            raise missing(f"Parameter '{path}' is required.")
        if not isinstance(value, str):
            raise bad_value(f"{path}: must be a string.")
        if not value.strip():
            raise GraphError(self._settings.empty_parameter_code, f"{path}: text parameter is empty.")
        if _FORBIDDEN.search(value):
            own = self._version >= _FIRST_WITH_OWN_CODE
            raise GraphError(
                self._settings.parameter_fault_code if own else LEGACY_FORMAT,
                f"{path}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
            )
        if len(value) > _VALUE:
            raise bad_value(f"{path}: longer than {_VALUE} characters.")
        return value

    def _buttons(self, sent: dict[int, Json]) -> list[Json]:
        buttons = self._parts["BUTTONS"]["buttons"] if "BUTTONS" in self._parts else []
        for index, component in sent.items():
            path = f"button[{index}]"
            sub_type = checks.one_of(component, "sub_type", path, _SUB_TYPES)
            if index >= len(buttons) or buttons[index]["type"] not in _SUB_TYPES[sub_type]:
                found = buttons[index]["type"] if index < len(buttons) else "nothing"
                raise GraphError(FORMAT, f"buttons: Button at index {index} is {found}, not of sub_type {sub_type}.")
        return [self._button(index, button, sent.get(index)) for index, button in enumerate(buttons)]

    def _button(self, index: int, button: Json, component: Json | None) -> Json:
        kind, label = button["type"], button["text"]
        path = f"button[{index}]"
        parameters = checks.objects(component, "parameters", path) if component and "parameters" in component else []
        made: Json = {"type": kind, "text": label}
        match kind:
            case "URL" | "OTP":
                url = button.get("url", "{{1}}" if kind == "OTP" else "")
                return made | self._url(index, url, parameters, path)
            case "QUICK_REPLY":
                payload = self._payload(parameters, path)
                fallback = label if self._settings.payload_fallback == "label" else None
                return made | {"payload": payload or fallback}
            case "COPY_CODE":
                return made | {"code": self._coupon(index, parameters, path)}
            case "PHONE_NUMBER":
                self._count(path, parameters, 0)
                return made | {"phone_number": button["phone_number"]}
            case "FLOW":
                return made | {"flow_token": _flow_token(parameters, path)}
            case _:
                return made

    def _url(self, index: int, url: str, parameters: list[Json], path: str) -> Json:
        dynamic = "{{" in url
        if not dynamic:
            self._count(path, parameters, 0)
            return {"url": url}
        if not parameters:
            raise missing(f"buttons: Button at index {index} of type Url requires a parameter")
        self._count(path, parameters, 1)
        if str(parameters[0].get("type", "")).lower() != "text":
            raise GraphError(FORMAT, f"{path}: Format mismatch, expected TEXT")
        suffix = self.checked(parameters[0].get("text"), f"{path}.parameters[0].text")
        return {"url": re.sub(r"\{\{[^{}]*\}\}", lambda _: suffix, url)}

    def _payload(self, parameters: list[Json], path: str) -> str | None:
        if not parameters:
            return None
        self._count(path, parameters, 1)
        checks.one_of(parameters[0], "type", f"{path}.parameters[0]", {"payload"})
        return checks.text(parameters[0], "payload", f"{path}.parameters[0]", limit=self._settings.payload_length)

    def _coupon(self, index: int, parameters: list[Json], path: str) -> str:
        if not parameters:
            raise missing(f"buttons: Button at index {index} of type CopyCode requires a parameter")
        self._count(path, parameters, 1)
        checks.one_of(parameters[0], "type", f"{path}.parameters[0]", {"coupon_code"})
        limit = self._settings.copy_code_length
        return checks.text(parameters[0], "coupon_code", f"{path}.parameters[0]", limit=limit)


def _flow_token(parameters: list[Json], path: str) -> str:
    """Meta's own where the send gives none."""
    if not parameters:
        return "unused"
    checks.one_of(parameters[0], "type", f"{path}.parameters[0]", {"action"})
    action = checks.mapping(parameters[0], "action", f"{path}.parameters[0]")
    return checks.optional_text(action, "flow_token", f"{path}.parameters[0].action") or "unused"


def _index(component: Json, path: str) -> int:
    index = component.get("index")
    if index is None:
        raise missing(f"Parameter '{path}.index' is required.")
    if isinstance(index, bool) or not re.fullmatch(r"\d", str(index)):
        raise bad_value(f"{path}.index: must be 0 to 9.")
    return int(index)
