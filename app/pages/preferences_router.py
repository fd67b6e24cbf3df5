"""The preference centre over HTTP: a link for the business to send, and the page that it opens."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import FormData

from app.accounts.auth import authenticate
from app.accounts.directory import BusinessAccount, Directory
from app.accounts.keys import Scope
from app.consent.fold import Act, Stance
from app.consent.preferences import Channel, FrequencyCap
from app.consent.router import ContactName, contact_key
from app.consent.rules import ALL_TOPICS, ConsentState, is_promotional
from app.consent.topics import label_of
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, is_unavailable
from app.core.languages import OurLanguage
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Unauthorized,
    responses,
)
from app.pages import rendering
from app.pages.addresses import Network
from app.pages.choices import (
    CAPS,
    Choice,
    cap_as_text,
    cap_from_text,
    clock_time,
    is_out,
    quiet_as_text,
    quiet_from_text,
    remark_on,
)
from app.pages.done import done_in, done_mark
from app.pages.errors import LinkExpired, LinkUnknown, TooManyRequests
from app.pages.limits import Limits
from app.pages.masking import masked
from app.pages.preferences import LONGEST_PAUSE, PATH, Opened, PreferencePages, Visit
from app.pages.schemas import PreferenceLinkIn, PreferenceLinkOut
from app.pages.visits import address_of, asked_language, browser_language
from app.pages.words import said_moment, said_time, say

log = structlog.get_logger(__name__)

_FIELDS_MOST = 300


def preferences_router(
    directory: Directory, pages: PreferencePages, limits: Limits, clock: Clock, proxies: tuple[Network, ...]
) -> APIRouter:
    router = APIRouter(tags=["Contacts and consent"])

    @router.post(
        "/v1/contacts/{contact}/preference-link",
        operation_id="make_preference_link",
        summary="Make a link to a contact's preference centre",
        responses=responses(Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, NotFound),
    )
    async def make_preference_link(request: Request, contact: ContactName, body: PreferenceLinkIn) -> PreferenceLinkOut:
        """The page behind it shows the contact what holds, in the business's name and colour, and lets it choose
        topics, frequency, channel and quiet hours, pause, leave everything and come back. Send the link to the contact
        alone, by WhatsApp, SMS or e-mail. Nothing is stored: an earlier link stays good until it expires."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        return await pages.link(await contact_key(directory, caller, contact), body)

    door = _Pages(pages, limits, clock, proxies)
    router.add_api_route(PATH + "/{token}", door.answered, methods=["GET", "HEAD", "POST"], include_in_schema=False)
    return router


class _Pages:
    def __init__(self, pages: PreferencePages, limits: Limits, clock: Clock, proxies: tuple[Network, ...]) -> None:
        self._pages = pages
        self._limits = limits
        self._clock = clock
        self._proxies = proxies

    async def answered(self, request: Request) -> Response:
        try:
            return await (self._sent(request) if request.method == "POST" else self._shown(request))
        except LinkUnknown:
            return rendering.unknown(asked_language(request) or browser_language(request))
        except LinkExpired as expired:
            language = asked_language(request) or expired.language
            return _expired(expired, language or browser_language(request, expired.business.language))
        except (DBAPIError, *UNAVAILABLE) as error:
            if not is_unavailable(error):
                raise
            log.warning("preference page not available", error=type(error).__name__)
            return rendering.unavailable(asked_language(request) or browser_language(request))

    async def _shown(self, request: Request) -> Response:
        opened = await self._pages.open(request.path_params["token"])
        mark = request.query_params.get("done", "")
        done = done_in(opened.business.secret, opened.contact_id.hex, mark, self._clock.now())
        if done is not None and not _still(done, opened, self._clock):
            done = None
        return _page(opened, _language(request, opened), self._clock, done=done, mark=mark if done else None)

    async def _sent(self, request: Request) -> Response:
        opened = await self._pages.open(request.path_params["token"])
        language = _language(request, opened)
        visit = Visit(language, address_of(request, self._proxies))
        async with request.form(max_files=0, max_fields=_FIELDS_MOST) as form:
            try:
                if form.get("action") != "leave":  # which nobody is to be kept from
                    self._limits.count("preferences", opened.contact_id.hex)
                done, errors = await _acted(self._pages, opened, form, visit)
            except TooManyRequests as refused:
                return _page(opened, language, self._clock, refused=refused, form=form)
        if errors:
            return _page(opened, language, self._clock, errors=errors, form=form)
        mark = done_mark(opened.business.secret, opened.contact_id.hex, done, self._clock.now())
        query = {"done": mark} | ({"lang": language} if asked_language(request) else {})
        # Relative: whatever stands before our path, the browser keeps it.
        return Response(status_code=303, headers={**rendering.PRIVATE, "Location": f"?{urlencode(query)}"})


