"""What an event would become as a message: its language, its template with the values in it, and its fate. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from app.accounts.directory import BusinessAccount, SenderAccount
from app.consent.repository import ContactKey, KnownContact
from app.consent.test_lists import Limit
from app.consent.time_zones import time_zone_of
from app.core.problems import FieldError, InternalError, InvalidRequest, Problem
from app.events.event_type import EventType, Occurrence
from app.events.fields import CustomerRequest
from app.experiments.running import Running
from app.messages.choosing import Choice, LanguageChoice, chain_of, choose_language
from app.messages.decision import Decision, Timing, consent_for, decide
from app.messages.errors import TemplateMissing, TemplateUnusable
from app.messages.preferring import quiet_hours_of
from app.messages.schemas import EventIn
from app.messages.short_links import Shortened, ShortLink, ShortLinks
from app.messages.states import Status
from app.messages.trials import Assigned, Trials
from app.templates.book import BookedTemplate
from app.templates.chains import Chain
from app.templates.compiled import Fill, Misfit
from app.templates.states import Usability

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Intake:
    """One event on its way to a message."""

    event_type: EventType[Any]
    body: EventIn
    business: BusinessAccount
    sender: SenderAccount
    book: dict[tuple[str, str], BookedTemplate]
    contact: ContactKey
    short_links: ShortLinks
    chains: Mapping[str, Chain]
    """By event type, of those that have more than their own template."""
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """By event type, of those that only a test list gets."""
    test_list: Limit | None = None
    """That the request itself asks for."""
    already_confirmed: bool = False
    """Of a confirmation that is sent once: it was."""
    experiments: Mapping[str, Running] = field(default_factory=dict)
    """By event type, those that run."""
    trials: Trials | None = None
    """How those stand, once that is looked up."""

    @property
    def chain(self) -> Chain:
        """Names of the templates that it may be told by, the first choice first."""
        return chain_of(self.chains, self.event_type)

    @property
    def limited_to(self) -> list[Limit]:
        by_type = self.limits.get(self.event_type.name)
        return [limit for limit in (by_type, self.test_list) if limit is not None]

    @property
    def possible_experiments(self) -> list[Running]:
        """Of its own event type, and of that of the reminders that it may bring about."""
        if not self.experiments:
            return []
        reminders = self.event_type.reminders
        names = {self.event_type.name, *([reminders.event_type] if reminders is not None else [])}
        return [self.experiments[name] for name in sorted(names) if name in self.experiments]

    def assigned(self, contact: KnownContact) -> Assigned | None:
        """What only a test list gets is no part of an experiment."""
        experiment = self.experiments.get(self.event_type.name) if self.experiments else None
        if experiment is None or self.trials is None or self.limited_to:
            return None
        return self.trials.assigned(experiment, contact.id)


@dataclass(frozen=True, slots=True)
class Composition:
    """A message before it is one."""

    language: LanguageChoice
    template: BookedTemplate
    fill: Fill
    decision: Decision
    expires_at: datetime
    quiet_zone: str | None
    """The customer's zone, where the event type keeps quiet hours."""
    links: tuple[ShortLink, ...] = ()
    """Those that lead by way of our own address."""
    assigned: Assigned | None = None
    """To an arm of an experiment, unless it is suppressed."""


def compose(item: Intake, contact: KnownContact, now: datetime) -> Composition:
    """Decides and fills. Raises Problem."""
    body, event_type = item.body, item.event_type
    _check_request(event_type.request(body.data), now)
    language = choose_language(body.contact.language, contact.language, body.language, item.business.language)
    zone = _time_zone(item, contact)
    assigned = item.assigned(contact)
    choice, template, short = _filled_template(item, contact, language.language, zone, assigned)
    expires_at = body.expires_at or max(body.send_at or now, now) + event_type.time_to_live
    quiet_zone = zone if event_type.keeps_quiet_hours else None
    quiet = quiet_hours_of(contact.preferences, item.business)
    timing = Timing(now, body.send_at, expires_at, quiet, quiet_zone)
    decision = decide(
        event_type,
        contact.consents,
        language,
        template,
        timing,
        obstacle=choice.obstacle(template),
        preferences=contact.preferences,
        on_lists={limit.test_list: contact.id in limit.members for limit in item.limited_to},
        already_confirmed=item.already_confirmed,
    )
    if assigned is not None:
        counts = decision.status is not Status.SUPPRESSED
        decision.rules.append(assigned.rule(template.name, counts=counts))
        assigned = assigned if counts else None
    return Composition(language, template, short.fill, decision, expires_at, quiet_zone, short.links, assigned)


