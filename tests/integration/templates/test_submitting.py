"""Submitting templates to Meta, editing and deleting them, lifting pauses, and accepting what Meta makes of them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.problems import InvalidRequest, NotFound
from app.templates import chains
from app.templates.definition import TemplateDefinition
from app.templates.errors import (
    EditLimit,
    MetaUnreachable,
    NameBarred,
    NotEditable,
    NotPaused,
    RefusedByMeta,
    TemplateExists,
    TooManyVariants,
)
from app.templates.models import Template
from app.templates.service import ALREADY_EXISTS, Account, Author
from tests.integration.templates.mirrored import LIST, definition, history, listed, lists, row, saying, versions
from tests.support.driving import count, refusal, rows
from tests.support.graph_templates import GraphTemplates

MORE = "Merhaba {{customer_name}}, siparişiniz bize ulaştı, teşekkür ederiz."
YET_MORE = "Merhaba {{customer_name}}, siparişinizi aldık ve hazırlamaya başladık."
AUTHOR = Author("api", "key_1")
DAY = timedelta(days=1)


async def submitted(container: Container, account: Account, wanted: TemplateDefinition | None = None) -> Template:
    return await container.templates.submit(account, wanted or definition(), AUTHOR)


async def edited(container: Container, account: Account, template_id: UUID, text: str, **more: Any) -> Template:
    return await container.templates.edit(account, template_id, definition(text, **more), AUTHOR)


async def approved(container: Container, account: Account, at_meta: GraphTemplates) -> UUID:
    """A template that we submitted and Meta approved."""
    at_meta.status = "APPROVED"
    made = await submitted(container, account)
    return made.id


async def test_what_is_submitted_is_meta_body_and_our_first_version(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    answer = {"id": "88", "status": "PENDING", "category": "UTILITY"}
    route = graph.post(LIST).respond(json=answer)
    await submitted(container, account, definition(time_to_live=3600, event_type="order-confirmed"))
    request = route.calls.last.request
    assert request.headers["authorization"] == "Bearer access-token"
    assert orjson.loads(request.content) == {
        "name": "order_confirmed",
        "language": "tr",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "message_send_ttl_seconds": 3600,
        "components": saying(definition().body),
    }
    found = await row(connection)
    assert (found["meta_id"], found["status"], found["draft"]) == ("88", "PENDING", None)
    assert (found["time_to_live"], found["event_type"], found["approved_at"]) == (3600, "order-confirmed", None)
    assert found["known_at"] == clock.now()
    (version,) = await versions(connection)
    assert (version["number"], version["origin"], version["approved_at"]) == (1, "ulak", None)
    assert await history(connection) == [
        ("submitted", "api", {"category": "UTILITY"}),
        ("status", "api", {"from": "DRAFT", "to": "PENDING"}),
    ]
    assert await connection.fetchval("SELECT DISTINCT actor FROM template_changes") == "key_1"


async def test_template_for_an_event_type_is_the_last_of_its_chain(
    container: Container, account: Account, at_meta: GraphTemplates
) -> None:
    for name in ("order_confirmed_short", "order_confirmed_short", "order_confirmed"):
        for language in ("tr", "en"):
            wanted = definition(name=name, language=language, event_type="order-confirmed")
            if (name, language) not in at_meta.rows:
                await submitted(container, account, wanted)
    async with container.database.transaction() as session:
        chain = await chains.read(session, account.business_id, account.mode, "order-confirmed")
    assert chain == ("order_confirmed", "order_confirmed_short")


async def test_template_that_is_edited_for_an_event_type_joins_its_chain(
    container: Container, account: Account, at_meta: GraphTemplates
) -> None:
    async def edit(text: str) -> chains.Chain | None:
        wanted = definition(text, name="order_confirmed_short", event_type="order-confirmed")
        await container.templates.edit(account, made.id, wanted, AUTHOR)
        async with container.database.transaction() as session:
            return await chains.read(session, account.business_id, account.mode, "order-confirmed")

    at_meta.status = "REJECTED"
    made = await submitted(container, account, definition(name="order_confirmed_short"))
    assert await edit(MORE) == ("order_confirmed", "order_confirmed_short")
    # Whom people have taken out of it since, no further edit brings back.
    async with container.database.transaction() as session:
        await chains.write(session, account.business_id, account.mode, "order-confirmed", None)
    assert await edit(YET_MORE) is None


async def test_chain_that_is_full_takes_no_more_and_meta_is_not_asked(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    def wanted(number: int, text: str = MORE) -> TemplateDefinition:
        return definition(text, name=f"order_confirmed_{number}", event_type="order-confirmed")

    at_meta.status = "APPROVED"
    for number in range(chains.LONGEST - 1):  # the event type's own is the first
        await submitted(container, account, wanted(number))
    apart = await submitted(container, account, definition(name="order_confirmed_apart"))
    before, calls = await rows(connection), list(at_meta.calls)
    for asked in (
        container.templates.submit(account, wanted(chains.LONGEST), AUTHOR),
        container.templates.edit(
            account, apart.id, definition(MORE, name="order_confirmed_apart", event_type="order-confirmed"), AUTHOR
        ),
    ):
        with pytest.raises(TooManyVariants):
            await asked
    assert (await rows(connection), at_meta.calls) == (before, calls)
    await submitted(
        container, account, definition(MORE, name="order_confirmed_0", language="en", event_type="order-confirmed")
    )
    async with container.database.transaction() as session:
        of_type = (session, account.business_id, account.mode, "order-confirmed")
        full = await chains.read(*of_type)
        assert full is not None
        assert len(full) == chains.LONGEST
        assert await chains.promote(*of_type, "order_confirmed_apart") == ("order_confirmed_apart", *full[:-1])
        moved = await chains.promote(*of_type, "order_confirmed_3")
        assert moved == await chains.read(*of_type)
        assert (moved[0], set(moved)) == ("order_confirmed_3", {"order_confirmed_apart", *full[:-1]})


async def test_languages_that_are_submitted_at_once_join_one_chain(
    container: Container, account: Account, at_meta: GraphTemplates
) -> None:
    wanted = [
        definition(name="order_confirmed_short", language=one, event_type="order-confirmed")
        for one in ("tr", "en", "de")
    ]
    await asyncio.gather(*(submitted(container, account, one) for one in wanted))
    assert len(at_meta.calls) == len(wanted)
    async with container.database.transaction() as session:
        chain = await chains.read(session, account.business_id, account.mode, "order-confirmed")
    assert chain == ("order_confirmed", "order_confirmed_short")


async def test_what_breaks_the_rules_is_refused_with_its_place_and_nothing_is_asked_or_kept(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    route = graph.post(LIST).respond(json={"id": "88", "status": "PENDING"})
    before = await rows(connection)
    wrong = definition(
        "Merhaba {{a}} {{b}}, siparişiniz yola çıktı ve yarın elinizde olur.", samples={"a": "A", "b": "B"}
    )
    with pytest.raises(InvalidRequest) as raised:
        await submitted(container, account, wrong)
    assert [(one.pointer, one.message) for one in raised.value.errors] == [
        ("#/body", "two variables need words between them")
    ]
    assert not route.calls
    assert await rows(connection) == before


async def test_what_meta_refuses_stays_as_a_draft_and_can_be_submitted_again(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    route = graph.post(LIST).mock(return_value=refusal(100, details="Two variables touch each other."))
    with pytest.raises(RefusedByMeta, match="Two variables touch each other"):
        await submitted(container, account)
    found = await row(connection)
    assert (found["status"], found["meta_id"], found["version"]) == ("DRAFT", None, 0)
    assert orjson.loads(found["draft"])["body"] == definition().body
    assert await history(connection) == []
    route.respond(json={"id": "88", "status": "PENDING", "category": "UTILITY"})
    assert (await submitted(container, account)).status == "PENDING"
    assert (await row(connection))["draft"] is None


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("silent")])
async def test_where_meta_is_not_reached_the_draft_stays(
    container: Container,
    account: Account,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    failure: httpx.HTTPError,
) -> None:
    graph.post(LIST).mock(side_effect=failure)
    with pytest.raises(MetaUnreachable):
        await submitted(container, account)
    assert (await row(connection))["status"] == "DRAFT"
    lists(graph, listed(status="PENDING"))
    await container.templates.sync(account)
    (version,) = await versions(connection)
    assert (version["origin"], (await row(connection))["status"]) == ("ulak", "PENDING"), "Meta had it after all"


async def test_template_that_exists_at_meta_is_taken_over(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    lists(graph, listed())
    error = {"code": 100, "error_subcode": ALREADY_EXISTS, "message": "exists"}
    graph.post(LIST).respond(400, json={"error": error})
    with pytest.raises(TemplateExists):
        await submitted(container, account)
    assert (await row(connection))["status"] == "APPROVED"
    with pytest.raises(TemplateExists, match="APPROVED"):
        await submitted(container, account)


async def test_two_who_submit_the_same_at_once_make_one_template(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    outcomes = await asyncio.gather(
        *(submitted(container, account, definition(name=name)) for name in ("a", "b")), return_exceptions=True
    )
    assert not any(isinstance(one, BaseException) for one in outcomes), "each of another name"
    assert sorted(at_meta.calls) == ["POST a tr", "POST b tr"]

    def again(request: httpx.Request) -> httpx.Response:
        if ("c", "tr") in at_meta.rows:
            return httpx.Response(400, json={"error": {"code": 100, "error_subcode": ALREADY_EXISTS, "message": "x"}})
        found = at_meta.holds(orjson.loads(request.content), status="PENDING")
        return httpx.Response(200, json={"id": found["id"], "status": "PENDING", "category": "UTILITY"})

    at_meta.creating.mock(side_effect=again)
    both = await asyncio.gather(
        *(submitted(container, account, definition(name="c")) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["Template", "TemplateExists"]
    assert await connection.fetchval("SELECT count(*) FROM templates WHERE name = 'c'") == 1


async def test_name_of_what_was_approved_and_deleted_is_barred_for_thirty_days(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await container.templates.delete(account, await approved(container, account, at_meta), AUTHOR)
    clock.advance(30 * DAY - timedelta(seconds=1))
    with pytest.raises(NameBarred):
        await submitted(container, account)
    assert at_meta.calls == ["POST order_confirmed tr", "DELETE order_confirmed tr"]
    clock.advance(timedelta(seconds=1))
    at_meta.status = "PENDING"
    await submitted(container, account, definition(MORE))
    found = await row(connection)
    assert (found["status"], found["version"], found["approved_at"]) == ("PENDING", 2, None)
    assert (found["deleted_at"], found["edits"]) == (None, [])


async def test_name_of_what_was_never_approved_is_free_at_once(
    container: Container, account: Account, at_meta: GraphTemplates
) -> None:
    made = await submitted(container, account)
    await container.templates.delete(account, made.id, AUTHOR)
    assert (await submitted(container, account)).status == "PENDING"


async def test_template_that_meta_files_as_marketing_at_once_is_known_to_be_made_something_else_of(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    at_meta.category = "MARKETING"
    await submitted(container, account)
    found = await row(connection)
    assert (found["category"], found["previous_category"]) == ("MARKETING", "UTILITY")
    assert ("category", "api", {"from": "UTILITY", "to": "MARKETING"}) in await history(connection)


async def test_marketing_that_stays_marketing_was_made_nothing_else_of(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    await submitted(container, account, definition(category="MARKETING"))
    found = await row(connection)
    assert (found["category"], found["previous_category"], found["category_changed_at"]) == ("MARKETING", None, None)


async def test_what_became_of_it_before_the_answer_came_stands(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    """The review may be over before we hear that it began."""
    lists(graph, listed(id="88", status="APPROVED"))

    async def create(_request: httpx.Request) -> httpx.Response:
        await container.templates.sync(account)
        return httpx.Response(200, json={"id": "88", "status": "PENDING", "category": "UTILITY"})

    graph.post(LIST).mock(side_effect=create)
    await submitted(container, account)
    found = await row(connection)
    assert (found["status"], found["draft"], found["version"]) == ("APPROVED", None, 1)
    assert [one["number"] for one in await versions(connection)] == [1]


async def test_an_edit_is_reviewed_as_a_new_version_and_counted_once(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    template_id = await approved(container, account, at_meta)
    at_meta.status = "PENDING"
    await edited(container, account, template_id, MORE)
    found = await row(connection)
    assert (found["status"], found["version"], found["edits"]) == ("PENDING", 2, [clock.now()])
    assert [one["origin"] for one in await versions(connection)] == ["ulak", "ulak"]
    at_meta.rows["order_confirmed", "tr"]["status"] = "APPROVED"
    clock.advance(timedelta(minutes=1))
    await container.templates.sync(account)
    assert [one["approved_at"] for one in await versions(connection)] == [
        clock.now() - timedelta(minutes=1),
        clock.now(),
    ]
    assert [kind for kind, *_ in await history(connection)].count("components") == 1
    assert len((await row(connection))["edits"]) == 1


async def test_edits_of_an_approved_template_are_limited_by_the_clock(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    template_id = await approved(container, account, at_meta)
    texts = [MORE, YET_MORE]
    for number in range(10):
        await edited(container, account, template_id, texts[number % 2])
        clock.advance(DAY - timedelta(seconds=1))
        with pytest.raises(EditLimit):
            await edited(container, account, template_id, texts[(number + 1) % 2])
        clock.advance(timedelta(seconds=1))
    with pytest.raises(EditLimit):
        await edited(container, account, template_id, MORE)
    assert at_meta.calls.count("EDIT order_confirmed tr") == 10
    clock.advance(20 * DAY)
    await edited(container, account, template_id, MORE)
    assert len((await row(connection))["edits"]) == 10, "the first is older than thirty days"


@pytest.mark.parametrize("status", ["REJECTED", "PAUSED"])
async def test_rejected_and_paused_templates_are_edited_without_limit(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection, status: str
) -> None:
    at_meta.status = status
    made = await submitted(container, account)
    for text in (MORE, YET_MORE, MORE):
        await edited(container, account, made.id, text)
    found = await row(connection)
    assert (found["version"], found["edits"]) == (4, [])


async def test_after_a_rejection_the_category_can_be_changed(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    at_meta.status = "REJECTED"
    made = await submitted(container, account)
    at_meta.status = "PENDING"
    await edited(container, account, made.id, definition().body, category="MARKETING")
    assert at_meta.rows["order_confirmed", "tr"]["category"] == "MARKETING"
    assert ((await row(connection))["category"], (await row(connection))["version"]) == ("MARKETING", 1)


async def test_the_category_of_an_approved_template_cannot_be_changed(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    before = await rows(connection)
    with pytest.raises(NotEditable, match="category"):
        await edited(container, account, template_id, definition().body, category="MARKETING")
    assert await rows(connection) == before


@pytest.mark.parametrize(
    "status", ["DRAFT", "PENDING", "DISABLED", "ARCHIVED", "DELETED", "PENDING_DELETION", "IN_APPEAL", "LOCKED"]
)
async def test_what_meta_lets_nobody_edit_is_not_edited(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection, status: str
) -> None:
    made = await submitted(container, account)
    await connection.execute("UPDATE templates SET status = $1", status)
    before = await rows(connection)
    with pytest.raises(NotEditable, match=status):
        await edited(container, account, made.id, MORE)
    assert await rows(connection) == before
    assert at_meta.calls == ["POST order_confirmed tr"]


async def test_an_edit_that_meta_refuses_leaves_what_was_submitted_and_costs_none(
    container: Container,
    account: Account,
    at_meta: GraphTemplates,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
) -> None:
    template_id = await approved(container, account, at_meta)
    before = await row(connection)
    at_meta.editing.mock(return_value=refusal(100, details="One edit in 24 hours."))
    with pytest.raises(RefusedByMeta, match="One edit in 24 hours"):
        await edited(container, account, template_id, MORE)
    found = await row(connection)
    assert orjson.loads(found["draft"])["body"] == MORE
    assert {**found, "draft": None} == before
    assert len(await versions(connection)) == 1


async def test_an_edit_whose_answer_is_lost_is_known_for_ours_when_it_is_seen(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    at_meta.editing.mock(side_effect=httpx.ReadTimeout("silent"))
    with pytest.raises(MetaUnreachable):
        await edited(container, account, template_id, MORE)
    at_meta.rows["order_confirmed", "tr"] |= {"status": "PENDING", "components": saying(MORE)}
    await container.templates.sync(account)
    assert [one["origin"] for one in await versions(connection)] == ["ulak", "ulak"]
    assert len((await row(connection))["edits"]) == 1


async def test_where_the_edited_template_cannot_be_read_it_is_in_review(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    at_meta.reading.mock(return_value=httpx.Response(502))
    await edited(container, account, template_id, MORE)
    found = await row(connection)
    assert (found["status"], found["version"], len(found["edits"])) == ("PENDING", 2, 1)


async def test_a_version_is_counted_once_though_a_sync_told_of_it_before_the_answer(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)

    async def edit(_request: httpx.Request) -> httpx.Response:
        at_meta.rows["order_confirmed", "tr"] |= {"status": "PENDING", "components": saying(MORE)}
        await container.templates.sync(account)
        return httpx.Response(200, json={"success": True})

    at_meta.editing.mock(side_effect=edit)
    await edited(container, account, template_id, MORE)
    found = await row(connection)
    assert (found["version"], len(found["edits"])) == (2, 1)
    assert [kind for kind, *_ in await history(connection)].count("components") == 1


async def test_only_the_time_to_live_may_be_edited(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    await edited(container, account, template_id, definition().body, time_to_live=600)
    found = await row(connection)
    assert (found["time_to_live"], found["version"], len(found["edits"])) == (600, 1, 1)


async def test_what_is_deleted_once_its_messages_are_gone_is_not_deleted_again(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    await connection.execute("UPDATE templates SET status = 'PENDING_DELETION'")
    before = await rows(connection)
    await container.templates.delete(account, template_id, AUTHOR)
    assert await rows(connection) == before
    assert at_meta.calls == ["POST order_confirmed tr"]


async def test_deleted_template_keeps_its_history(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    template_id = await approved(container, account, at_meta)
    for _ in range(2):
        await container.templates.delete(account, template_id, AUTHOR)
        clock.advance(DAY)
    found = await row(connection)
    assert (found["status"], found["deleted_at"]) == ("DELETED", clock.now() - 2 * DAY)
    assert [kind for kind, *_ in await history(connection)] == ["submitted", "status", "deleted", "status"]
    assert at_meta.calls.count("DELETE order_confirmed tr") == 1


async def test_disabled_template_is_not_deleted(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    await connection.execute("UPDATE templates SET status = 'DISABLED'")
    before = await rows(connection)
    with pytest.raises(NotEditable):
        await container.templates.delete(account, template_id, AUTHOR)
    assert await rows(connection) == before


@pytest.mark.parametrize(
    ("answer", "error"), [(refusal(100), RefusedByMeta), (httpx.Response(502), MetaUnreachable)], ids=["no", "none"]
)
@pytest.mark.parametrize("what", ["delete", "unpause"])
async def test_what_meta_does_not_do_changes_nothing(
    container: Container,
    account: Account,
    at_meta: GraphTemplates,
    connection: asyncpg.Connection,
    what: str,
    answer: httpx.Response,
    error: type[Exception],
) -> None:
    template_id = await approved(container, account, at_meta)
    await connection.execute("UPDATE templates SET status = 'PAUSED'")
    at_meta.deleting.mock(return_value=answer)
    at_meta.unpausing.mock(return_value=answer)
    before = await rows(connection)
    with pytest.raises(error):
        await getattr(container.templates, what)(account, template_id, AUTHOR)
    assert await rows(connection) == before


async def test_pause_is_lifted(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    with pytest.raises(NotPaused):
        await container.templates.unpause(account, template_id, AUTHOR)
    at_meta.rows["order_confirmed", "tr"]["status"] = "PAUSED"
    await container.templates.sync(account)
    await container.templates.unpause(account, template_id, AUTHOR)
    assert (await row(connection))["status"] == "APPROVED"
    assert [kind for kind, *_ in await history(connection)][-2:] == ["unpaused", "status"]
    await connection.execute("UPDATE templates SET status = 'PAUSED'")
    with pytest.raises(RefusedByMeta, match="not paused"):
        await container.templates.unpause(account, template_id, AUTHOR)


async def test_pause_that_never_ends_by_itself_is_lifted_when_its_time_has_come(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await approved(container, account, at_meta)
    at_meta.rows["order_confirmed", "tr"]["status"] = "PAUSED"
    await connection.execute(
        "UPDATE templates SET status = 'PAUSED', pause = 'RATE_LIMITING_PAUSE', unpause_at = $1",
        clock.now() + timedelta(hours=3),
    )
    await container.templates.unpause_due([account])
    assert (await row(connection))["status"] == "PAUSED"
    clock.advance(timedelta(hours=3))
    at_meta.unpausing.mock(return_value=refusal(100))
    await container.templates.unpause_due([account])
    assert (await row(connection))["unpause_at"] == clock.now() + timedelta(hours=1), "it is tried again"
    at_meta.unpausing.mock(side_effect=at_meta.unpause)
    clock.advance(timedelta(hours=1))
    await container.templates.unpause_due([])
    assert (await row(connection))["status"] == "PAUSED", "nobody can speak for its account"
    await container.templates.unpause_due([account])
    found = await row(connection)
    assert (found["status"], found["pause"], found["unpause_at"]) == ("APPROVED", None, None)
    assert ("unpaused", "housekeeping", {"pause": "RATE_LIMITING_PAUSE"}) in await history(connection)


async def test_category_is_accepted_once_and_only_that_which_meta_gave(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    template_id = await approved(container, account, at_meta)
    business_id = account.business_id
    for category in ("MARKETING", "AUTHENTICATION"):
        with pytest.raises(InvalidRequest) as raised:
            await container.templates.accept_category(business_id, template_id, category, ["test"], AUTHOR)
        assert [(one.pointer, one.code) for one in raised.value.errors] == [("#/category", "not_its_category")]
    at_meta.rows["order_confirmed", "tr"]["correct_category"] = "MARKETING"
    await container.templates.sync(account)
    for _ in range(2):
        await container.templates.accept_category(business_id, template_id, "MARKETING", ["test"], AUTHOR)
    assert [kind for kind, *_ in await history(connection)].count("category_accepted") == 1
    assert (await row(connection))["accepted_category"] == "MARKETING"


async def test_template_of_nobody_is_not_found(
    container: Container, account: Account, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    nobodys = UUID(int=1)
    for attempt in (
        container.templates.delete(account, nobodys, AUTHOR),
        container.templates.unpause(account, nobodys, AUTHOR),
        edited(container, account, nobodys, MORE),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert not at_meta.calls
    assert await count(connection, "templates") == 0
