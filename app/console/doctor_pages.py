"""The check-up: traffic lights for every number, with what to do. Meta is asked when the page is there, which waits for
nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.keys import Scope
from app.console.desk import Desk, Pages
from app.console.visits import Visit
from app.doctor.outcomes import OF_INSTALLATION, WORST_FIRST, Finding, Outcome, in_order, worst
from app.doctor.schemas import CheckOut, check_out
from app.doctor.service import KEPT_FOR, SOONEST, CheckUps
from app.doctor.words import tell_all, title

_WRONG = (Outcome.FAILED, Outcome.WARNING)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Checks that could not be made, for the same reason."""

    titles: list[str]
    why: str


@dataclass(frozen=True, slots=True)
class Card:
    """What was found of the installation, or of one number."""

    heading: str
    about: str
    outcome: Outcome
    wrong: list[CheckOut]
    unknown: list[Unknown]
    fine: list[CheckOut]


def doctor_pages(desk: Desk, check_ups: CheckUps) -> APIRouter:
    pages = Pages(desk)

    async def found(visit: Visit) -> dict[str, Any]:
        is_again = visit.request.query_params.get("again") == "1"
        patience: timedelta = SOONEST if is_again else KEPT_FOR
        ups = await check_ups.of_senders(visit.session.business_id, visit.mode, no_older_than=patience)
        cards = [
            _card(visit, one.verified_name, one.display_phone_number, [each for each in one.findings if _is_own(each)])
            for one in ups
        ]
        if ups:
            shared = [each for each in ups[0].findings if not _is_own(each)]
            cards.append(_card(visit, visit.say("doctor_installation"), "", shared))
        cards.sort(key=lambda card: WORST_FIRST.index(card.outcome))
        return {"cards": cards, "checked_at": min((one.checked_at for one in ups), default=None)}

    @pages.get("/doctor", Scope.SENDERS_READ)
    async def doctor(visit: Visit) -> Response:
        """Without scripts nothing is fetched afterwards, and `now` asks Meta before the page is answered."""
        is_now = visit.request.query_params.get("now") == "1"
        values = await found(visit) if is_now else {"cards": None, "checked_at": None}
        return visit.page("doctor.html", visit.say("doctor_title"), **values)

    @pages.get("/doctor/found", Scope.SENDERS_READ, is_background=True)
    async def shown(visit: Visit) -> Response:
        return visit.fragment("doctor_found.html", **await found(visit))

    return pages.router


def _is_own(finding: Finding) -> bool:
    return finding.check not in OF_INSTALLATION


def _card(visit: Visit, heading: str, about: str, findings: Sequence[Finding]) -> Card:
    ordered = in_order(findings)

    def told(*outcomes: Outcome) -> list[CheckOut]:
        return [check_out(one, visit.language, visit.zone) for one in ordered if one.outcome in outcomes]

    return Card(heading, about, worst(ordered), told(*_WRONG), _unknown(visit, ordered), told(Outcome.OK))


def _unknown(visit: Visit, findings: Sequence[Finding]) -> list[Unknown]:
    """By reason: a token that is refused makes twenty checks unknown, and says so once."""
    by_reason: dict[str, list[str]] = {}
    for one in findings:
        if one.outcome is Outcome.UNKNOWN:
            why = " ".join(tell_all(one.found, visit.language, visit.zone))
            by_reason.setdefault(why, []).append(title(one.check, visit.language))
    return [Unknown(titles, why) for why, titles in by_reason.items()]