def unexpected(error: Exception, item: Intake) -> Problem:
    """What an event is answered with when our own code fails over it, which is logged."""
    log.error("event not decided", event_type=item.event_type.name, exc_info=error)
    return InternalError()


def _check_request(request: CustomerRequest | None, now: datetime) -> None:
    """A customer cannot have asked yet for what they will ask for."""
    if request is not None and request.requested_at > now:
        raise InvalidRequest.at("#/data/request/requested_at", "in_the_future", "must not lie in the future")


def _filled_template(
    item: Intake, contact: KnownContact, language: str, zone: str, assigned: Assigned | None
) -> tuple[Choice, BookedTemplate, Shortened]:
    """By the template of the contact's arm where that can serve, and otherwise as if there were no experiment: nobody
    is to miss a message for having been chosen. Raises Problem."""
    chain = item.chain
    if assigned is not None:
        tried = assigned.arm.template
        others = tuple(name for name in chain if name != tried)
        choice = _choice(item, language, (tried, *others))
        template = _template(item, choice, contact)
        short, misfits = _filled(item, contact, template, zone)
        permitted = consent_for(item.event_type, template.category, contact.consents).permitted
        if template.name != tried or not others or (permitted and not misfits):
            return choice, template, _fitting(item, short, misfits)
        chain = others
    choice = _choice(item, language, chain)
    template = _template(item, choice, contact)
    return choice, template, _fitting(item, *_filled(item, contact, template, zone))


def _filled(item: Intake, contact: KnownContact, template: BookedTemplate, zone: str) -> tuple[Shortened, list[Misfit]]:
    name = item.body.contact.name or contact.name
    occurrence = Occurrence(item.body.data, template.language, name, item.business.time_zone, zone)
    fill = template.compiled.completed(item.event_type.fill(occurrence))
    short = item.short_links.shorten(template.compiled, fill)
    return short, [*short.misfits, *template.compiled.misfits(short.fill)]


def _fitting(item: Intake, short: Shortened, misfits: Sequence[Misfit]) -> Shortened:
    """Raises InvalidRequest."""
    if misfits:
        event_type = item.event_type
        raise InvalidRequest.from_faults(
            [FieldError(pointer=event_type.pointer(one), code=one.code, message=one.message) for one in misfits]
        )
    return short


def _choice(item: Intake, language: str, chain: Chain) -> Choice:
    return Choice.of(item.book, chain, item.business, item.event_type, language)


def _template(item: Intake, choice: Choice, contact: KnownContact) -> BookedTemplate:
    template = choice.first(lambda one: consent_for(item.event_type, one.category, contact.consents).permitted)
    if template is None:
        raise _missing(item, choice)
    if template.usability is Usability.UNUSABLE:
        reason = f" ({template.rejected_reason})" if template.rejected_reason else ""
        raise TemplateUnusable(f'The template "{template.name}" ({template.language}) is {template.status}{reason}.')
    return template


def _missing(item: Intake, choice: Choice) -> TemplateMissing:
    there = sorted({language for name, language in item.book if name in choice.chain})
    names = " or ".join(f'"{name}"' for name in choice.chain)
    what = f"No template {names} in {', '.join(choice.languages)} is known for the account {item.sender.waba_id}"
    if not there:
        return TemplateMissing(f"{what}, nor in any other language: submit it with `ulak templates apply`.")
    return TemplateMissing(
        f"{what}, only in {', '.join(there)}: submit it in one of the former, or make one of the latter a fallback "
        "language of the business."
    )


def _time_zone(item: Intake, contact: KnownContact) -> str:
    given = item.body.contact.time_zone or contact.time_zone
    phone = item.contact.value if item.contact.kind == "phone" else None
    return time_zone_of(given, phone, item.business.time_zone)
