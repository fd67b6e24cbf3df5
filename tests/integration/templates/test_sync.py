"""Our mirror of Meta's templates, as its list is taken over."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.templates.definition import Bases
from app.templates.service import Account, Author, account_of
from app.whatsapp.client import GraphUnreachableError
from app.whatsapp.errors import GraphError
from tests.integration.templates.mirrored import (
    LIST,
    NAME,
    definition,
    fed,
    history,
    listed,
    lists,
    row,
    saying,
    versions,
)
from tests.support.driving import HANGS_AFTER, Driver, refusal, rows
from tests.support.world import PUBLIC_URL, WEBSITE, World, build_world

MINUTE = timedelta(minutes=1)
MORE = "Merhaba {{customer_name}}, siparişiniz bize ulaştı, teşekkür ederiz."


@pytest.mark.parametrize(("style", "links"), [("plain", WEBSITE), ("tracked", f"{PUBLIC_URL}/l")])
async def test_account_of_a_number_speaks_by_its_business_style_of_links(
    container: Container, world: World, connection: asyncpg.Connection, style: str, links: str
) -> None:
    await connection.execute("UPDATE businesses SET link_style = $1", style)
    business = await container.directory.business(world.business_id)
    assert business is not None
    found = account_of(business, business.senders[0], container.settings.customer_url)
    assert (found.waba_id, found.bases, found.mode) == (world.waba_id, Bases(WEBSITE, links), world.mode)


async def test_what_meta_lists_is_taken_over_page_by_page(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    pages = {
        None: {
            "data": [listed("a"), listed("b", status="REJECTED", rejected_reason="INVALID_FORMAT")],
            "paging": {"cursors": {"after": "x"}, "next": "https://next"},
        },
        "x": {
            "data": [listed("c", status="PAUSED", category="MARKETING", quality_score={"score": "RED"})],
            "paging": {"cursors": {"after": "y"}},
        },
    }
    graph.get(LIST).mock(side_effect=lambda request: httpx.Response(200, json=pages[request.url.params.get("after")]))
    assert await container.templates.sync(account) == 3
    stored = {one["name"]: one for one in (await rows(connection, "templates"))["templates"]}
    assert {name: one["status"] for name, one in stored.items()} == {"a": "APPROVED", "b": "REJECTED", "c": "PAUSED"}
    assert (stored["a"]["rejected_reason"], stored["b"]["rejected_reason"]) == (None, "INVALID_FORMAT")
    assert (stored["c"]["category"], stored["c"]["previous_category"]) == ("MARKETING", None)
    assert (stored["a"]["quality"], stored["c"]["quality"]) == ("UNKNOWN", "RED")
    assert (stored["a"]["approved_at"], stored["b"]["approved_at"]) == (clock.now(), None)
    assert {one["known_at"] for one in stored.values()} == {clock.now()}
    assert {one["version"] for one in stored.values()} == {1}
    (version,) = await versions(connection, "a")
    assert (version["number"], version["origin"], version["approved_at"]) == (1, "meta", clock.now())


async def test_what_is_gone_is_marked_as_deleted_and_noted_once(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    lists(graph, listed("a"), listed("b"))
    await container.templates.sync(account)
    lists(graph, listed("b", status="PAUSED"))
    for _ in range(3):
        clock.advance(MINUTE)
        await container.templates.sync(account)
    gone, paused = await row(connection, "a"), await row(connection, "b")
    assert (gone["status"], gone["status_at"], gone["deleted_at"]) == ("DELETED", *[clock.now() - 2 * MINUTE] * 2)
    assert (paused["status"], paused["deleted_at"]) == ("PAUSED", None)
    assert (await history(connection, "a"))[-1] == ("status", "sync", {"from": "APPROVED", "to": "DELETED"})
    assert [kind for kind, *_ in await history(connection, "a")].count("status") == 2


async def test_slow_listing_does_not_undo_what_a_webhook_said_meanwhile(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    lists(graph, listed("a", status="PENDING"), listed("b", status="PENDING"))
    await container.templates.sync(account)

    async def overtaken(_request: httpx.Request) -> httpx.Response:
        clock.advance(timedelta(seconds=5))
        await connection.execute("UPDATE templates SET status = 'APPROVED', known_at = $1", clock.now())
        return httpx.Response(200, json={"data": [listed("a", status="PENDING")]})

    graph.get(LIST).mock(side_effect=overtaken)
    await container.templates.sync(account)
    assert [(await row(connection, name))["status"] for name in "ab"] == ["APPROVED", "APPROVED"]


async def test_listing_that_began_before_a_template_was_made_does_not_delete_it(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    began, goes_on = asyncio.Event(), asyncio.Event()
    listings: list[asyncio.Task[int]] = []

    async def slow(_request: httpx.Request) -> httpx.Response:
        began.set()
        await goes_on.wait()
        return httpx.Response(200, json={"data": []})

    async def create(_request: httpx.Request) -> httpx.Response:
        clock.advance(timedelta(seconds=1))
        listings.append(asyncio.create_task(container.templates.sync(account)))
        await began.wait()
        clock.advance(timedelta(seconds=1))
        return httpx.Response(200, json={"id": "88", "status": "PENDING", "category": "UTILITY"})

    graph.get(LIST).mock(side_effect=slow)
    graph.post(LIST).mock(side_effect=create)
    async with asyncio.timeout(HANGS_AFTER):
        await container.templates.submit(account, definition(), Author("api"))
        goes_on.set()
        assert await listings[0] == 0
    assert (await row(connection))["status"] == "PENDING"


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
    first = httpx.Response(
        200, json={"data": [listed("b")], "paging": {"cursors": {"after": "x"}, "next": "https://next"}}
    )
    graph.get(LIST).mock(side_effect=[first, answer])
    with pytest.raises(error):
        await container.templates.sync(account)
    assert await rows(connection) == before


async def test_sync_leaves_other_accounts_and_businesses_alone(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    other = await build_world(container, name="Başka", phone_number_id="100000000000009")
    assert other.waba_id == account.waba_id
    await connection.execute(
        """
        INSERT INTO templates (business_id, id, waba_id, name, language, meta_id, status, category, parameter_format,
                               components, known_at)
        VALUES ($1, gen_random_uuid(), '200000000000009', 'a', 'tr', '1', 'APPROVED', 'UTILITY', 'NAMED', '[]', now())
        """,
        account.business_id,
    )
    before = await rows(connection)
    lists(graph)
    await container.templates.sync(account)
    assert await rows(connection) == before


async def test_each_change_is_told_once_in_history_and_feed(
    container: Container,
    account: Account,
    driver: Driver,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    clock: ManualClock,
) -> None:
    lists(graph, listed(status="PENDING"))
    await container.templates.sync(account)
    lists(
        graph,
        listed(
            status="APPROVED",
            category="MARKETING",
            previous_category="UTILITY",
            quality_score={"score": "YELLOW"},
            components=saying(MORE),
        ),
    )
    for _ in range(3):
        clock.advance(MINUTE)
        await container.templates.sync(account)
    first, *seen = await history(connection)
    assert first == ("status", "sync", {"from": "DRAFT", "to": "PENDING"})
    assert seen == [
        ("found", "sync", {"status": "PENDING", "category": "UTILITY"}),
        ("components", "sync", {"version": 2}),
        ("status", "sync", {"from": "PENDING", "to": "APPROVED"}),
        ("category", "sync", {"from": "UTILITY", "to": "MARKETING"}),
        ("quality", "sync", {"from": "UNKNOWN", "to": "YELLOW"}),
    ]
    told = await fed(driver)
    assert [(one["change"], one["source"], one["details"]) for one in told] == seen
    assert {one["template"] for one in told} == {f"tpl_{(await row(connection))['id'].hex}"}
    assert (told[-1]["status"], told[-1]["category"], told[-1]["name"]) == ("APPROVED", "MARKETING", NAME)


async def test_what_is_listed_again_as_it_was_changes_nothing_but_the_age_of_knowledge(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    lists(graph, listed(status="PAUSED", correct_category="MARKETING", message_send_ttl_seconds=3600))
    await container.templates.sync(account)
    before = await rows(connection)
    clock.advance(MINUTE)
    await container.templates.sync(account)
    after = await rows(connection)
    assert after.pop("templates") == [{**one, "known_at": clock.now()} for one in before.pop("templates")]
    assert after == before


async def test_text_that_was_changed_at_meta_is_a_version_and_an_edit(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    lists(graph, listed())
    await container.templates.sync(account)
    clock.advance(MINUTE)
    lists(graph, listed(components=saying(MORE)))
    await container.templates.sync(account)
    found = await row(connection)
    assert (found["version"], found["edits"]) == (2, [clock.now()])
    first, second = await versions(connection)
    assert (first["approved_at"], second["approved_at"]) == (clock.now() - MINUTE, clock.now())
    assert MORE in second["components"]
    clock.advance(MINUTE)
    lists(graph, listed())
    await container.templates.sync(account)
    assert [one["number"] for one in await versions(connection)] == [1, 2, 3], "no version is taken up again"


@pytest.mark.parametrize("status", ["APPROVED", "PENDING"])
async def test_template_that_was_made_anew_under_its_name_begins_anew(
    container: Container,
    account: Account,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    clock: ManualClock,
    status: str,
) -> None:
    lists(graph, listed(correct_category="MARKETING", quality_score={"score": "RED"}))
    await container.templates.sync(account)
    template_id: UUID = (await row(connection))["id"]
    await container.templates.accept_category(account.business_id, template_id, "MARKETING", ["test"], Author("api"))
    await connection.execute(
        "UPDATE templates SET edits = ARRAY[now()], last_used_at = now(), previous_category = 'AUTHENTICATION'"
    )
    clock.advance(timedelta(days=40))
    lists(graph, listed(id="78", status=status, components=saying(MORE)))
    await container.templates.sync(account)
    found = await row(connection)
    assert (found["id"], found["meta_id"], found["status"], found["status_at"]) == (
        template_id,
        "78",
        status,
        clock.now(),
    )
    assert found["approved_at"] == (clock.now() if status == "APPROVED" else None)
    nothing = ("accepted_category", "previous_category", "correct_category", "category_noticed_at", "last_used_at")
    assert [found[name] for name in nothing] == [None] * len(nothing)
    assert (found["edits"], found["quality"], found["quality_at"], found["version"]) == ([], "UNKNOWN", None, 2)


async def test_template_of_another_category_made_anew_was_not_made_something_else_of(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    lists(graph, listed())
    await container.templates.sync(account)
    lists(graph, listed(id="78", category="MARKETING"))
    await container.templates.sync(account)
    found = await row(connection)
    assert (found["category"], found["previous_category"], found["category_changed_at"]) == ("MARKETING", None, None)


async def test_what_only_meta_is_still_to_forget_is_deleted_since_it_was_asked_for(
    container: Container, account: Account, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    lists(graph, listed())
    await container.templates.sync(account)
    asked_at = clock.now() + MINUTE
    statuses: list[list[dict[str, Any]]] = [[listed(status="PENDING_DELETION")], []]
    for page in statuses:
        clock.advance(MINUTE)
        lists(graph, *page)
        await container.templates.sync(account)
    found = await row(connection)
    assert (found["status"], found["deleted_at"]) == ("DELETED", asked_at)
