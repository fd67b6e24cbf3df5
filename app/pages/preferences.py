"""The preference centre: what a customer reaches by a signed link, sees there, and changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory
from app.accounts.models import Mode
from app.consent import holdings, repository
from app.consent.fold import Act, Deed, Stance
from app.consent.ledger import NewAct
from app.consent.repository import Contact, ContactKey
from app.consent.rules import ALL_TOPICS, ConsentState, is_promotional
from app.consent.service import ConsentService
from app.consent.sources import Source
from app.consent.time_zones import time_zone_of
from app.consent.topics import label_of
from app.core.clock import Clock
from app.core.database import Database, despite_collision
from app.core.ids import public_id
from app.core.languages import OurLanguage, known_language
from app.core.secrets import SecretBox
from app.messages.confirmations import OptOutConfirmations
from app.pages.choices import Choice, changes, choice_of
from app.pages.errors import LinkExpired, LinkUnknown
from app.pages.schemas import PreferenceLinkIn, PreferenceLinkOut
from app.pages.tokens import PreferenceToken, open_preferences, seal_preferences
from app.pages.words import WORDING_VERSION, say

log = structlog.get_logger(__name__)

PATH = "/p"
LONGEST_PAUSE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Opened:
    """A preference centre as it stands: whose, and what holds."""

    business: BusinessAccount
    mode: Mode
    contact_id: UUID
    phone: str | None
    bsuid: str | None
    language: OurLanguage | None
    """Of the link, else of the customer; nothing where neither says one that the pages speak."""
    zone: ZoneInfo
    stance: Stance

    @property
    def offered(self) -> tuple[str, ...]:
        return tuple(self.business.offered_topics)

    @property
    def choice(self) -> Choice:
        return choice_of(self.stance, self.offered)


@dataclass(frozen=True, slots=True)
class Visit:
    """How an act on the page is recorded."""

    language: OurLanguage
    address: str | None


Decide = Callable[[Stance], Sequence[Deed]]
"""From what holds once nobody else changes it."""


class PreferencePages:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        consent: ConsentService,
        confirmations: OptOutConfirmations,
        secrets: SecretBox,
        clock: Clock,
        base_url: str,
    ) -> None:
        self._database = database
        self._directory = directory
        self._consent = consent
        self._confirmations = confirmations
        self._secrets = secrets
        self._clock = clock
        self._base_url = base_url

    async def link(self, key: ContactKey, body: PreferenceLinkIn) -> PreferenceLinkOut:
        """Raises NotFound for who is not, or no longer, a contact."""
        async with self._database.transaction() as session:
            contact = await repository.find_contact(session, key)
        if contact is None or contact.ended_at is not None:
            raise repository.no_such_contact()
        # To the second, as the address carries it.
        expires_at = (self._clock.now() + timedelta(days=body.valid_days)).replace(microsecond=0)
        mode: Mode = "live" if key.mode == "live" else "test"
        token = PreferenceToken(key.business_id, mode, contact.id, expires_at, body.language or "")
        sealed = seal_preferences(self._secrets, token)
        return PreferenceLinkOut(url=f"{self._base_url}{PATH}/{sealed}", expires_at=expires_at)

    async def open(self, sealed: str) -> Opened:
        """Raises LinkUnknown or LinkExpired."""
        token, business = await self._read(sealed)
        async with self._database.transaction() as session:
            contact = await self._contact(session, token, business)
            held = await holdings.holding(session, contact)
        return Opened(
            business=business,
            mode=token.mode,
            contact_id=contact.id,
            phone=contact.phone,
            bsuid=contact.bsuid,
            language=known_language(token.language) or known_language(contact.language),
            zone=ZoneInfo(time_zone_of(contact.time_zone, contact.phone, business.time_zone)),
            stance=held.stance,
        )

    async def save(self, opened: Opened, shown: Choice, wanted: Choice, visit: Visit) -> Sequence[Act]:
        """The acts that it came to, of what the customer changed."""

        def decide(stance: Stance) -> Sequence[Deed]:
            return changes(shown, wanted, choice_of(stance, opened.offered))

        return await self._record(opened, decide, visit)

    async def leave(self, opened: Opened, visit: Visit) -> None:
        """Nothing is sent from its commit on, but for one confirmation."""

        def decide(stance: Stance) -> Sequence[Deed]:
            left = {topic for topic, state in stance.states.items() if state != ConsentState.STOPPED_AT_META}
            done = left == {ALL_TOPICS} and stance.states[ALL_TOPICS] == ConsentState.OPTED_OUT
            return [] if done else [Deed(Act.OPT_OUT)]

        await self._record(opened, decide, visit)
        await self._confirm(opened)

    async def come_back(self, opened: Opened, visit: Visit) -> Sequence[Act]:
        def decide(stance: Stance) -> Sequence[Deed]:
            return [] if stance.states.get(ALL_TOPICS) == ConsentState.OPTED_IN else [Deed(Act.OPT_IN)]

        return await self._record(opened, decide, visit)

    async def pause(self, opened: Opened, day: date, visit: Visit) -> bool:
        """Until the day begins where the customer lives. Whether that is a day that a pause may end on."""
        until = datetime.combine(day, time(), opened.zone)
        now = self._clock.now()
        if not now < until <= now + LONGEST_PAUSE:
            return False
        deed = Deed(Act.PAUSE, ALL_TOPICS, {"until": until.isoformat()})
        await self._record(opened, lambda _: [deed], visit)
        return True

    async def resume(self, opened: Opened, topic: str, visit: Visit) -> None:
        """One topic that is paused by itself, or all that is paused."""

        def decide(stance: Stance) -> Sequence[Deed]:
            paused = stance.preferences.paused_until
            return [Deed(Act.RESUME, topic)] if topic in paused or (topic == ALL_TOPICS and paused) else []

        await self._record(opened, decide, visit)

    async def _read(self, sealed: str) -> tuple[PreferenceToken, BusinessAccount]:
        token = open_preferences(self._secrets, sealed)
        if token is None:
            raise LinkUnknown
        business = await self._directory.business(token.business_id)
        if business is None:
            raise LinkUnknown
        if token.expires_at <= self._clock.now():
            raise LinkExpired(business, token.mode, known_language(token.language))
        return token, business

    async def _contact(self, session: AsyncSession, token: PreferenceToken, business: BusinessAccount) -> Contact:
        """Who the link was made for, or who that turned out to be."""
        key = ContactKey(token.business_id, token.mode, "id", str(token.contact_id))
        contact = await repository.find_contact(session, key)
        if contact is None or contact.ended_at is not None:
            raise LinkExpired(business, token.mode, known_language(token.language))
        return contact

    async def _record(self, opened: Opened, decide: Decide, visit: Visit) -> Sequence[Act]:
        return await despite_collision(lambda: self._entered(opened, decide, visit), "act on a page collided")

    async def _entered(self, opened: Opened, decide: Decide, visit: Visit) -> Sequence[Act]:
        business, now = opened.business, self._clock.now()
        async with self._database.transaction() as session:
            await self._consent.lock(session, [business.business_id], refusing=True)
            key = ContactKey(business.business_id, opened.mode, "id", str(opened.contact_id))
            contact = await repository.ensure_contact(session, key)
            if contact is None or contact.ended_at is not None:
                raise LinkExpired(business, opened.mode, visit.language)
            held = await holdings.holding(session, contact)
            acts = [self._act(business, deed, visit, now) for deed in decide(held.stance)]
            entered = await self._consent.enter(session, business, contact, acts, now) if acts else None
        if entered is not None:
            await self._consent.follow_up(business, contact, entered)
        return [act.act for act in acts]

    def _act(self, business: BusinessAccount, deed: Deed, visit: Visit, now: datetime) -> NewAct:
        wording = self._wording(business, deed, visit.language)
        act = Act.OPT_IN_REQUEST if deed.act is Act.OPT_IN and business.double_opt_in else deed.act
        return NewAct(
            act=act,
            source=Source.PREFERENCE_PAGE.value,
            occurred_at=now,
            topic=deed.topic,
            value=dict(deed.value) if deed.value is not None else None,
            wording=wording,
            wording_version=WORDING_VERSION,
            language=visit.language,
            address=visit.address,
        )

    def _wording(self, business: BusinessAccount, deed: Deed, language: OurLanguage) -> str:
        """What stood on the page beside what the customer did."""
        match deed.act:
            case Act.OPT_IN | Act.OPT_OUT if deed.topic != ALL_TOPICS:
                label = label_of(deed.topic, language, business.offered_topics)
                note = f" ({say(language, 'promotional')})" if is_promotional(deed.topic) else ""
                return f"{say(language, 'topics', business=business.name)} {label}{note}"
            case Act.RESUME if deed.topic != ALL_TOPICS:
                label = label_of(deed.topic, language, business.offered_topics)
                return say(language, "resume_topic", topic=label)
            case Act.OPT_IN:
                return say(language, "back_wording", business=business.name)
            case Act.OPT_OUT:
                return say(language, "leave")
        return say(language, _HEADINGS[deed.act])

    async def _confirm(self, opened: Opened) -> None:
        """Of the act by which the customer is out, however often the button was pressed: also where a process ended
        between the act and its confirmation."""
        async with self._database.transaction() as session:
            rows = await holdings.consents(session, opened.business.business_id, opened.contact_id)
        act = next((one for one in rows if one.topic == ALL_TOPICS and one.state == ConsentState.OPTED_OUT), None)
        sender = opened.business.sender(opened.mode)
        if act is None or sender is None:
            return
        named = {"phone": opened.phone} if opened.phone is not None else {"bsuid": opened.bsuid}
        await self._confirmations.confirm(sender, named, "website", public_id("act", act.act_id), act.since)


_HEADINGS = {
    Act.PAUSE: "pause",
    Act.RESUME: "resume",
    Act.FREQUENCY: "frequency",
    Act.CHANNEL: "channel",
    Act.QUIET_HOURS: "quiet",
}
