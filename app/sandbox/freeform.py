"""Contents of free-form messages: checked, and turned into what the customer sees."""

import re
from typing import TYPE_CHECKING, Any

from app.sandbox import checks
from app.sandbox.errors import GraphError, bad_value, invalid, missing
from app.sandbox.media import MediaBook
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json

if TYPE_CHECKING:
    from collections.abc import Callable

MEDIA_TYPES = ("image", "video", "audio", "document", "sticker")
_MEDIA_KEYS = {
    "image": {"id", "link", "caption"},
    "video": {"id", "link", "caption"},
    "audio": {"id", "link", "voice"},
    "document": {"id", "link", "caption", "filename"},
    "sticker": {"id", "link"},
}
_BODY, _LIST_BODY, _CAPTION, _TEXT = 1024, 4096, 1024, 4096
_SMALL_TEXT, _LABEL = 60, 20
_BUTTONS, _SECTIONS, _ROWS = 3, 10, 10


class FreeForm:
    """Reads `payload[type]` of a send; a fault of its medium, reported later, is returned beside the view."""

    def __init__(self, settings: SandboxSettings, media: MediaBook) -> None:
        self._settings = settings
        self._media = media
        self._readers: dict[str, Callable[[Json, str], Json]] = {
            "text": self._text,
            "location": _location,
            "reaction": _reaction,
            "interactive": self._interactive,
            **dict.fromkeys(MEDIA_TYPES, self._media_message),
        }
        self._interactive_readers: dict[str, Callable[[Json], Json]] = {
            "button": _reply_buttons,
            "list": _list,
            "cta_url": _cta_url,
            "location_request_message": _location_request,
            "request_contact_info": _contact_request,
        }

    def view(self, payload: Json, kind: str, number_id: str) -> tuple[Json, str | None]:
        if kind == "contacts":
            return self._contacts(payload), None
        reader = self._readers.get(kind)
        if reader is None:
            raise GraphError(131051, f"Message type {kind!r} is not supported.")
        view = reader(checks.mapping(payload, kind), kind)
        header = view.get("header", {})
        fault = self._media.resolve(header, number_id) if header.get("type") in MEDIA_TYPES else None
        return view, fault

    def _text(self, content: Json, path: str) -> Json:
        checks.only(content, {"body", "preview_url"}, path)
        preview = content.get("preview_url", False)
        if not isinstance(preview, bool):
            raise invalid("Param text['preview_url'] must be a boolean.")
        return {"body": checks.text(content, "body", path, limit=_TEXT)}

    def _media_message(self, content: Json, path: str) -> Json:
        checks.only(content, _MEDIA_KEYS[path], path)
        caption = checks.optional_text(content, "caption", path, limit=_CAPTION)
        if not isinstance(content.get("voice", False), bool):
            raise invalid("Param audio['voice'] must be a boolean.")
        return {"header": media_part(content, path), "body": caption}

    def _interactive(self, content: Json, _: str) -> Json:
        checks.only(content, {"type", "header", "body", "footer", "action"}, "interactive")
        kind = checks.one_of(content, "type", "interactive", self._interactive_readers)
        view: Json = {}
        if "header" in content:
            view["header"] = _header(checks.mapping(content, "header", "interactive"), text_only=kind == "list")
        body = checks.mapping(content, "body", "interactive")
        checks.only(body, {"text"}, "interactive.body")
        view["body"] = checks.text(body, "text", "interactive.body", limit=_LIST_BODY if kind == "list" else _BODY)
        if "footer" in content:
            footer = checks.mapping(content, "footer", "interactive")
            checks.only(footer, {"text"}, "interactive.footer")
            view["footer"] = checks.text(footer, "text", "interactive.footer", limit=_SMALL_TEXT)
        action = content.get("action") if kind == "request_contact_info" else None
        return view | self._interactive_readers[kind](action or checks.mapping(content, "action", "interactive"))

    def _contacts(self, payload: Json) -> Json:
        cards = payload.get("contacts")
        if not cards:
            raise missing("Parameter 'contacts' is required.")
        if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
            raise invalid("Param contacts must be an array of JSON objects.")
        if len(cards) > self._settings.contact_cards:
            raise invalid(f"Param contacts must have at most {self._settings.contact_cards} elements.")
        names = []
        for place, card in enumerate(cards):
            path = f"contacts[{place}]"
            names.append(checks.text(checks.mapping(card, "name", path), "formatted_name", f"{path}.name"))
            birthday = card.get("birthday")
            if birthday is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(birthday)):
                raise bad_value(f"{path}.birthday: must be YYYY-MM-DD.")
        return {"contacts": names}


def media_part(content: Json, kind: str) -> Json:
    """What names a medium: exactly one of `id` and `link`."""
    media_id, link = content.get("id"), content.get("link")
    if not media_id and not link:
        raise missing(f"Parameter '{kind}.id' or '{kind}.link' is required.")
    if media_id and link:
        raise bad_value(f"{kind}: only one of 'id' and 'link' may be given.")
    part: Json = {"type": kind}
    if media_id:
        part["media_id"] = str(media_id)
    if link:
        if not isinstance(link, str) or not re.match(r"https?://[^\s/]+", link):
            raise bad_value(f"{kind}.link: not a valid URL.")
        part["link"] = link
    if kind == "document":
        part["filename"] = checks.optional_text(content, "filename", kind)
    return part


