"""Submitting templates to Meta, and our mirror of what it holds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from app.templates.definition import Bases, TemplateDefinition, submission
from app.templates.service import ALREADY_EXISTS, Account, account_of
from app.whatsapp.client import GraphAccess, GraphUnreachableError
from app.whatsapp.errors import GraphError
from tests.support.driving import count, refusal, rows
from tests.support.world import BASES, PUBLIC_URL, TRACKED_BASES, WEBSITE, World

LIST = "http://sandbox.test/v25.0/200000000000001/message_templates"

DEFINITIONS = [one for event_type in catalogue().values() for one in event_type.templates]


@pytest.fixture
async def account(world: World, connection: asyncpg.Connection) -> Account:
    await connection.execute("DELETE FROM templates")
    access = GraphAccess("http://sandbox.test", "access-token")
    return Account(world.business_id, world.waba_id, BASES, access)


def listed(name: str = "order_confirmed", language: str = "tr", **more: Any) -> dict[str, Any]:
    return {
        "id": "77",
        "name": name,
        "language": language,
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Merhaba {{customer_name}}"}],
        "rejected_reason": "NONE",
        **more,
    }


def lists(graph: respx.MockRouter, *found: dict[str, Any]) -> respx.Route:
    return graph.get(LIST).respond(json={"data": list(found)})


async def test_push_submits_what_meta_does_not_have(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    lists(graph, listed())
    submit = graph.post(LIST).respond(json={"id": "88", "status": "PENDING", "category": "UTILITY"})
    pushed = await container.templates.push(account, DEFINITIONS)
    assert {(one.name, one.language): one.status for one in pushed} == {
        (one.name, one.language): "APPROVED" if (one.name, one.language) == ("order_confirmed", "tr") else "PENDING"
        for one in DEFINITIONS
    }
    bodies = [orjson.loads(call.request.content) for call in submit.calls]
    assert len(bodies) == len(DEFINITIONS) - 1
    categories = {one.name: one.category for one in DEFINITIONS}
    assert all(body["parameter_format"] == "NAMED" for body in bodies)
    assert all(body["category"] == categories[body["name"]] for body in bodies)
    assert submit.calls[0].request.headers["authorization"] == "Bearer access-token"
    shipped = next(body for body in bodies if body["name"] == "order_shipped")
    (button,) = shipped["components"][-1]["buttons"]
    assert button["url"] == WEBSITE + "/{{1}}"
    stored = {
        (row["name"], row["language"]): row["status"] for row in (await rows(connection, "templates"))["templates"]
    }
    assert stored == {(one.name, one.language): one.status for one in pushed}


async def test_push_again_submits_nothing(container: Container, account: Account, graph: respx.MockRouter) -> None:
    submit = graph.post(LIST).respond(json={"id": "88", "status": "PENDING"})
    lists(graph, *(listed(one.name, one.language, status="PENDING") for one in DEFINITIONS))
    pushed = await container.templates.push(account, DEFINITIONS)
    assert {one.status for one in pushed} == {"PENDING"}
    assert not submit.calls


async def test_template_that_meta_files_as_marketing_is_stored_as_such(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    lists(graph)
    graph.post(LIST).respond(json={"id": "88", "status": "APPROVED", "category": "MARKETING"})
    await container.templates.push(account, DEFINITIONS[:1])
    assert await connection.fetchval("SELECT category FROM templates") == "MARKETING"


async def test_refused_template_is_reported_and_the_others_submitted(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    lists(graph)

    def refuse_first(request: httpx.Request) -> httpx.Response:
        name = orjson.loads(request.content)["name"]
        if name == DEFINITIONS[0].name:
            return refusal(100, details="Two variables touch each other.")
        return httpx.Response(200, json={"id": "88", "status": "PENDING", "category": "UTILITY"})

    graph.post(LIST).mock(side_effect=refuse_first)
    pushed = await container.templates.push(account, DEFINITIONS)
    refused = [one for one in pushed if one.status == "refused"]
    assert {one.name for one in refused} == {DEFINITIONS[0].name}
    assert all("Two variables touch each other." in str(one.detail) for one in refused)
    assert await count(connection, "templates") == len(DEFINITIONS) - len(refused)


async def test_template_that_breaks_the_rules_is_refused_without_asking_meta(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    lists(graph)
    submit = graph.post(LIST).respond(json={"id": "88", "status": "PENDING", "category": "UTILITY"})
    touching = TemplateDefinition(
        name="touching",
        language="tr",
        body="Merhaba {{a}} {{b}}, siparişiniz yola çıktı ve yarın elinizde olur.",
        samples={"a": "A", "b": "B"},
    )
    pushed = await container.templates.push(account, [touching, DEFINITIONS[0]])
    assert [one.status for one in pushed] == ["refused", "PENDING"]
    assert pushed[0].detail == "components/0/text: two variables need words between them"
    assert [orjson.loads(call.request.content)["name"] for call in submit.calls] == [DEFINITIONS[0].name]
    assert await count(connection, "templates") == 1


async def test_template_that_exists_though_it_was_not_listed_is_taken_over(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    definition = DEFINITIONS[0]
    pages = [[], [listed(definition.name, definition.language)]]
    graph.get(LIST).mock(side_effect=lambda _: httpx.Response(200, json={"data": pages.pop(0)}))
    error = {"code": 100, "error_subcode": ALREADY_EXISTS, "message": "exists"}
    graph.post(LIST).respond(400, json={"error": error})
    (pushed,) = await container.templates.push(account, [definition])
    assert pushed.status == "EXISTS"
    assert await connection.fetchval("SELECT status FROM templates") == "APPROVED"


SHIPPED = next(one for one in DEFINITIONS if one.name == "order_shipped" and one.language == "tr")


def shipped_with(bases: Bases, **more: Any) -> dict[str, Any]:
    """As Meta lists it, with a text that the business has changed there."""
    components = submission(SHIPPED, bases)["components"]
    components[1] = components[1] | {"text": "Kolay gelsin {{customer_name}}"}
    return listed("order_shipped", "tr", components=components, **more)


async def test_links_are_updated_on_demand_and_nothing_else_of_the_template(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    tracked = replace(account, bases=TRACKED_BASES)
    pages = [[shipped_with(BASES)], [shipped_with(TRACKED_BASES, status="PENDING")]]
    graph.get(LIST).mock(side_effect=lambda _: httpx.Response(200, json={"data": pages.pop(0)}))
    edit = graph.post("http://sandbox.test/v25.0/77").respond(json={"success": True})
    (pushed,) = await container.templates.push(tracked, [SHIPPED], update_links=True)
    assert pushed.status == "EDITED"
    assert orjson.loads(edit.calls.last.request.content) == {"components": shipped_with(TRACKED_BASES)["components"]}
    row = await connection.fetchrow("SELECT status, components FROM templates WHERE name = 'order_shipped'")
    assert row is not None
    assert (row["status"], f"{PUBLIC_URL}/l/{{{{1}}}}" in row["components"]) == ("PENDING", True)


async def test_links_that_are_right_or_not_to_be_updated_are_left_alone(
    container: Container, account: Account, graph: respx.MockRouter
) -> None:
    lists(graph, shipped_with(BASES))
    edit = graph.post("http://sandbox.test/v25.0/77").respond(json={"success": True})
    (right,) = await container.templates.push(account, [SHIPPED], update_links=True)
    tracked = replace(account, bases=TRACKED_BASES)
    (unasked,) = await container.templates.push(tracked, [SHIPPED])
    assert (right.status, unasked.status, edit.call_count) == ("APPROVED", "APPROVED", 0)


async def test_a_template_with_other_buttons_keeps_them(
    container: Container, account: Account, graph: respx.MockRouter
) -> None:
    lists(graph, listed("order_shipped", "tr"))
    tracked = replace(account, bases=TRACKED_BASES)
    (pushed,) = await container.templates.push(tracked, [SHIPPED], update_links=True)
    assert pushed.status == "APPROVED"


async def test_an_edit_that_meta_refuses_is_reported_and_changes_nothing(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    lists(graph, shipped_with(BASES))
    graph.post("http://sandbox.test/v25.0/77").mock(return_value=refusal(100, details="One edit in 24 hours."))
    tracked = replace(account, bases=TRACKED_BASES)
    (pushed,) = await container.templates.push(tracked, [SHIPPED], update_links=True)
    assert pushed.status == "refused"
    assert "One edit in 24 hours." in str(pushed.detail)
    assert await connection.fetchval("SELECT status FROM templates") == "APPROVED"


@pytest.mark.parametrize(("style", "links"), [("plain", WEBSITE), ("tracked", f"{PUBLIC_URL}/l")])
async def test_account_of_a_number_speaks_by_its_business_style_of_links(
    container: Container, world: World, connection: asyncpg.Connection, style: str, links: str
) -> None:
    await connection.execute("UPDATE businesses SET link_style = $1", style)
    business = await container.directory.business(world.business_id)
    assert business is not None
    found = account_of(business, business.senders[0], container.settings.customer_url)
    assert (found.waba_id, found.bases) == (world.waba_id, Bases(WEBSITE, links))


async def test_sync_takes_over_what_meta_lists_page_by_page(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    pages = {
        None: {
            "data": [listed("a"), listed("b", status="REJECTED", rejected_reason="INVALID_FORMAT")],
            "paging": {"cursors": {"after": "x"}, "next": "https://next"},
        },
        "x": {"data": [listed("c", status="PAUSED", category="MARKETING")], "paging": {"cursors": {"after": "y"}}},
    }
    graph.get(LIST).mock(side_effect=lambda request: httpx.Response(200, json=pages[request.url.params.get("after")]))
    assert await container.templates.sync(account) == 3
    stored = {row["name"]: row for row in (await rows(connection, "templates"))["templates"]}
    assert {name: row["status"] for name, row in stored.items()} == {"a": "APPROVED", "b": "REJECTED", "c": "PAUSED"}
    assert (stored["a"]["rejected_reason"], stored["b"]["rejected_reason"]) == (None, "INVALID_FORMAT")
    assert stored["c"]["category"] == "MARKETING"
    assert {row["known_at"] for row in stored.values()} == {clock.now()}


async def test_sync_marks_what_meta_no_longer_has(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    lists(graph, listed("a"), listed("b"))
    await container.templates.sync(account)
    clock.advance(timedelta(minutes=1))
    lists(graph, listed("b", status="PAUSED"))
    await container.templates.sync(account)
    found = await connection.fetch("SELECT name, status FROM templates ORDER BY name")
    assert [tuple(row) for row in found] == [("a", "DELETED"), ("b", "PAUSED")]


async def test_slow_listing_does_not_undo_what_a_webhook_said_meanwhile(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    lists(graph, listed("a", status="PENDING"))
    await container.templates.sync(account)

    async def overtaken(_request: httpx.Request) -> httpx.Response:
        clock.advance(timedelta(seconds=5))
        await connection.execute("UPDATE templates SET status = 'APPROVED', known_at = $1", clock.now())
        return httpx.Response(200, json={"data": [listed("a", status="PENDING")]})

    graph.get(LIST).mock(side_effect=overtaken)
    await container.templates.sync(account)
    assert await connection.fetchval("SELECT status FROM templates") == "APPROVED"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(190, status=401), GraphError),
        (httpx.Response(502, text="Bad Gateway"), GraphUnreachableError),
        (httpx.ConnectError("refused"), GraphUnreachableError),
        (httpx.ReadTimeout("slow"), GraphUnreachableError),
    ],
    ids=["refused", "proxy", "connect", "time-out"],
)
async def test_failed_sync_changes_nothing(
    container: Container,
    account: Account,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    answer: httpx.Response | Exception,
    error: type[Exception],
) -> None:
    lists(graph, listed("a"))
    await container.templates.sync(account)
    before = await rows(connection)
    route = graph.get(LIST)
    if isinstance(answer, httpx.Response):
        route.mock(return_value=answer)
    else:
        route.mock(side_effect=answer)
    with pytest.raises(error):
        await container.templates.sync(account)
    assert await rows(connection) == before


async def test_sync_leaves_other_accounts_and_businesses_alone(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        """
        INSERT INTO templates (business_id, id, waba_id, name, language, meta_id, status, category, parameter_format,
                               components, known_at)
        VALUES ($1, gen_random_uuid(), '200000000000009', 'a', 'tr', '1', 'APPROVED', 'UTILITY', 'NAMED', '[]', now())
        """,
        account.business_id,
    )
    before = await rows(connection, "templates")
    lists(graph)
    await container.templates.sync(account)
    assert await rows(connection, "templates") == before
