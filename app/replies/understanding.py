"""What a reply was understood to be: its type, its button, or its words where the message asked for such. Pure.

Buttons come first: what they say was declared with them. Words count only as a whole message, and only where the event
type expects such an answer; whatever leaves a doubt stays text.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.callbacks.reply_schemas import ReplyKind
from app.events.answers import RATING_MOST, Expected, Meaning
from app.replies.answering_words import Said, said_in
from app.replies.contents import MEDIA_TYPES, Content
from app.replies.meter_readings import reading_in
from app.replies.ratings import rating_in

Wish = Literal["opt_out", "opt_in"]
"""About our messages, heard in it before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the message that is answered asked for."""

    expects: Collection[Expected] = ()
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    """Of its buttons, by payload."""
    rating_most: int = RATING_MOST
    numbers: frozenset[str] = frozenset()
    """Digits that it named itself, such as those of an account: an answer repeats them to say what it is about."""


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Understood:
    kind: ReplyKind
    value: dict[str, Any] | None = None


_BY_TYPE: Mapping[str, ReplyKind] = {
    **dict.fromkeys(MEDIA_TYPES, "media"),
    "text": "text",
    "location": "location",
    "contacts": "contacts",
    "order": "order",
    "edit": "edited",
    "revoke": "deleted",
    "unsupported": "unsupported",
    "request_welcome": "welcome",
}

_MEANT: Mapping[Meaning | Said, ReplyKind] = {
    Meaning.CONFIRMED: "confirmed",
    Meaning.DECLINED: "declined",
    Meaning.RESCHEDULE_WANTED: "reschedule_wanted",
    Said.YES: "confirmed",
    Said.NO: "declined",
    Said.ANOTHER_TIME: "reschedule_wanted",
}


def understood(kind: str, content: Content, wish: Wish | None, asked: Asked) -> Understood:
    """`kind`: the type, as Meta names it."""
    if wish is not None:
        return Understood(wish)
    if content.button is not None:
        return _tapped(content, asked)
    if kind == "text" and content.text is not None:
        return _written(content.text, asked)
    return _sent(content) or Understood(_BY_TYPE.get(kind, "other"))


def _sent(content: Content) -> Understood | None:
    if content.choice is not None:
        return Understood("choice", {"id": content.choice.id})
    if content.form is not None:
        return Understood("form")
    if content.reaction is not None:
        return Understood("reaction", {"emoji": content.reaction.emoji})
    if content.call_allowed is not None:
        return Understood("call_permission", {"allowed": content.call_allowed})
    return None


def _tapped(content: Content, asked: Asked) -> Understood:
    button = content.button
    payload = button.payload if button is not None else None
    meaning = asked.meanings.get(payload) if payload is not None else None
    if meaning is not None:
        return Understood(_MEANT[meaning])
    if button is not None and button.label and payload in (None, button.label):
        # Sent without a payload of ours: of a template that was made elsewhere its label says what it means.
        found = _in_words(button.label, asked)
        if found is not None:
            return found
    return Understood("button", {"payload": payload})


def _written(text: str, asked: Asked) -> Understood:
    if Expected.RATING in asked.expects:
        rating = rating_in(text, asked.rating_most)
        if rating is not None:
            return Understood("rating", {"rating": rating.points, "most": rating.most})
    if Expected.METER_READING in asked.expects:
        reading = reading_in(text)
        if reading is not None and str(reading.number) not in asked.numbers:
            return Understood("meter_reading", {"reading": str(reading.number), "unit": reading.unit})
    return _in_words(text, asked) or Understood("text")


def _in_words(text: str, asked: Asked) -> Understood | None:
    said = said_in(text)
    if said is Said.ANOTHER_TIME and Expected.RESCHEDULING in asked.expects:
        return Understood("reschedule_wanted")
    if said in (Said.YES, Said.NO) and Expected.CONFIRMATION in asked.expects:
        return Understood(_MEANT[said])
    return None