def _still(done: str, opened: Opened, clock: Clock) -> bool:
    """Whether what was done holds yet: it may have been undone in the chat, or on the page in another window."""
    states = opened.stance.states
    paused = _is_paused(opened.stance.preferences.paused_until.get(ALL_TOPICS), clock)
    match done:
        case "left":
            return is_out(states)
        case "back":
            return not is_out(states)
        case "requested":
            return ConsentState.PENDING in states.values()
        case "paused":
            return paused
        case "resumed":
            return not paused
    return True


def _is_paused(until: datetime | None, clock: Clock) -> bool:
    return until is not None and until > clock.now()


def _language(request: Request, opened: Opened) -> OurLanguage:
    return asked_language(request) or opened.language or browser_language(request, opened.business.language)


def _expired(expired: LinkExpired, language: OurLanguage) -> Response:
    business = expired.business
    sender = business.sender(expired.mode)
    ways = [("website", business.website)]
    if sender is not None:
        number = "".join(letter for letter in sender.display_phone_number if letter.isdigit())
        ways.insert(0, ("chat", f"https://wa.me/{number}"))
    texts = ("expired_text", "expired_stop")
    return rendering.notice(language, "expired", texts, business=business, status=410, ways=tuple(ways))


async def _acted(pages: PreferencePages, opened: Opened, form: FormData, visit: Visit) -> tuple[str, dict[str, str]]:
    """What was done, or the errors by field."""
    match form.get("action"):
        case "leave":
            await pages.leave(opened, visit)
            done = "left"
        case "come_back":
            acts = await pages.come_back(opened, visit)
            done = "requested" if Act.OPT_IN_REQUEST in acts else "back"
        case "resume":
            await pages.resume(opened, str(form.get("topic", ALL_TOPICS)), visit)
            done = "resumed"
        case "pause":
            day = _day(form)
            if day is None or not await pages.pause(opened, day, visit):
                return "", {"until": say(visit.language, "error_pause_until")}
            done = "paused"
        case "save":
            return await _saved(pages, opened, form, visit)
        case _:
            done = "unchanged"
    return done, {}


async def _saved(pages: PreferencePages, opened: Opened, form: FormData, visit: Visit) -> tuple[str, dict[str, str]]:
    try:
        shown, wanted = _choices(opened, form)
    except ValueError:
        return "", {"quiet": say(visit.language, "error_quiet")}
    acts = await pages.save(opened, shown, wanted, visit)
    if Act.OPT_IN_REQUEST in acts:
        return "requested", {}
    return "saved" if acts else "unchanged", {}


def _day(form: FormData) -> date | None:
    try:
        return date.fromisoformat(str(form.get("until", "")))
    except ValueError:
        return None


def _choices(opened: Opened, form: FormData) -> tuple[Choice, Choice]:
    """What the page showed, and what was sent. Raises ValueError for times that were chosen and not given; what else
    cannot be read was not sent by our page, and counts as left alone."""
    offered = frozenset(opened.offered)
    shown = Choice(
        offered & frozenset(map(str, form.getlist("shown_topic"))),
        _read(cap_from_text, form.get("shown_cap"), opened.choice.cap),
        _read(Channel, form.get("shown_channel"), opened.choice.channel),
        _read(quiet_from_text, form.get("shown_quiet"), opened.choice.quiet_hours),
    )
    quiet = shown.quiet_hours
    if form.get("quiet") == "business":
        quiet = None
    elif form.get("quiet") == "own":
        quiet = clock_time(str(form.get("begins", ""))), clock_time(str(form.get("ends", "")))
    wanted = Choice(
        offered & frozenset(map(str, form.getlist("topic"))),
        _read(cap_from_text, form.get("cap"), shown.cap),
        _read(Channel, form.get("channel"), shown.channel),
        quiet,
    )
    return shown, wanted


def _read(parse: Any, text: Any, otherwise: Any) -> Any:
    try:
        return parse(str(text))
    except ValueError:
        return otherwise


