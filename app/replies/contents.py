"""What is in a reply, read out of Meta's words: typed, and forgiving, since shapes change without notice. Pure.

Source: Meta's page "messages webhook reference" and those of its types.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

MEDIA_TYPES = ("image", "video", "audio", "document", "sticker")

Text = Annotated[str, BeforeValidator(lambda text: text.replace("\x00", "") if isinstance(text, str) else text)]
"""Without what PostgreSQL takes in no text."""
Number = Annotated[str, BeforeValidator(lambda number: str(number) if isinstance(number, int | float) else number)]
"""As it came: a price of 9.50 or a place is no matter of binary fractions."""


class Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def read(cls, document: Any) -> Self | None:
        """Nothing of what has another shape."""
        try:
            return cls.model_validate(document) if isinstance(document, Mapping) else None
        except ValidationError:
            return None


class Button(Part):
    """A tapped button."""

    payload: Text | None = Field(default=None, description="What it was sent with", examples=["appointment.confirmed"])
    label: Text | None = Field(default=None, description="What stands on it", examples=["Geleceğim"])


class Choice(Part):
    """A chosen row of a list."""

    id: Text | None = Field(default=None, examples=["slot-2"])
    title: Text | None = Field(default=None, examples=["Öğleden sonra"])
    description: Text | None = Field(default=None, examples=["13.00-17.00"])


class File(Part):
    """A picture, film, sound, document or sticker, which Meta keeps for seven days."""

    id: Text | None = Field(default=None, description="Meta's, to fetch it with", examples=["1003383421387256"])
    mime_type: Text | None = Field(default=None, examples=["image/jpeg"])
    sha256: Text | None = None
    caption: Text | None = None
    filename: Text | None = Field(default=None, description="Of a document")
    voice: bool | None = Field(default=None, description="Of a sound: whether it was spoken into the phone")
    animated: bool | None = Field(default=None, description="Of a sticker")


class Place(Part):
    latitude: Number | None = Field(default=None, examples=["40.9903"])
    longitude: Number | None = Field(default=None, examples=["29.0275"])
    name: Text | None = None
    address: Text | None = None


class CardPhone(Part):
    phone: Text | None = None
    wa_id: Text | None = None


class Card(Part):
    """Somebody's contact details."""

    name: Text | None = None
    phones: list[CardPhone] = []
    requested: bool = Field(default=False, description="Whether a button that asks for the own number was tapped")


class Reaction(Part):
    emoji: Text | None = Field(default=None, description="Null where it was taken back", examples=["👍"])
    message_id: Text | None = Field(default=None, exclude=True)
    """Meta's id of what is reacted to."""


class OrderedItem(Part):
    product: Text | None = Field(default=None, validation_alias="product_retailer_id")
    quantity: Number | None = None
    price: Number | None = Field(default=None, validation_alias="item_price")
    currency: Text | None = None


class Ordered(Part):
    """A basket out of a catalogue on WhatsApp."""

    catalog: Text | None = Field(default=None, validation_alias="catalog_id")
    text: Text | None = None
    items: list[OrderedItem] = Field(default=[], validation_alias="product_items")


class Form(Part):
    """What was entered into a form (a Flow)."""

    name: Text | None = None
    answers: dict[str, Any] | None = Field(default=None, description="As they came; null where they are no JSON object")


class Content(BaseModel):
    """What was sent: `text` and the one that its type calls for."""

    model_config = ConfigDict(frozen=True)

    text: str | None = Field(
        default=None, description="What was written, or stands on the button; of a file its caption"
    )
    button: Button | None = None
    choice: Choice | None = None
    media: File | None = None
    location: Place | None = None
    contacts: list[Card] | None = None
    reaction: Reaction | None = None
    order: Ordered | None = None
    form: Form | None = None
    call_allowed: bool | None = None

    @property
    def reacted_to(self) -> str | None:
        """Meta's id of the message that a reaction is to."""
        return (self.reaction.message_id or None) if self.reaction is not None else None


NOTHING = Content()


