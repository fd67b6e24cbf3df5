"""Bodies of answers to customers: what they may say, within Meta's limits (see `free_form`)."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.consent.schemas import Line, Strict, shows_something
from app.core.moments import Moment
from app.core.problems import ProblemDetails
from app.events.fields import Link, MediaId, MediaLink, OwnFile
from app.messages.free_form import KINDS, FreeForm, Kind
from app.messages.schemas import Metadata, Reference
from app.templates.compiled import OWN_FILE, HeaderMedia

_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters, but for tabs and new lines."""

ROWS_MOST = 10


def _written(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if _NO_TEXT.search(text):
        raise PydanticCustomError("control_characters", "must not hold control characters but new lines and tabs")
    return shows_something(text)


Written = Annotated[str, Field(min_length=1), AfterValidator(_written)]
"""Text of several lines."""

Body = Annotated[Written, Field(max_length=1024, examples=["Size nasıl yardımcı olabiliriz?"])]
Footer = Annotated[Line, Field(max_length=60, examples=["Demo Mağaza"])]
Label = Annotated[Line, Field(max_length=20, examples=["Siparişi izle"])]
ReplyId = Annotated[str, Field(pattern=r"^rep_[0-9a-f]{32}$", examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"])]


class FileIn(Strict):
    """A file: by our id of one that was given to `/v1/media`, by an address that Meta fetches, or by Meta's own id."""

    media: OwnFile | None = None
    link: MediaLink | None = None
    id: MediaId | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if len(self.source) != 1:
            raise PydanticCustomError("one_source", "give one of media, link and id")
        return self

    @property
    def source(self) -> dict[str, str]:
        given = {OWN_FILE: self.media, "link": self.link, "id": self.id}
        return {name: value for name, value in given.items() if value is not None}


FileName = Annotated[Line, Field(max_length=240, examples=["fatura.pdf"])]


class DocumentIn(FileIn):
    filename: FileName | None = Field(default=None, description="That the customer sees; by default the file's own")


class TextHeaderIn(Strict):
    """A line above the text."""

    text: Annotated[Line, Field(max_length=60, examples=["Teslimat günü"])]


class HeaderIn(Strict):
    """What stands above the text: one of these."""

    text: Annotated[Line, Field(max_length=60, examples=["Siparişiniz"])] | None = None
    image: FileIn | None = None
    video: FileIn | None = None
    document: DocumentIn | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.text, self.image, self.video, self.document)) != 1:
            raise PydanticCustomError("one_header", "give one of text, image, video and document")
        return self

    def file(self) -> tuple[str, FileIn] | None:
        found: list[tuple[str, FileIn | None]] = [
            ("image", self.image),
            ("video", self.video),
            ("document", self.document),
        ]
        return next(((kind, one) for kind, one in found if one is not None), None)


class TextIn(Strict):
    body: Annotated[Written, Field(max_length=4096, examples=["Merhaba, paketiniz bugün 18.00’e kadar kapınızda."])]
    preview_url: Annotated[bool, Field(strict=True, description="Of the first link in it")] = False


class ButtonIn(Strict):
    id: Annotated[Line, Field(max_length=256, description="Comes back when it is tapped", examples=["slot.morning"])]
    title: Annotated[Label, Field(examples=["Sabah"])]


def _distinct(values: list[str], what: str) -> None:
    if len(set(values)) < len(values):
        raise PydanticCustomError("not_unique", "must have different {what}", {"what": what})


def _distinct_buttons(buttons: list[ButtonIn]) -> list[ButtonIn]:
    _distinct([one.id for one in buttons], "ids")
    _distinct([one.title for one in buttons], "titles")
    return buttons


Buttons = Annotated[list[ButtonIn], Field(min_length=1, max_length=3), AfterValidator(_distinct_buttons)]


class ButtonsIn(Strict):
    """Text with up to three buttons, of which the customer taps one."""

    body: Body
    buttons: Buttons
    header: HeaderIn | None = None
    footer: Footer | None = None


class RowIn(Strict):
    id: Annotated[Line, Field(max_length=200, description="Comes back when it is chosen", examples=["branch.kadikoy"])]
    title: Annotated[Line, Field(max_length=24, examples=["Kadıköy"])]
    description: Annotated[Line, Field(max_length=72, examples=["Hafta içi 09.00–18.00"])] | None = None


class SectionIn(Strict):
    title: Annotated[Line, Field(max_length=24, examples=["İstanbul"])] | None = None
    rows: Annotated[list[RowIn], Field(min_length=1, max_length=ROWS_MOST)]


def _within_one_list(sections: list[SectionIn]) -> list[SectionIn]:
    rows = [row for section in sections for row in section.rows]
    if len(rows) > ROWS_MOST:
        raise PydanticCustomError("too_many_rows", "must have at most {most} rows in all", {"most": ROWS_MOST})
    _distinct([row.id for row in rows], "row ids")
    if len(sections) > 1 and any(section.title is None for section in sections):
        raise PydanticCustomError("section_title", "must each have a title where there are several")
    return sections


class ListIn(Strict):
    """Text with a button that opens a list, of which the customer chooses one row."""

    body: Annotated[Written, Field(max_length=4096, examples=["Hangi şubemiz size yakın?"])]
    button: Annotated[Label, Field(description="Opens the list", examples=["Şubeler"])]
    sections: Annotated[list[SectionIn], Field(min_length=1, max_length=10), AfterValidator(_within_one_list)]
    header: TextHeaderIn | None = None
    footer: Footer | None = None


class LinkButtonIn(Strict):
    """Text with a button that leads to a page; by way of our own address where the business's links are tracked."""

    body: Body
    label: Label
    url: Annotated[Link, Field(description="Where it leads", examples=["https://shop.example/orders/A-1001"])]
    header: HeaderIn | None = None
    footer: Footer | None = None


class MediaIn(DocumentIn):
    """A picture, film, sound, document or sticker. Sounds and stickers go by `link` or `id`."""

    type: Literal["image", "video", "audio", "document", "sticker"]
    caption: Annotated[Written, Field(max_length=1024)] | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.caption is not None and self.type in ("audio", "sticker"):
            raise PydanticCustomError("caption", "sounds and stickers have no caption")
        if self.filename is not None and self.type != "document":
            raise PydanticCustomError("filename", "only documents have a filename")
        if self.media is not None and self.type in ("audio", "sticker"):
            raise PydanticCustomError("media_kind", "sounds and stickers are given by link or id")
        return self


class PlaceIn(Strict):
    """A place on the map."""

    latitude: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False, examples=[36.8529])]
    longitude: Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False, examples=[30.7894])]
    name: Annotated[Line, Field(max_length=100, examples=["Demo Mağaza, Lara"])] | None = None
    address: Annotated[Line, Field(max_length=200)] | None = None


