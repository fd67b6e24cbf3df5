"""What a customer can send, kind by kind, as the control API takes it: `content` is what Meta's webhook calls by the
kind's name, without what only Meta can know."""

import base64
import json
from typing import Annotated, Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from app.sandbox.state import Json

Id = Annotated[str, Field(min_length=1, max_length=256)]
Text = Annotated[str, Field(min_length=1, max_length=4096)]
Caption = Annotated[str, Field(min_length=1, max_length=1024)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, allow_inf_nan=False)


class Open(BaseModel):
    """Passes on what it does not know."""

    model_config = ConfigDict(extra="allow")


class ReferredProduct(Strict):
    catalog_id: Id
    product_retailer_id: Id


class Sent(Strict):
    """What every kind has."""

    from_: Annotated[str, Field(alias="from", pattern=r"^\+?\d{7,15}$")]
    phone_number_id: str
    context: Id | None = None
    """wamid of the message of this chat that is answered."""
    forwarded: Literal["once", "often"] | None = None
    """From another chat; `often`: more than five times."""
    referred_product: ReferredProduct | None = None
    """Of the catalogue, from whose page the customer wrote."""
    profile_name: str | None = None
    username: str | None = None
    referral: Json | None = None
    """Makes the customer come from an advertisement, which opens a free entry point."""

    @model_validator(mode="after")
    def _is_either(self) -> "Sent":
        if self.forwarded and self.context:
            raise ValueError("what is forwarded answers nothing: only one of `forwarded` and `context`")
        return self


class Answer(Sent):
    """Of buttons and lists: it always names what it answers."""

    context: Id


class TextSent(Sent):
    kind: Literal["text"] = "text"
    text: Text


class ButtonTapped(Answer):
    """A quick reply of a template."""

    kind: Literal["button"]
    text: Text
    """The label."""
    payload: str | None = None
    """Without it, that of the button with this label."""


class ReplyButtonTapped(Answer):
    kind: Literal["button_reply"]
    id: Id
    text: str = ""
    """The title; without it, that of the button with this id."""


class RowChosen(Answer):
    kind: Literal["list_reply"]
    id: Id
    text: str = ""
    description: str = ""
    """Both: without them, those of the row with this id."""


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("is not the text of a JSON object") from None


class FlowReply(Strict):
    name: Id = "flow"
    body: Text = "Sent"
    response_json: Annotated[dict[str, Any], BeforeValidator(_parsed)]
    """An object, or the text of one."""


class FlowAnswered(Sent):
    kind: Literal["nfm_reply"]
    content: FlowReply


class CallPermission(Strict):
    response: Literal["accept", "reject"]
    is_permanent: bool = False
    expiration_timestamp: int | None = None
    response_source: Literal["user_action", "automatic"] = "user_action"


class CallPermissionAnswered(Sent):
    kind: Literal["call_permission_reply"]
    content: CallPermission


def _decoded(value: Any) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be text in base64")  # noqa: TRY004 - pydantic makes a fault of a value's error only
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None


class Medium(Strict):
    """Either bytes, which the business can then fetch, or an id that leads nowhere."""

    id: Id | None = None
    data: Annotated[bytes | None, BeforeValidator(_decoded)] = None
    """In base64."""
    mime_type: str | None = None
    sha256: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Medium":
        if (self.id is None) == (self.data is None):
            raise ValueError("exactly one of `id` and `data` must be given")
        return self


class Captioned(Medium):
    caption: Caption | None = None


class Document(Captioned):
    filename: str | None = None


class Audio(Medium):
    voice: bool = False


class Sticker(Medium):
    animated: bool = False


class PictureSent(Sent):
    kind: Literal["image", "video"]
    content: Captioned


class DocumentSent(Sent):
    kind: Literal["document"]
    content: Document


class AudioSent(Sent):
    kind: Literal["audio"]
    content: Audio


class StickerSent(Sent):
    kind: Literal["sticker"]
    content: Sticker