def document_of(raw: bytes) -> dict[str, Any]:
    """Empty where it can be stored, and not read."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def content_of(message: Mapping[str, Any]) -> Content:
    """Of one of Meta's `messages`; of an edit, what is said since then."""
    said = said_in(message)
    kind = said.get("type")
    inner = said.get(kind) if isinstance(kind, str) else None
    read = _READ.get(str(kind))
    return read(inner) if read is not None else NOTHING


def _written(inner: Any) -> Content:
    match inner:
        case {"body": str(body)}:
            return Content(text=body.replace("\x00", ""))
    return NOTHING


def _media(inner: Any) -> Content:
    file = File.read(inner)
    return Content(media=file, text=file.caption if file is not None else None)


def _ordered(inner: Any) -> Content:
    order = Ordered.read(inner)
    return Content(order=order, text=(order.text or None) if order is not None else None)


def _cards(inner: Any) -> Content:
    cards = inner if isinstance(inner, list) else []
    return Content(contacts=[card for one in cards if (card := _card(one)) is not None])


def _renamed(document: Any, **names: str) -> Any:
    if not isinstance(document, Mapping):
        return document
    return {**document, **{new: document.get(old) for new, old in names.items()}}


def _tapped(button: Button | None) -> Content:
    return Content(button=button, text=button.label if button is not None else None)


def _interactive(inner: Any) -> Content:
    if not isinstance(inner, Mapping):
        return NOTHING
    if "button_reply" in inner:
        return _tapped(Button.read(_renamed(inner["button_reply"], payload="id", label="title")))
    if "list_reply" in inner:
        choice = Choice.read(inner["list_reply"])
        return Content(choice=choice, text=choice.title if choice is not None else None)
    if "nfm_reply" in inner:
        return Content(form=_form(inner["nfm_reply"]))
    match inner.get("call_permission_reply"):
        case {"response": str(response)}:
            return Content(call_allowed=response == "accept")
    return NOTHING


def _form(told: Any) -> Form | None:
    if not isinstance(told, Mapping):
        return None
    answers = told.get("response_json")
    try:
        read = orjson.loads(answers) if isinstance(answers, str) else None
    except orjson.JSONDecodeError:
        read = None
    return Form.read({"name": told.get("name"), "answers": read if isinstance(read, dict) else None})


def _card(one: Any) -> Card | None:
    if not isinstance(one, Mapping):
        return None
    name = one.get("name")
    phones = one.get("phones")
    return Card.read(
        {
            "name": name.get("formatted_name") if isinstance(name, Mapping) else None,
            "phones": phones if isinstance(phones, list) else [],
            "requested": one.get("origin") == "contact_request",
        }
    )


def said_in(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of an edit, what is said since then, as a message."""
    return edited({}, message) if message.get("type") == "edit" else message


def original_of(message: Mapping[str, Any]) -> str | None:
    """Of an edit or a deletion, Meta's id of what it is about."""
    match message:
        case {"type": "edit", "edit": {"original_message_id": str(wamid)}}:
            return wamid or None
        case {"type": "revoke", "revoke": {"original_message_id": str(wamid)}}:
            return wamid or None
    return None


def edited(original: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """The message as it is since the edit: who wrote it when, and to what, stays."""
    match edit:
        case {"edit": {"message": {"type": str(kind)} as said}} if kind != "edit":
            kept = {name: value for name, value in original.items() if name != original.get("type")}
            return {**kept, "type": kind, **({kind: said[kind]} if kind in said else {})}
    return dict(original)


_READ: Mapping[str, Callable[[Any], Content]] = {
    "text": _written,
    "button": lambda inner: _tapped(Button.read(_renamed(inner, label="text"))),
    "interactive": _interactive,
    **dict.fromkeys(MEDIA_TYPES, _media),
    "location": lambda inner: Content(location=Place.read(inner)),
    "contacts": _cards,
    "reaction": lambda inner: Content(reaction=Reaction.read(inner)),
    "order": _ordered,
}