class Content(Strict):
    """What a message says: one of these."""

    text: TextIn | None = None
    buttons: ButtonsIn | None = None
    list: ListIn | None = None
    link_button: LinkButtonIn | None = None
    media: MediaIn | None = None
    location: PlaceIn | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise PydanticCustomError("one_content", "give one of {kinds}", {"kinds": ", ".join(KINDS)})
        return self

    @property
    def kind(self) -> Kind:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def file(self) -> tuple[str, str, FileIn] | None:
        """Its place in the body, what it is to be, and which."""
        if self.media is not None:
            return "media", self.media.type, self.media
        around = self.buttons or self.link_button
        found = around.header.file() if around is not None and around.header is not None else None
        return (f"{self.kind}/header/{found[0]}", *found) if found is not None else None

    def free_form(self, *, own_name: str | None = None, quotes: str | None = None) -> FreeForm:
        """`own_name`: of a document that names itself no other."""
        said: dict[str, Any] = getattr(self, self.kind).model_dump(mode="json", exclude_none=True)
        url = self.link_button.url if self.link_button is not None else None
        return FreeForm(self.kind, said, self._header(own_name), url, quotes)

    def _header(self, own_name: str | None) -> HeaderMedia | None:
        found = self.file()
        if found is None:
            return None
        _, kind, file = found
        name = (file.filename if isinstance(file, DocumentIn) else None) or own_name
        named = {"filename": name} if kind == "document" and name is not None else {}
        return {"type": kind, kind: file.source | named}

    def stored(self) -> dict[str, Any]:
        return {self.kind: getattr(self, self.kind).model_dump(mode="json", exclude_none=True)}


class To(Strict):
    """Whom it is for: who wrote a reply, from the number that they wrote to; or a contact, from one of the numbers."""

    reply: ReplyId | None = None
    contact: Annotated[Line, Field(max_length=64)] | None = Field(
        default=None, description="Id of a contact, or a phone", examples=["+905321112233"]
    )
    sender: Annotated[str, Field(pattern=r"^snd_[0-9a-f]{32}$")] | None = Field(
        default=None, description="With `contact`; by default the number that they wrote to last"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.reply is None) == (self.contact is None):
            raise PydanticCustomError("reply_or_contact", "give either reply or contact")
        if self.reply is not None and self.sender is not None:
            raise PydanticCustomError("sender_of_reply", "give no sender with reply: the number is that of the reply")
        return self


class AnswerIn(Content):
    """An answer to a customer. Inside the window that they opened by writing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "to": {"reply": "rep_019a8f3c2b7d7c31a4e5f60718293a4b"},
                    "text": {"body": "Merhaba Ayşe Hanım, paketiniz bugün 18.00’e kadar kapınızda."},
                    "quote": True,
                },
                {
                    "to": {"contact": "+905321112233"},
                    "buttons": {
                        "body": "Teslimat için hangisi size uygun?",
                        "buttons": [
                            {"id": "slot.morning", "title": "Sabah"},
                            {"id": "slot.evening", "title": "Akşam"},
                        ],
                    },
                    "reference": "order-1001",
                },
            ]
        },
    )

    to: To
    quote: Annotated[bool, Field(strict=True, description="Shows what is answered above it; with `to.reply`")] = False
    mark_read: Annotated[
        bool, Field(strict=True, description="Tells the customer that the reply was read; with `to.reply`")
    ] = False
    reference: Reference | None = None
    metadata: Annotated[Metadata, Field(max_length=20)] | None = None
    expires_at: Moment | None = Field(default=None, description="At the latest, and by default, when the window closes")

    @model_validator(mode="after")
    def _of_a_reply(self) -> Self:
        if self.to.reply is None and (self.quote or self.mark_read):
            raise PydanticCustomError("needs_reply", "quote and mark_read need to.reply")
        return self


class ClosedWindow(Strict):
    """In which a customer may be answered freely."""

    opened_at: datetime
    expires_at: datetime


class TemplateAlternative(Strict):
    """An event type whose template this customer may get now."""

    event_type: str = Field(examples=["order-updated"])
    title: str = Field(examples=["Order updated"])
    template: str = Field(examples=["order_updated"])
    language: str = Field(examples=["tr"])
    topic: str = Field(description="That the customer agreed to", examples=["orders"])


class WindowClosedDetails(ProblemDetails):
    """The customer wrote nothing in the last 24 hours: Meta takes only templates."""

    window: ClosedWindow | None = Field(description="The last one; null for who never wrote to this number")
    template_alternatives: list[TemplateAlternative] = Field(
        description="Event types that could tell them something now, those first that lie nearest"
    )