def _page(
    opened: Opened,
    language: OurLanguage,
    clock: Clock,
    *,
    done: str | None = None,
    mark: str | None = None,
    errors: dict[str, str] | None = None,
    refused: TooManyRequests | None = None,
    form: FormData | None = None,
) -> Response:
    """`mark`: what says in the address that it was done. `form`: what was sent, where it was not taken."""
    business, stance, choice = opened.business, opened.stance, opened.choice
    today = clock.now().astimezone(opened.zone).date()
    is_paused = _is_paused(stance.preferences.paused_until.get(ALL_TOPICS), clock)
    is_save = form is not None and form.get("action") == "save"
    until = str(form.get("until", "")) if form is not None and form.get("action") == "pause" else None
    return rendering.page(
        "preferences.html",
        language,
        say(language, "preferences_title"),
        business=business,
        status=refused.status if refused is not None else 422 if errors else 200,
        headers=refused.headers if refused is not None else None,
        is_wrong=bool(errors or refused),
        mark=mark,
        phone=masked(opened.phone) if opened.phone is not None else None,
        done=say(language, f"done_{done}", business=business.name) if done else None,
        error=say(language, "error_many" if refused is not None else "errors") if errors or refused else None,
        errors=errors or {},
        now=_standing(opened, language, clock),
        is_out=is_out(stance.states),
        is_paused=is_paused,
        paused_topics=[] if is_paused else _paused_topics(opened, language, clock),
        topics=_topics(opened, language, form if is_save else None),
        topics_wording=say(language, "topics", business=business.name),
        caps=[(cap_as_text(cap), _cap(cap, language)) for cap in _caps(choice.cap)],
        channels=[(one.value, say(language, f"channel_{one.value}")) for one in Channel],
        quiet_of_business=_quiet_of(business, language),
        shown={
            "cap": cap_as_text(choice.cap),
            "channel": choice.channel.value,
            "quiet": quiet_as_text(choice.quiet_hours),
        },
        ticked=_ticked(choice, form if is_save else None),
        pause={
            "value": until if until is not None else today + timedelta(days=7),
            "first": today + timedelta(days=1),
            "last": today + LONGEST_PAUSE,
        },
        back_wording=say(language, "back_wording", business=business.name),
        leave_text=say(language, "leave_text", business=business.name),
    )


def _topics(opened: Opened, language: OurLanguage, form: FormData | None) -> list[dict[str, Any]]:
    ticked = opened.choice.topics if form is None else frozenset(map(str, form.getlist("topic")))
    return [
        {
            "name": topic,
            "label": label_of(topic, language, opened.business.offered_topics),
            "shown": topic in opened.choice.topics,
            "ticked": topic in ticked,
            "is_promotional": is_promotional(topic),
            "remark": remark_on(opened.stance.states, topic),
        }
        for topic in opened.offered
    ]


def _paused_topics(opened: Opened, language: OurLanguage, clock: Clock) -> list[tuple[str, str]]:
    """Each with what its button says that ends the pause."""
    own = opened.business.offered_topics
    return [
        (topic, say(language, "resume_topic", topic=label_of(topic, language, own)))
        for topic, until in sorted(opened.stance.preferences.paused_until.items())
        if _is_paused(until, clock)
    ]


def _ticked(choice: Choice, form: FormData | None) -> dict[str, str]:
    """What the form's fields hold: what holds, or what was sent."""
    quiet = choice.quiet_hours
    begins, ends = (at.isoformat("minutes") for at in quiet) if quiet is not None else ("", "")
    held = {
        "cap": cap_as_text(choice.cap),
        "channel": choice.channel.value,
        "quiet": "own" if quiet is not None else "business",
        "begins": begins,
        "ends": ends,
    }
    return held if form is None else {name: str(form.get(name, value)) for name, value in held.items()}


def _caps(own: FrequencyCap | None) -> list[FrequencyCap | None]:
    return [None, *CAPS, *([own] if own is not None and own not in CAPS else [])]


def _cap(cap: FrequencyCap | None, language: OurLanguage) -> str:
    if cap is None:
        return say(language, "no_cap")
    kind = {1: "cap_day", 7: "cap_week", 30: "cap_month"}.get(cap.days, "cap_days")
    return say(language, kind, most=cap.most, days=cap.days)


def _quiet_of(business: BusinessAccount, language: OurLanguage) -> str:
    if business.quiet_from == business.quiet_to:
        return say(language, "quiet_business_none")
    begins, ends = said_time(business.quiet_from, language), said_time(business.quiet_to, language)
    return say(language, "quiet_business", begins=begins, ends=ends)


def _standing(opened: Opened, language: OurLanguage, clock: Clock) -> list[str]:
    """What holds now, in sentences."""
    stance, name, now = opened.stance, opened.business.name, clock.now()
    said = [say(language, f"now_{_kind(stance)}", business=name)]
    if ConsentState.PENDING in stance.states.values():
        said.append(say(language, "now_pending"))
    for topic, until in sorted(stance.preferences.paused_until.items()):
        if until > now:
            told = said_moment(until.astimezone(opened.zone), language)
            label = label_of(topic, language, opened.business.offered_topics)
            kind = "now_paused" if topic == ALL_TOPICS else "now_topic_paused"
            said.append(say(language, kind, topic=label, until=told))
    for topic, cap in sorted(stance.preferences.caps.items()):
        if topic != ALL_TOPICS:
            label = label_of(topic, language, opened.business.offered_topics)
            said.append(say(language, "now_topic_cap", topic=label, cap=_cap(cap, language)))
    return said


def _kind(stance: Stance) -> str:
    if not any(state == ConsentState.OPTED_IN for state in stance.states.values()):
        return "off"
    return "on" if stance.states.get(ALL_TOPICS) == ConsentState.OPTED_IN else "some"
