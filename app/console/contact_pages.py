"""A contact: who it is, what it allows and by which acts, what it got and what it wrote."""

from uuid import UUID

import pydantic
from fastapi import APIRouter
from starlette.responses import Response

from app.accounts import repository as accounts
from app.accounts.keys import Scope
from app.consent.repository import ContactKey, no_such_contact
from app.consent.rules import ALL_TOPICS
from app.consent.schemas import ConsentIn, is_visible
from app.consent.service import ConsentService
from app.console.acting import acting, text_of
from app.console.desk import Desk, Pages, require
from app.console.message_pages import row_of
from app.console.navigation import PATH
from app.console.speaking import Speech
from app.console.visits import Visit
from app.core.database import Database
from app.core.ids import parse_id, public_id
from app.core.problems import problem_of
from app.messages import repository as messages
from app.messages.repository import Filters
from app.pages.preferences import PreferencePages
from app.pages.schemas import PreferenceLinkIn
from app.replies.repository import Filters as ReplyFilters
from app.replies.service import ReplyService

CONTACTS = f"{PATH}/contacts"
_LAST = 20
"""Messages and replies; the rest stands in their lists."""
_NAME_MOST = 100


def contact_pages(
    desk: Desk,
    database: Database,
    consent: ConsentService,
    replies: ReplyService,
    preferences: PreferencePages,
) -> APIRouter:
    pages = Pages(desk)

    async def shown(visit: Visit, *, link: str | None = None) -> Response:
        key = key_of(visit)
        found, contact_id = await consent.contact(key)
        ledger = await consent.consents(key)
        windows = await replies.windows(visit.session.business_id, contact_id)
        may_read = visit.may(Scope.MESSAGES_READ)
        page = await replies.page(
            visit.session.business_id, visit.mode, ReplyFilters(contact_id=contact_id), cursor=None, size=_LAST
        )
        async with database.transaction() as session:
            filters = Filters(person_id=contact_id)
            rows = await messages.page(session, visit.session.business_id, visit.mode, filters, before=None, size=_LAST)
            paused = {row.id: row.probe_at for row in await accounts.paused_senders(session, visit.session.business_id)}
        return visit.page(
            "contact.html",
            found.name or found.phone or visit.say("contact_title"),
            contact=found,
            acts=list(reversed(ledger.acts)),
            windows=windows,
            rows=[row_of(one, paused) for one in rows] if may_read else None,
            replies=page.replies if may_read else None,
            numbers={sender.public_id: sender.display_phone_number for sender in visit.business.senders},
            agreed=[one.topic for one in found.consents if one.state == "opted_in"],
            link=link,
            all_topics=ALL_TOPICS,
            speech=Speech.to(visit),
        )

    @pages.get("/contacts/{contact_id}", Scope.CONTACTS_READ)
    async def contact(visit: Visit) -> Response:
        return await shown(visit)

    @pages.post("/contacts/{contact_id}/opt-out", Scope.CONTACTS_WRITE)
    async def opt_out(visit: Visit) -> Response:
        """By a member of staff, in the customer's name: the ledger says who."""
        key = key_of(visit)
        path = f"{CONTACTS}/{public_id('con', UUID(key.value))}"
        staff = text_of(visit, "staff", _NAME_MOST)
        if not is_visible(staff):
            return visit.to(f"{path}?staff=missing#opt-out")
        try:
            act = ConsentIn(
                act="opt_out",
                topics=[text_of(visit, "topic") or ALL_TOPICS],
                source="support_agent",
                actor=f"staff:{staff}",
                place=visit.say("opt_out_place"),
                confirm=text_of(visit, "confirm") == "yes" and text_of(visit, "topic") in ("", ALL_TOPICS),
            )
        except pydantic.ValidationError as error:
            raise problem_of(error) from error
        with acting(visit, "opt contact out", contact=path.rpartition("/")[2]):
            await consent.contact(key)  # one that was erased is nobody
            await consent.record(key, act)
        return visit.to(path, "done_opted_out")

    @pages.post("/contacts/{contact_id}/preference-link", Scope.CONTACTS_WRITE)
    async def link(visit: Visit) -> Response:
        """Shown by the answer itself: whoever has it may change the contact's preferences, and no address is to keep
        it. Nothing is stored by it. The answer is the contact's page, for those who may see that."""
        require(visit, Scope.CONTACTS_READ)
        key = key_of(visit)
        with acting(visit, "make preference link", contact=public_id("con", UUID(key.value))):
            made = await preferences.link(key, PreferenceLinkIn())
        return await shown(visit, link=made.url)

    return pages.router


def key_of(visit: Visit) -> ContactKey:
    """Raises NotFound."""
    found = parse_id("con", visit.request.path_params["contact_id"])
    if found is None:
        raise no_such_contact()
    return ContactKey(visit.session.business_id, visit.mode, "id", str(found))
