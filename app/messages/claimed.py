"""What to do with a claimed message: the decision of its acceptance, asked once more now that it counts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from pydantic import ValidationError

from app.accounts.directory import BusinessAccount, SenderAccount
from app.consent.preferences import Channel, Preferences
from app.consent.repository import read_consents, read_preferences
from app.consent.test_lists import Limit
from app.core.ids import created_at, public_id
from app.events.event_type import EventType, Occurrence
from app.messages import failures, preferring
from app.messages.choosing import Book, Choice, chain_of
from app.messages.decision import NOT_ON_TEST_LIST, consent_for, list_rule, quiet_hours_rule
from app.messages.free_form import FreeForm
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.short_links import Shortened, ShortLink, ShortLinks
from app.messages.statements.batch import as_json
from app.messages.statements.claims import Settled, Switched
from app.messages.states import WAITING, Event, Status, after
from app.messages.verdicts import verdict
from app.messages.windows import WINDOW_CLOSED
from app.templates.book import BookedTemplate
from app.templates.chains import Chain
from app.templates.compiled import Fill, HeaderMedia, with_id_at_meta
from app.templates.states import NOTICED
from app.whatsapp.payloads import Recipient, template_message

log = structlog.get_logger(__name__)

_SHORTEST_HOLD = timedelta(seconds=5)
_LONGEST_HOLD = timedelta(minutes=10)
"""How soon a held message is looked at again: a claim may hold it by what it knew of the template just before that was
announced to have changed, and then nothing announces it any more. Less often the longer it waits, so that many of them
leave the sender's claims to what can go."""

_CHANGED = "template_changed"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a claim knows beside the rows: whose they are, what Meta holds, and the time."""

    business: BusinessAccount
    sender: SenderAccount
    book: Book
    chains: Mapping[str, Chain]
    """By event type, of those that have more than their own template."""
    now: datetime
    short_links: ShortLinks
    limits: Mapping[str, Limit]
    """By event type, of those that only a test list gets."""

    def choice(self, event_type: EventType[Any], language: str) -> Choice:
        return Choice.of(self.book, chain_of(self.chains, event_type), self.business, event_type, language)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of the business in a message that goes out: our id, and Meta's for the number."""

    media_id: UUID
    meta_id: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with the message's values in it."""

    template: BookedTemplate
    fill: Fill

    @property
    def header(self) -> HeaderMedia | None:
        return self.fill.header

    @property
    def version(self) -> int:
        return self.template.version

    def with_file(self, meta_id: str) -> "Filled":
        """As it goes out; what is stored keeps our id."""
        if self.fill.header is None:
            return self
        return Filled(self.template, replace(self.fill, header=with_id_at_meta(self.fill.header, meta_id)))

    def payload(self, recipient: Recipient, callback_data: str) -> dict[str, Any]:
        template = self.template
        components = template.compiled.components(self.fill)
        return template_message(recipient, template.name, template.language, components, callback_data)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send."""

    id: UUID
    number: int
    sender: SenderAccount
    contact_id: UUID
    event_type: EventType[Any]
    recipient: str
    said: Filled | FreeForm
    expires_at: datetime
    preferences: Preferences
    """What its customer prefers."""
    file: SentFile | None = None
    """In its header, as `said` has it then by Meta's id."""

    @property
    def template(self) -> BookedTemplate | None:
        """None of what is free in its form."""
        return self.said.template if isinstance(self.said, Filled) else None

    @property
    def other_channel(self) -> Channel | None:
        """By which its customer is to be told, if not by this one."""
        return preferring.other_channel(self.preferences, self.event_type)

    def payload(self) -> dict[str, Any]:
        recipient = (
            Recipient(phone=self.recipient) if self.recipient.startswith("+") else Recipient(bsuid=self.recipient)
        )
        return self.said.payload(recipient, public_id(MESSAGE_PREFIX, self.id))


@dataclass(frozen=True, slots=True)
class Lost:
    """Whoever was sending it is gone: it may have left."""

    id: UUID
    number: int
    event_type: EventType[Any] | None


@dataclass(frozen=True, slots=True)
class Unheard:
    """Accepted by Meta a while ago, and no receipt came."""

    id: UUID
    wamid: str
    accepted_at: datetime
    sender: SenderAccount