def _location(content: Json, path: str) -> Json:
    checks.only(content, {"latitude", "longitude", "name", "address"}, path)
    return {"location": location_part(content, path)}


def location_part(content: Json, path: str) -> Json:
    return {
        "latitude": checks.coordinate(content, "latitude", path, 90),
        "longitude": checks.coordinate(content, "longitude", path, 180),
        "name": checks.optional_text(content, "name", path),
        "address": checks.optional_text(content, "address", path),
    }


def _reaction(content: Json, path: str) -> Json:
    checks.only(content, {"message_id", "emoji"}, path)
    emoji = content.get("emoji")
    if not isinstance(emoji, str):
        raise missing("Parameter 'reaction.emoji' is required.")
    return {"reaction": {"message_id": checks.text(content, "message_id", path), "emoji": emoji}}


def _header(header: Json, *, text_only: bool) -> Json:
    path = "interactive.header"
    kind = checks.one_of(header, "type", path, {"text"} if text_only else {"text", "image", "video", "document"})
    checks.only(header, {"type", kind}, path)
    if kind == "text":
        return {"type": "text", "text": checks.text(header, "text", path, limit=_SMALL_TEXT)}
    medium = checks.mapping(header, kind, path)
    checks.only(medium, _MEDIA_KEYS[kind] - {"caption"}, f"{path}.{kind}")
    return media_part(medium, kind)


def _reply_buttons(action: Json) -> Json:
    path = "interactive.action"
    checks.only(action, {"buttons"}, path)
    buttons = checks.objects(action, "buttons", path)
    if not 1 <= len(buttons) <= _BUTTONS:
        raise bad_value(f"{path}.buttons: 1 to {_BUTTONS} buttons are allowed.")
    made = []
    for place, button in enumerate(buttons):
        where = f"{path}.buttons[{place}]"
        checks.only(button, {"type", "reply"}, where)
        checks.one_of(button, "type", where, {"reply"})
        reply = checks.mapping(button, "reply", where)
        checks.only(reply, {"id", "title"}, f"{where}.reply")
        reply_id = checks.text(reply, "id", f"{where}.reply", limit=256)
        title = checks.text(reply, "title", f"{where}.reply", limit=_LABEL)
        made.append({"type": "REPLY", "id": reply_id, "text": title})
    _unique([button["text"] for button in made], "button titles")
    _unique([button["id"] for button in made], "button ids")
    return {"buttons": made}


def _unique(values: list[Any], what: str) -> None:
    if len(set(values)) != len(values):
        raise bad_value(f"interactive.action: {what} must be unique.")


def _list(action: Json) -> Json:
    path = "interactive.action"
    checks.only(action, {"button", "sections"}, path)
    label = checks.text(action, "button", path, limit=_LABEL)
    sections = checks.objects(action, "sections", path)
    if not 1 <= len(sections) <= _SECTIONS:
        raise bad_value(f"{path}.sections: 1 to {_SECTIONS} sections are allowed.")
    made: list[Json] = []
    for place, section in enumerate(sections):
        where = f"{path}.sections[{place}]"
        checks.only(section, {"title", "rows"}, where)
        title = checks.optional_text(section, "title", where, limit=24)
        if not title and len(sections) > 1:
            raise missing(f"Parameter '{where}.title' is required.")
        rows = [_row(row, f"{where}.rows[{n}]") for n, row in enumerate(checks.objects(section, "rows", where))]
        if not rows:
            raise missing(f"Parameter '{where}.rows' is required.")
        made.append({"title": title, "rows": rows})
    every = [row for section in made for row in section["rows"]]
    if not 1 <= len(every) <= _ROWS:
        raise bad_value(f"{path}.sections: 1 to {_ROWS} rows are allowed in all.")
    _unique([row["id"] for row in every], "row ids")
    return {"list": {"button": label, "sections": made}}


def _row(row: Json, path: str) -> Json:
    checks.only(row, {"id", "title", "description"}, path)
    return {
        "id": checks.text(row, "id", path, limit=200),
        "title": checks.text(row, "title", path, limit=24),
        "description": checks.optional_text(row, "description", path, limit=72),
    }


def _cta_url(action: Json) -> Json:
    checks.only(action, {"name", "parameters"}, "interactive.action")
    checks.one_of(action, "name", "interactive.action", {"cta_url"})
    path = "interactive.action.parameters"
    parameters = checks.mapping(action, "parameters", "interactive.action")
    checks.only(parameters, {"display_text", "url"}, path)
    label = checks.text(parameters, "display_text", path, limit=_LABEL)
    url = checks.text(parameters, "url", path)
    if not re.match(r"https?://[^\s/]+", url):
        raise bad_value(f"{path}.url: not a valid URL.")
    return {"buttons": [{"type": "URL", "text": label, "url": url}]}


def _location_request(action: Json) -> Json:
    checks.only(action, {"name"}, "interactive.action")
    checks.one_of(action, "name", "interactive.action", {"send_location"})
    return {"buttons": [{"type": "SEND_LOCATION", "text": "Send location"}]}


def _contact_request(action: Json) -> Json:
    checks.only(action, {"name"}, "interactive.action")
    checks.one_of(action, "name", "interactive.action", {"request_contact_info"})
    return {"buttons": [{"type": "REQUEST_CONTACT_INFO", "text": "Share contact info"}]}
