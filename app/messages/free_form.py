"""Messages without a template, which Meta takes while the window of a customer is open: as they are stored, shown and
sent. Pure.

Their row names no template; `data` holds what was asked for, `fill` what goes out. The limits are those of Meta's pages
on text, media, location and interactive messages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args

import orjson

from app.templates.bubble import Bubble, BubbleButton
from app.templates.compiled import HeaderMedia, with_id_at_meta
from app.whatsapp import payloads
from app.whatsapp.payloads import Recipient

Kind = Literal["text", "buttons", "list", "link_button", "media", "location"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class FreeForm:
    kind: Kind
    said: Mapping[str, Any]
    """As the request has it, under the name of its kind."""
    header: HeaderMedia | None = None
    """A file in it: above the text of buttons or of a link, or the message itself. With our own id of it, which becomes
    Meta's when the message leaves."""
    link: str | None = None
    """That the button leads to: the business's, or ours, which counts."""
    quotes: str | None = None
    """Meta's id of what it answers, where that is to be shown above it."""
    version: None = None
    """Of a template; it has none."""

    @property
    def links(self) -> Sequence[str]:
        return (self.link,) if self.link is not None else ()

    def stored(self) -> dict[str, Any]:
        """With links, replies and header where messages by template have them, too."""
        told = {"kind": self.kind, "said": self.said, "links": list(self.links), "replies": list(self.choices)}
        optional = {"header": self.header, "quotes": self.quotes}
        return told | {name: value for name, value in optional.items() if value is not None}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        links = stored.get("links") or (None,)
        return cls(stored["kind"], stored["said"], stored.get("header"), links[0], stored.get("quotes"))

    @classmethod
    def from_json(cls, stored: str) -> Self:
        return cls.of(orjson.loads(stored))

    @property
    def choices(self) -> Sequence[str]:
        """What comes back when something in it is tapped."""
        match self.kind:
            case "buttons":
                return [one["id"] for one in self.said["buttons"]]
            case "list":
                return [row["id"] for section in self.said["sections"] for row in section["rows"]]
        return ()

    @property
    def bubble(self) -> Bubble:
        """What the customer sees of it."""
        said = self.said
        header = self._header()
        is_text = header is not None and header["type"] == "text"
        return Bubble(
            header=header["text"] if header is not None and is_text else None,
            media={"type": "location", "location": said} if self.kind == "location" else None if is_text else header,
            body=said.get("body") or said.get("caption") or "",
            footer=said.get("footer"),
            buttons=tuple(self._buttons()),
        )

    def _buttons(self) -> Iterator[BubbleButton]:
        match self.kind:
            case "buttons":
                for one in self.said["buttons"]:
                    yield BubbleButton("quick_reply", one["title"], one["id"])
            case "list":
                for section in self.said["sections"]:
                    for row in section["rows"]:
                        yield BubbleButton("quick_reply", row["title"], row["id"])
            case "link_button":
                yield BubbleButton("url", self.said["label"], self.link or self.said["url"])

    def with_file(self, meta_id: str) -> Self:
        return self if self.header is None else replace(self, header=with_id_at_meta(self.header, meta_id))

    def payload(self, recipient: Recipient, callback_data: str) -> dict[str, Any]:
        return payloads.free_message(recipient, self._content(), callback_data, quotes=self.quotes)

    def _content(self) -> payloads.Content:
        said = self.said
        match self.kind:
            case "text":
                return payloads.text(said["body"], preview_url=said.get("preview_url", False))
            case "buttons":
                buttons = {one["id"]: one["title"] for one in said["buttons"]}
                return payloads.reply_buttons(said["body"], buttons, self._header(), said.get("footer"))
            case "list":
                sections = [_section(one) for one in said["sections"]]
                return payloads.choices(said["body"], said["button"], sections, self._header(), said.get("footer"))
            case "link_button":
                link = self.link or said["url"]
                return payloads.link_button(said["body"], said["label"], link, self._header(), said.get("footer"))
            case "media":
                header = self.header or {}
                return payloads.media(header["type"], header[header["type"]], said.get("caption"))
            case "location":
                return payloads.location(said)

    def _header(self) -> Mapping[str, Any] | None:
        if self.header is not None:
            return self.header
        text = (self.said.get("header") or {}).get("text")
        return {"type": "text", "text": text} if text is not None else None


def _section(section: Mapping[str, Any]) -> dict[str, Any]:
    rows = [{name: row[name] for name in ("id", "title", "description") if row.get(name)} for row in section["rows"]]
    return {"title": section["title"], "rows": rows} if section.get("title") else {"rows": rows}
