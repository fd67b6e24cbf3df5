"""Turns what a customer sends into what the webhook tells of it, and into what the chat shows."""

import base64
import json
from dataclasses import dataclass

from app.sandbox.chats import ActError
from app.sandbox.inbound_kinds import (
    AudioSent,
    ButtonTapped,
    CallPermissionAnswered,
    Captioned,
    ContactsSent,
    Document,
    DocumentSent,
    FlowAnswered,
    Inbound,
    LocationSent,
    MediumSent,
    OrderedItem,
    OrderSent,
    PictureSent,
    ReplyButtonTapped,
    RowChosen,
    StickerSent,
    SystemSent,
    TextSent,
    UnsupportedSent,
)
from app.sandbox.media import MediaBook, UnfitMediumError
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json, Message, Number


@dataclass(slots=True)
class Written:
    type: str
    content: Json
    """The object that the webhook's message has beside its envelope."""
    view: Json
    untold: bool = False


class Contents:
    def __init__(self, settings: SandboxSettings, media: MediaBook) -> None:
        self._settings = settings
        self._media = media

    def written(self, number: Number, inbound: Inbound, answered: Message | None, base_url: str) -> Written:
        match inbound:
            case PictureSent() | DocumentSent() | AudioSent() | StickerSent():
                return self._medium(number, inbound, base_url)
            case ButtonTapped():
                return _tapped(inbound, answered)
            case ReplyButtonTapped() | RowChosen():
                return _chosen(inbound, answered)
            case FlowAnswered() | CallPermissionAnswered():
                return _answered(inbound)
            case ContactsSent():
                return _cards(inbound, answered)
            case _:
                return _plain(inbound)

    def _medium(self, number: Number, inbound: MediumSent, base_url: str) -> Written:
        kind, content = inbound.kind, inbound.content
        filename = (isinstance(content, Document) and content.filename) or ""
        told: Json = content.model_dump(exclude_none=True, exclude={"data"})
        if content.data is not None:
            try:
                media = self._media.receive(number.number_id, kind, content.data, content.mime_type, filename)
            except UnfitMediumError as fault:
                raise ActError("unfit_medium", ("content", fault.field), str(fault)) from None
            told |= {"id": media.media_id, "mime_type": media.mime_type}
            told["sha256"] = base64.b64encode(bytes.fromhex(media.sha256)).decode()
            if self._settings.inbound_media_url:
                told["url"] = self._media.address(media.media_id, base_url)
        header: Json = {"type": kind, "filename": filename}
        if content.data is not None:
            header["media_id"] = told["id"]
        caption = (isinstance(content, Captioned) and content.caption) or ""
        return Written(kind, {kind: told}, {"header": header, "body": caption})


def unsupported(what: str) -> Json:
    title = "Message type unknown"
    details = {"details": "Message type is currently not supported."}
    error = {"code": 131051, "title": title, "message": title, "error_data": details}
    return {"errors": [error], "unsupported": {"type": what}}


def _plain(inbound: Inbound) -> Written:
    """What is told and shown as it is given."""
    content: Json
    view: Json
    match inbound:
        case TextSent(text=text):
            content, view = {"body": text}, {"body": text}
        case LocationSent(content=place):
            content = place.model_dump(exclude_none=True)
            view = {"location": {"name": "", "address": ""} | content}
        case OrderSent(content=order):
            content, view = (
                order.model_dump(),
                {"body": order.text, "order": [_item(each) for each in order.product_items]},
            )
        case SystemSent(content=notice):
            content, view = notice.model_dump(), {"body": notice.body}
        case UnsupportedSent(content=what):
            return Written(inbound.kind, unsupported(what.type), {"event": inbound.kind})
        case _:
            return Written(inbound.kind, {}, {"event": inbound.kind})
    return Written(inbound.kind, {inbound.kind: content}, view)


def _item(item: OrderedItem) -> str:
    return f"{item.quantity} × {item.product_retailer_id} · {item.item_price:.2f} {item.currency}"


def _answered(inbound: FlowAnswered | CallPermissionAnswered) -> Written:
    if isinstance(inbound, CallPermissionAnswered):
        event = "call_accepted" if inbound.content.response == "accept" else "call_rejected"
        return _interactive(inbound.kind, inbound.content.model_dump(exclude_none=True), {"event": event})
    reply = inbound.content
    answer = json.dumps(reply.response_json, ensure_ascii=False)
    return _interactive(
        inbound.kind, {"name": reply.name, "body": reply.body, "response_json": answer}, {"body": reply.body}
    )


def _interactive(kind: str, told: Json, view: Json) -> Written:
    return Written("interactive", {"interactive": {"type": kind, kind: told}}, view)


def _tapped(inbound: ButtonTapped, answered: Message | None) -> Written:
    button = {"text": inbound.text}
    payload = inbound.payload
    if payload is None:
        offered = _offered(answered, "QUICK_REPLY", "text", inbound.text)
        payload = inbound.text if offered is None else offered.get("payload")
    told = button if payload is None else {"payload": payload} | button
    return Written("button", {"button": told}, {"body": inbound.text})


def _chosen(inbound: ReplyButtonTapped | RowChosen, answered: Message | None) -> Written:
    offered = _row(answered, inbound.id) if isinstance(inbound, RowChosen) else None
    if isinstance(inbound, ReplyButtonTapped):
        offered = _offered(answered, "REPLY", "id", inbound.id)
    title = inbound.text or (offered or {}).get("title") or (offered or {}).get("text")
    if not title:
        raise ActError("unknown_choice", ("id",), "The message offers no such choice; without it, `text` is needed.")
    told: Json = {"id": inbound.id, "title": title}
    view: Json = {"body": title}
    if isinstance(inbound, RowChosen):
        description = inbound.description or (not inbound.text and offered and offered["description"])
        if description:
            told["description"] = view["footer"] = description
    return _interactive(inbound.kind, told, view)


def _offered(answered: Message | None, kind: str, key: str, value: str) -> Json | None:
    buttons = answered.view.get("buttons", []) if answered is not None else []
    return next((button for button in buttons if button["type"] == kind and button.get(key) == value), None)


def _row(answered: Message | None, row_id: str) -> Json | None:
    sections = answered.view.get("list", {}).get("sections", []) if answered is not None else []
    return next((row for section in sections for row in section["rows"] if row["id"] == row_id), None)


def _cards(inbound: ContactsSent, answered: Message | None) -> Written:
    buttons = answered.view.get("buttons", []) if answered is not None else []
    origin = "contact_request" if any(b["type"] == "REQUEST_CONTACT_INFO" for b in buttons) else "other"
    cards = [{"origin": origin} | card.model_dump(exclude_none=True) for card in inbound.content]
    return Written(
        "contacts", {"contacts": cards}, {"contacts": [card.name.formatted_name for card in inbound.content]}
    )
