"""Opting in by a form, on our page or on the business's website: what is taken, from whom, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal, NoReturn

import structlog
from pydantic import Field, TypeAdapter, ValidationError

from app.accounts.directory import BusinessAccount, Directory
from app.consent import holdings, repository
from app.consent.fold import Act
from app.consent.ledger import NewAct
from app.consent.link_codes import code_in
from app.consent.links import LinkInUse, OptInLinks
from app.consent.phones import PhoneError, normalize_phone
from app.consent.repository import ContactKey
from app.consent.rules import ALL_TOPICS, ConsentState
from app.consent.schemas import ConsentIn, Line
from app.consent.service import ConsentService, acts_of
from app.consent.sources import Source
from app.consent.topics import label_of
from app.core.clock import Clock
from app.core.database import Database, despite_collision
from app.core.languages import OurLanguage
from app.core.problems import FieldError, InvalidRequest
from app.pages.addresses import network_of, origin_of
from app.pages.errors import (
    FormTokenExpired,
    FormTokenInvalid,
    FormTokenUsed,
    FormTooFast,
    FormTrapped,
    LinkClosed,
    LinkUnknown,
)
from app.pages.limits import Limits
from app.pages.preferences import Visit
from app.pages.tokens import FormRefusal, FormTokens
from app.pages.words import say

log = structlog.get_logger(__name__)

SnippetMode = Literal["modal", "inline", "button"]

_SOURCES: dict[SnippetMode, Source] = {
    "modal": Source.WEBSITE_MODAL,
    "inline": Source.WEBSITE_FORM,
    "button": Source.CHAT_WIDGET,
}

_NAME = TypeAdapter[str](Annotated[Line, Field(max_length=100)])


@dataclass(frozen=True, slots=True)
class Door:
    """A link that is in use, and whose it is."""

    link: LinkInUse
    business: BusinessAccount

    @property
    def choosable(self) -> tuple[str, ...]:
        """Topics to choose among; none where the link is for one alone."""
        return self.link.topics if len(self.link.topics) > 1 else ()

    def wording(self, language: OurLanguage) -> tuple[str, str | None]:
        """What the form asks to agree to, and its version."""
        return self.link.wording(self.business, language)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was filled in."""

    token: str
    phone: str
    name: str
    topics: tuple[str, ...]
    agreed: bool
    trap: str
    """A field that no person sees."""
    mode: SnippetMode | None = None
    """How the snippet showed the form; nothing on our own page."""
    page: str | None = None
    """On which it stood; its origin is the website's that sent it."""


@dataclass(frozen=True, slots=True)
class _Checked:
    phone: str
    name: str | None
    topics: tuple[str, ...]