@dataclass(frozen=True, slots=True)
class NeedsVariant:
    """Its template cannot be used or had better not be, another one of the event type can; or its template is not the
    one any more that it was filled for, since Meta approved an edit. It must be filled anew."""

    row: asyncpg.Record
    event_type: EventType[Any]
    templates: Sequence[BookedTemplate]
    """The first that takes the message's values is used."""
    reason: str
    otherwise: Settled | None = None
    """What becomes of it where none does, if it is not to wait for one."""

    def is_own(self, template: BookedTemplate) -> bool:
        return (template.name, template.language) == (self.row["template_name"], self.row["language"])


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing that its event type may be told by can be used just now, whoever the customer is: neither can any other
    message of the type by this template."""

    settled: Settled
    event_type: str
    template_name: str
    language: str


Prepared = Claimed | Settled | Lost | Unheard | NeedsVariant | Blocked


def prepare(row: asyncpg.Record, occasion: Occasion, event_type: EventType[Any] | None) -> Prepared:
    """`event_type` is missing where a newer version knows it, while this one is still running."""
    was = Status(row["was"])
    if was is Status.SENDING:
        return Lost(row["id"], row["attempt_count"], event_type)
    if was is Status.ACCEPTED:
        return Unheard(row["id"], row["wamid"], row["accepted_at"], occasion.sender)
    return _settle_or_send(row, was, occasion, event_type)


def _settle_or_send(
    row: asyncpg.Record, was: Status, occasion: Occasion, event_type: EventType[Any] | None
) -> Prepared:
    now = occasion.now
    ended = _ended(row, now) if was in WAITING else None
    if ended is not None:
        return ended
    if event_type is None:
        return settled(
            row, Event.HELD, reason="event_type_unknown", waiting_for="version", due_at=_look_again(row, now)
        )
    if was is Status.UNCONFIRMED:
        return _after_window(row, resend=event_type.on_unconfirmed == "resend" and row["stop"] is None, now=now)
    if was not in WAITING:
        log.error("claimed what was not waiting", message=public_id(MESSAGE_PREFIX, row["id"]), status=was)
        return settled(row, Event.HELD, reason=None)
    return _prepare_waiting(row, occasion, event_type)


def _ended(row: asyncpg.Record, now: datetime) -> Settled | None:
    """By time, or by somebody's wish."""
    if _is_shut_out(row, now):
        rule = verdict("window", "expire", now, expires_at=_as_text(row["window_until"]))
        return settled(row, Event.EXPIRED, reason=WINDOW_CLOSED, rules=[rule])
    if row["expires_at"] <= now:
        rule = verdict("expiry", "expire", now, waited_for=row["reason"])
        return settled(row, Event.EXPIRED, reason="expired", rules=[rule])
    if row["stop"] is not None:
        return settled(row, Event.CANCELED, reason=row["stop"], rules=[verdict("stop", "cancel", now)])
    return None


def _prepare_waiting(row: asyncpg.Record, occasion: Occasion, event_type: EventType[Any]) -> Prepared:
    now = occasion.now
    if row["astray"]:
        return settled(row, Event.HELD, reason=None, due_at=now)  # to be claimed for whom it is for now
    silenced = _silenced(row, event_type, None, now) or _limited(row, occasion)
    if silenced is not None:
        return silenced
    preferences = read_preferences(row["preferences"])
    undisturbed = _undisturbed(row, occasion, event_type, preferences)
    if undisturbed is not None:
        return undisturbed
    if row["template_name"] is None:
        return _claimed(row, occasion.sender, event_type, FreeForm.from_json(row["fill"]))
    return _by_template(row, occasion, event_type, preferences)


def _is_shut_out(row: asyncpg.Record, now: datetime) -> bool:
    """Whether its window closed while it waited. Whose contact has changed is looked for anew first: the window has
    changed with it."""
    if row["template_name"] is not None or row["astray"]:
        return False
    return row["window_until"] is None or bool(row["window_until"] <= now)


def _as_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _by_template(
    row: asyncpg.Record, occasion: Occasion, event_type: EventType[Any], preferences: Preferences
) -> Prepared:
    """By its own template where nothing stands against that, else by the next of the event type's chain."""
    now, choice = occasion.now, occasion.choice(event_type, row["language"])
    template = occasion.book.get((row["template_name"], row["language"]))
    fill = Fill.from_json(row["fill"])
    reason = _why_unusable(choice, template, fill)
    if template is not None and preferring.other_channel(preferences, event_type) and _fits(template, fill):
        reason = None  # whatever Meta thinks of the template: it is not by Meta that the customer is told

    def permitted(one: BookedTemplate) -> bool:
        return _silenced(row, event_type, one, now) is None

    if template is None or reason is not None:
        others = [one for one in choice.usable(permitted) if one is not template or reason == _CHANGED]
        if others:
            return NeedsVariant(row, event_type, others, reason or "template_missing")
        held = _hold_for_template(row, reason or "template_missing", now)
        if reason == _CHANGED or any(choice.usable()):
            return held
        return Blocked(held, event_type.name, row["template_name"], row["language"])
    silenced = _silenced(row, event_type, template, now)
    if silenced is not None:
        others = list(choice.usable(permitted))
        return NeedsVariant(row, event_type, others, str(silenced.reason), silenced) if others else silenced
    if rather := choice.rather_than(template, permitted):
        return NeedsVariant(row, event_type, [*rather, template], NOTICED)
    return _claimed(row, occasion.sender, event_type, Filled(template, fill))