class Place(Strict):
    latitude: Latitude
    longitude: Longitude
    name: str | None = None
    address: str | None = None
    url: str | None = None


class LocationSent(Sent):
    kind: Literal["location"]
    content: Place


class CardName(Open):
    formatted_name: Text


class CardPhone(Open):
    phone: str | None = None
    wa_id: str | None = None


class Card(Open):
    name: CardName
    phones: list[CardPhone] | None = None
    origin: Literal["contact_request", "other"] | None = None
    """Without it: whether the message that is answered asked for it."""


class ContactsSent(Sent):
    kind: Literal["contacts"]
    content: Annotated[list[Card], Field(min_length=1, max_length=257)]


class Reaction(Strict):
    message_id: Id
    emoji: str | None = None
    """Without it, or empty: the reaction is taken back."""


class ReactionSent(Sent):
    kind: Literal["reaction"]
    content: Reaction


class OrderedItem(Strict):
    product_retailer_id: Id
    quantity: Annotated[int, Field(ge=1)]
    item_price: Annotated[float, Field(ge=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class Order(Strict):
    catalog_id: Id
    text: str = ""
    product_items: Annotated[list[OrderedItem], Field(min_length=1)]


class OrderSent(Sent):
    kind: Literal["order"]
    content: Order


class Unsupported(Strict):
    type: Id = "unknown"


class UnsupportedSent(Sent):
    kind: Literal["unsupported"]
    content: Unsupported = Unsupported()


class Welcome(Sent):
    """The customer opened the chat for the first time."""

    kind: Literal["request_welcome"]


class SystemNotice(Open):
    type: Id
    body: str = ""


class SystemSent(Sent):
    """Any notice, as it is given; POST /control/customers/{wa_id}/number makes those of a changed number."""

    kind: Literal["system"]
    content: SystemNotice


class Original(Strict):
    original_message_id: Id


class Edited(Sent):
    kind: Literal["edit"]
    content: Original
    text: Text
    """The new text, or the new caption."""


class Revoked(Sent):
    kind: Literal["revoke"]
    content: Original


MediumSent = PictureSent | DocumentSent | AudioSent | StickerSent
Inbound = (
    TextSent
    | ButtonTapped
    | ReplyButtonTapped
    | RowChosen
    | FlowAnswered
    | CallPermissionAnswered
    | MediumSent
    | LocationSent
    | ContactsSent
    | ReactionSent
    | OrderSent
    | UnsupportedSent
    | Welcome
    | SystemSent
    | Edited
    | Revoked
)
KINDS: dict[str, type[Inbound]] = {
    "text": TextSent,
    "button": ButtonTapped,
    "button_reply": ReplyButtonTapped,
    "list_reply": RowChosen,
    "nfm_reply": FlowAnswered,
    "call_permission_reply": CallPermissionAnswered,
    "image": PictureSent,
    "video": PictureSent,
    "document": DocumentSent,
    "audio": AudioSent,
    "sticker": StickerSent,
    "location": LocationSent,
    "contacts": ContactsSent,
    "reaction": ReactionSent,
    "order": OrderSent,
    "unsupported": UnsupportedSent,
    "request_welcome": Welcome,
    "system": SystemSent,
    "edit": Edited,
    "revoke": Revoked,
}


def read_inbound(body: Json) -> Inbound:
    """By the kind it names, so that what is told of a fault is of that kind alone."""
    kind = body.get("kind", "text")
    if not isinstance(kind, str) or kind not in KINDS:
        allowed = ", ".join(sorted(KINDS))
        raise RequestValidationError([{"loc": ("body", "kind"), "msg": f"kind must be one of {allowed}"}])
    try:
        return KINDS[kind].model_validate(body)
    except ValidationError as faults:
        told = [{"loc": ("body", *fault["loc"]), "msg": fault["msg"]} for fault in faults.errors(include_input=False)]
        raise RequestValidationError(told) from None