class OptInForms:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        links: OptInLinks,
        consent: ConsentService,
        tokens: FormTokens,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._links = links
        self._consent = consent
        self._tokens = tokens
        self._limits = limits
        self._clock = clock

    async def door(self, text: str) -> Door:
        """Raises LinkUnknown or LinkClosed."""
        code = code_in(text)
        link = await self._links.by_code(code) if code is not None else None
        business = await self._directory.business(link.business_id) if link is not None else None
        if link is None or business is None:
            raise LinkUnknown
        if link.disabled:
            raise LinkClosed(business, link.origins)
        return Door(link, business)

    def token(self, door: Door) -> str:
        """For one sending of the form."""
        return self._tokens.issue(door.link.code)

    async def take(self, door: Door, entry: Entry, visit: Visit) -> bool:
        """Whether it holds already, or waits for the customer to confirm it on WhatsApp. Whoever enters a number learns
        nothing else of it. Raises TooManyRequests, FormRefused or InvalidRequest."""
        address = network_of(visit.address) if visit.address is not None else "none"
        self._limits.count("address", address)
        self._limits.count("link", door.link.id.hex)
        refusal = self._tokens.refusal(door.link.code, entry.token)
        if refusal is not None:
            _refuse(refusal)
        if entry.trap:
            raise FormTrapped("The field is for programs that fill in whatever they find.")
        checked = _checked(door, entry)
        self._limits.count("phone", f"{door.business.business_id.hex} {checked.phone}")
        self._tokens.use_up(entry.token)
        try:
            return await despite_collision(lambda: self._enter(door, entry, checked, visit), "opt-in by form collided")
        except BaseException:
            self._tokens.give_back(entry.token)
            raise

    async def _enter(self, door: Door, entry: Entry, checked: _Checked, visit: Visit) -> bool:
        link, business, now = door.link, door.business, self._clock.now()
        acts = self._acts(door, entry, checked, visit, now)
        async with self._database.transaction() as session:
            await self._consent.lock(session, [business.business_id], refusing=False)
            key = ContactKey(business.business_id, link.mode, "phone", checked.phone)
            contact = await repository.ensure_contact(session, key)
            if contact is None:
                raise RuntimeError("a contact named by phone is made where it is missing")
            # Anybody may type anybody's number: what is known of its owner stays.
            contact.name = contact.name or checked.name
            contact.language = contact.language or visit.language
            refused = (await holdings.holding(session, contact)).stance.states
            proven = [_to_be_proven(act, refused) for act in acts]
            entered = await self._consent.enter(session, business, contact, proven, now)
            if all(act.act is Act.OPT_IN for act in proven):
                await self._links.count_opt_in(session, business.business_id, link.id)
        await self._consent.follow_up(business, contact, entered)
        return all(act.act is Act.OPT_IN for act in acts)

    def _acts(self, door: Door, entry: Entry, checked: _Checked, visit: Visit, now: datetime) -> Sequence[NewAct]:
        wording, version = door.wording(visit.language)
        body = ConsentIn.model_construct(
            act="opt_in",
            topics=list(checked.topics),
            source=_source(door.link, entry.mode),
            place=door.link.place or (origin_of(entry.page) if entry.page is not None else None),
            actor="customer",
            wording=wording,
            wording_version=version,
            language=visit.language,
            address=visit.address,
            double_opt_in=door.link.double_opt_in,
        )
        acts = [replace(act, link_id=door.link.id, page=entry.page) for act in acts_of(body, door.business, now)]
        if not door.choosable:
            return acts
        asked, own = say(visit.language, "which_topics"), door.business.offered_topics
        return [
            replace(act, wording=f"{asked} {label_of(act.topic, visit.language, own)}\n{act.wording}") for act in acts
        ]


def _to_be_proven(act: NewAct, states: Mapping[str, str]) -> NewAct:
    """Anybody may type anybody's number: what its owner refused only the owner takes back, on WhatsApp. Whoever typed
    it is not told, or the form would say who has refused."""
    is_refused = ConsentState.OPTED_OUT in (states.get(act.topic), states.get(ALL_TOPICS))
    return replace(act, act=Act.OPT_IN_REQUEST) if act.act is Act.OPT_IN and is_refused else act


def _source(link: LinkInUse, mode: SnippetMode | None) -> str:
    """How the snippet showed it, where the link is for websites at all."""
    return _SOURCES[mode].value if mode is not None and link.source in _SOURCES.values() else link.source


def _checked(door: Door, entry: Entry) -> _Checked:
    """Raises InvalidRequest with all that is wrong."""
    faults: list[FieldError] = []
    phone = ""
    try:
        phone = normalize_phone(entry.phone.strip(), door.business.country)
    except PhoneError as error:
        faults.append(FieldError(pointer="#/phone", code="phone", message=str(error)))
    name = None
    if entry.name.strip():
        try:
            name = _NAME.validate_python(entry.name)
        except ValidationError:
            message = "must be at most 100 characters that can be seen"
            faults.append(FieldError(pointer="#/name", code="name", message=message))
    topics = tuple(one for one in door.choosable if one in entry.topics) or door.link.topics
    if door.choosable and not set(entry.topics) & set(door.choosable):
        faults.append(FieldError(pointer="#/topics", code="topics", message="choose at least one that is offered"))
    if not entry.agreed:
        faults.append(FieldError(pointer="#/agreed", code="agreed", message="nothing is recorded without agreement"))
    if faults:
        raise InvalidRequest.from_faults(faults)
    return _Checked(phone, name, topics)


def _refuse(refusal: FormRefusal) -> NoReturn:
    match refusal:
        case "form_token_expired":
            raise FormTokenExpired("Fetch the form again.")
        case "form_token_used":
            raise FormTokenUsed("Each form is for one sending: fetch it again.")
        case "form_too_fast":
            raise FormTooFast("Send it again in a moment.")
        case "form_token_invalid":
            raise FormTokenInvalid("Fetch the form of this very link first.")