def _undisturbed(
    row: asyncpg.Record, occasion: Occasion, event_type: EventType[Any], preferences: Preferences
) -> Settled | None:
    """By what the customer prefers, a pause or quiet hours, or by the business's quiet hours."""
    now = occasion.now
    pause = preferring.pause_of(preferences, event_type, now)
    if pause is not None:
        outlasted = pause.outlasts(row["expires_at"])
        rules = [pause.rule(outlasted=outlasted, at=now)]
        if outlasted:
            return settled(row, Event.SUPPRESSED, reason=preferring.PAUSED, rules=rules)
        return settled(
            row, Event.HELD, reason=preferring.PAUSED, waiting_for=preferring.PAUSE, due_at=pause.until, rules=rules
        )
    if row["time_zone"] is None:
        return None
    rules = []
    quiet = preferring.quiet_hours_of(preferences, occasion.business)
    until = quiet_hours_rule(rules, quiet, row["time_zone"], now, now)
    if until is None:
        return None
    due_at = min(until, row["expires_at"])
    return settled(row, Event.HELD, reason="quiet_hours", waiting_for="quiet_hours", due_at=due_at, rules=rules)


def _silenced(
    row: asyncpg.Record, event_type: EventType[Any], template: BookedTemplate | None, now: datetime
) -> Settled | None:
    """By what the customer decided of such messages, and, with a template, of what Meta makes of that."""
    category = template.category if template is not None else None
    if template is not None and category != "MARKETING":
        return None  # then it asks for no more than its event type does
    consent = consent_for(event_type, category, read_consents(row["consents"]))
    if consent.permitted:
        return None
    rule = verdict("consent", "suppress", now, topic=event_type.topic, category=category, state=consent.reason)
    return settled(row, Event.SUPPRESSED, reason=consent.reason, rules=[rule])


def _limited(row: asyncpg.Record, occasion: Occasion) -> Settled | None:
    """A limit that was set while the message waited holds for it, too."""
    limit = occasion.limits.get(row["event_type"])
    if limit is None or row["contact_id"] in limit.members:
        return None
    rule = list_rule(limit.test_list, is_on_it=False, at=occasion.now)
    return settled(row, Event.SUPPRESSED, reason=NOT_ON_TEST_LIST, rules=[rule])


def switch(
    wanted: NeedsVariant, occasion: Occasion, data: str, codes: Mapping[int, str], *, may_have_left: bool
) -> tuple[Claimed, Switched, tuple[ShortLink, ...]] | Settled:
    """Fills the message for another template; where none takes its values, it waits for one that does, unless its own
    may be used and the customer does not agree to that. `codes` of links that it has
    already are used again. What may have left by one template is only ever sent again by the same: the customer would
    be told twice, in different words."""
    row, event_type = wanted.row, wanted.event_type
    for template in wanted.templates:
        if may_have_left and not wanted.is_own(template):
            continue
        short = _filled(wanted, template, occasion, data, codes)
        if short is None:
            continue
        rule = verdict(
            "template",
            "refill" if wanted.is_own(template) else "switch",
            occasion.now,
            name=template.name,
            language=template.language,
            instead_of=f"{row['template_name']} ({row['language']})",
            why=wanted.reason,
        )
        switched = Switched(row["id"], template.name, template.language, short.fill.as_json(), as_json([rule]))
        return _claimed(row, occasion.sender, event_type, Filled(template, short.fill)), switched, short.links
    return wanted.otherwise or _hold_for_template(row, wanted.reason, occasion.now)


def _filled(
    wanted: NeedsVariant, template: BookedTemplate, occasion: Occasion, data: str, codes: Mapping[int, str]
) -> Shortened | None:
    """Nothing where the template cannot take the message's values, or our own code fails over them: the sender's other
    messages are not to wait for that."""
    row, event_type = wanted.row, wanted.event_type
    try:
        occurrence = Occurrence(
            event_type.payload.model_validate_json(data),
            template.language,
            event_type.customer_name(Fill.from_json(row["fill"]).texts),
            occasion.business.time_zone,
            row["time_zone"],
        )
        short = occasion.short_links.shorten(
            template.compiled, template.compiled.completed(event_type.fill(occurrence)), codes
        )
        return None if short.misfits or template.compiled.misfits(short.fill) else short
    except ValidationError:
        # Stored by a version whose payloads were others.
        return None
    except Exception:
        log.exception("message not filled", message=public_id(MESSAGE_PREFIX, row["id"]), event_type=event_type.name)
        return None


def _claimed(
    row: asyncpg.Record, sender: SenderAccount, event_type: EventType[Any], said: Filled | FreeForm
) -> Claimed:
    return Claimed(
        row["id"],
        row["attempt_count"],
        sender,
        row["contact_id"],
        event_type,
        row["recipient"],
        said,
        row["expires_at"],
        read_preferences(row["preferences"]),
    )


def held_back(message: Claimed, *, reason: str, waiting_for: str, due_at: datetime) -> Settled:
    """A message that was ready and must give way: to its customer's pace, or to its portfolio's limit."""
    return Settled(
        id=message.id,
        status=after(Status.QUEUED, Event.HELD),
        reason=reason,
        waiting_for=waiting_for,
        due_at=min(due_at, message.expires_at),
        failed_at=None,
        uncount=True,
        note=None,
        failure=None,
    )


def kept_back(message: Claimed, *, reason: str, rule: dict[str, Any]) -> Settled:
    """A message that was ready and is not sent: its customer has enough, or prefers another channel."""
    return Settled(
        id=message.id,
        status=after(Status.QUEUED, Event.SUPPRESSED),
        reason=reason,
        waiting_for=None,
        due_at=None,
        failed_at=None,
        uncount=True,
        note=as_json([rule]),
        failure=None,
    )


def given_up(message: Claimed, *, reason: str, failure: dict[str, Any], now: datetime) -> Settled:
    """A message that was ready and never can be sent."""
    return Settled(
        id=message.id,
        status=after(Status.SENDING, Event.ANSWER_REFUSED),
        reason=reason,
        waiting_for=None,
        due_at=None,
        failed_at=now,
        uncount=True,
        note=as_json([verdict("media", "fail", now, because=reason)]),
        failure=as_json(failure),
    )


def _hold_for_template(row: asyncpg.Record, reason: str, now: datetime) -> Settled:
    return settled(row, Event.HELD, reason=reason, waiting_for="template", due_at=_look_again(row, now))


def _look_again(row: asyncpg.Record, now: datetime) -> datetime:
    age = now - created_at(row["id"])
    due_at: datetime = min(now + min(max(_SHORTEST_HOLD, age / 4), _LONGEST_HOLD), row["expires_at"])
    return due_at


def _after_window(row: asyncpg.Record, *, resend: bool, now: datetime) -> Settled:
    """No receipt settled it in time: the event type says whether telling twice or not telling is worse."""
    if resend and row["expires_at"] > now:
        rule = verdict("unconfirmed", "resend", now, attempts=row["attempt_count"])
        return settled(row, Event.WINDOW_RESEND, reason="unconfirmed_resend", due_at=now, rules=[rule])
    rule = verdict("unconfirmed", "fail", now, attempts=row["attempt_count"], stopped=row["stop"])
    failure = failures.ours(
        "unconfirmed",
        "The request went out, but Meta neither answered nor reported on the message in time.",
        "Ask the customer before sending it again: it may have arrived.",
    )
    return settled(row, Event.WINDOW_FAILED, reason="unconfirmed", rules=[rule], failed_at=now, failure=failure)


def _why_unusable(choice: Choice, template: BookedTemplate | None, fill: Fill) -> str | None:
    if template is None:
        return "template_missing"
    return choice.obstacle(template) or (None if _fits(template, fill) else _CHANGED)


def _fits(template: BookedTemplate, fill: Fill) -> bool:
    return not template.compiled.misfits(fill)


def settled(
    row: asyncpg.Record,
    event: Event,
    *,
    reason: str | None,
    waiting_for: str | None = None,
    due_at: datetime | None = None,
    rules: list[dict[str, Any]] | None = None,
    failed_at: datetime | None = None,
    failure: dict[str, Any] | None = None,
) -> Settled:
    was = Status(row["was"])
    return Settled(
        id=row["id"],
        status=after(was, event),
        reason=reason,
        waiting_for=waiting_for,
        due_at=due_at,
        failed_at=failed_at,
        uncount=was in WAITING,
        note=as_json(rules) if rules else None,
        failure=as_json(failure) if failure else None,
    )
