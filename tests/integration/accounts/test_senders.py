"""Connecting a number: everything is checked at Graph first, and secrets are never stored as they are."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import respx
from cryptography.fernet import Fernet
from pydantic import SecretStr

from app.accounts.errors import AccountError
from app.accounts.service import SenderCredentials
from app.container import Container
from app.core.clock import ManualClock
from app.core.secrets import SecretUnreadableError
from app.core.settings import Settings
from tests.support.driving import another_container, count, graph_calls, refusal, rows

NUMBER, WABA = "100000000000777", "200000000000777"
CREDENTIALS = SenderCredentials(
    phone_number_id=NUMBER,
    waba_id=WABA,
    access_token="EAAG-token-in-the-clear",
    app_secret="app-secret-in-the-clear",
    verify_token="verify-token-in-the-clear",
)
BASE = "http://sandbox.test/v25.0"


def graph_knows(graph: respx.MockRouter, **number: Any) -> None:
    known = {
        "id": NUMBER,
        "display_phone_number": "+90 850 555 77 77",
        "verified_name": "Demo Mağaza",
        "throughput": {"level": "STANDARD"},
        **number,
    }
    graph.get(f"{BASE}/{NUMBER}").respond(json=known)
    graph.get(f"{BASE}/{WABA}/phone_numbers").respond(json={"data": [{"id": "1"}, {"id": NUMBER}]})
    graph.post(f"{BASE}/{WABA}/subscribed_apps").respond(json={"success": True})


@pytest.fixture
async def business(container: Container) -> UUID:
    return await container.accounts.create_business(
        "Demo Mağaza", country="TR", language="tr", time_zone="Europe/Istanbul", website="https://shop.example/"
    )


async def test_number_is_connected_after_graph_confirmed_everything(
    container: Container, business: UUID, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    graph_knows(graph)
    await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    assert graph_calls(graph) == [
        f"/v25.0/{NUMBER}",
        f"/v25.0/{WABA}/phone_numbers",
        f"/v25.0/{WABA}/subscribed_apps",
    ]
    assert {call.request.headers["authorization"] for call in graph.calls} == {"Bearer EAAG-token-in-the-clear"}
    (row,) = (await rows(connection, "senders"))["senders"]
    assert (row["business_id"], row["mode"], row["phone_number_id"], row["waba_id"]) == (business, "test", NUMBER, WABA)
    assert (row["display_phone_number"], row["verified_name"]) == ("+90 850 555 77 77", "Demo Mağaza")
    assert (row["throughput"], row["checked_at"]) == (80, clock.now())


@pytest.mark.parametrize(
    ("answered", "wanted", "throughput"),
    [("HIGH", None, 1000), ("STANDARD", None, 80), ("NOT_APPLICABLE", None, 80), (None, None, 80), ("HIGH", 20, 20)],
)
async def test_throughput_is_that_of_graphs_level_unless_given(
    container: Container,
    business: UUID,
    graph: respx.MockRouter,
    answered: str | None,
    wanted: int | None,
    throughput: int,
) -> None:
    graph_knows(graph, throughput={"level": answered} if answered else None)
    sender = await container.accounts.add_sender(business, CREDENTIALS, mode="test", throughput=wanted)
    assert (sender.throughput_override or sender.throughput) == throughput
    assert sender.throughput == (1000 if answered == "HIGH" else 80), "what Meta says is kept too"


async def test_no_secret_is_stored_in_the_clear(
    container: Container, business: UUID, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    graph_knows(graph)
    token = await container.accounts.create_key(business, "backend", mode="test")
    await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    everything = repr(await rows(connection)).encode()
    raw = b"".join(
        value
        for table in (await rows(connection)).values()
        for row in table
        for value in row.values()
        if isinstance(value, bytes)
    )
    for secret in ("EAAG-token", "app-secret", "verify-token", token, token.rsplit("_", 1)[1][30:]):
        assert secret.encode() not in everything
        assert secret.encode() not in raw


async def test_number_that_is_not_in_the_account_is_refused(
    container: Container, business: UUID, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    graph_knows(graph)
    graph.get(f"{BASE}/{WABA}/phone_numbers").respond(json={"data": [{"id": "1"}]})
    before = await rows(connection)
    with pytest.raises(AccountError, match=f"{NUMBER} does not belong to account {WABA}"):
        await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    assert await rows(connection) == before
    assert f"/v25.0/{WABA}/subscribed_apps" not in graph_calls(graph)


async def test_number_on_a_later_page_of_the_account_is_found(
    container: Container, business: UUID, graph: respx.MockRouter
) -> None:
    graph_knows(graph)
    pages = {
        None: {"data": [{"id": "1"}], "paging": {"cursors": {"after": "two"}, "next": "https://next"}},
        "two": {"data": [{"id": NUMBER}], "paging": {"cursors": {"after": "end"}}},
    }
    graph.get(f"{BASE}/{WABA}/phone_numbers").mock(
        side_effect=lambda request: httpx.Response(200, json=pages[request.url.params.get("after")])
    )
    assert (await container.accounts.add_sender(business, CREDENTIALS, mode="test")).phone_number_id == NUMBER


@pytest.mark.parametrize(
    ("method", "path"), [("GET", NUMBER), ("GET", f"{WABA}/phone_numbers"), ("POST", f"{WABA}/subscribed_apps")]
)
async def test_refusal_by_meta_is_handed_on_with_the_next_step(
    container: Container,
    business: UUID,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    method: str,
    path: str,
) -> None:
    graph_knows(graph)
    graph.request(method, f"{BASE}/{path}").mock(return_value=refusal(190, status=401))
    before = await rows(connection)
    with pytest.raises(AccountError, match=r"\(190\).*system-user token"):
        await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    assert await rows(connection) == before


async def test_unreachable_meta_is_named(
    container: Container, business: UUID, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    graph.get(f"{BASE}/{NUMBER}").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(AccountError, match="could not be reached"):
        await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    assert await count(connection, "senders") == 0


async def test_adding_a_number_again_renews_its_secrets(
    container: Container, business: UUID, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    graph_knows(graph)
    first = await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    before = await connection.fetchrow("SELECT * FROM senders")
    renewed = SenderCredentials(NUMBER, WABA, "new-token", CREDENTIALS.app_secret, "new-verify-token")
    again = await container.accounts.add_sender(business, renewed, mode="test")
    assert again.id == first.id
    assert (await count(connection, "senders"), await count(connection, "meta_apps")) == (1, 1)
    assert before is not None
    assert await connection.fetchval("SELECT access_token FROM senders") != before["access_token"]
    container.directory.forget()
    account = await container.directory.business(business)
    assert account is not None
    assert account.senders[0].access.access_token == "new-token"
    (app,) = await container.directory.webhook_apps()
    assert app.verify_tokens == {"new-verify-token"}


async def test_number_of_another_business_is_refused(
    container: Container, business: UUID, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    graph_knows(graph)
    await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    thief = await container.accounts.create_business(
        "Thief", country="TR", language="tr", time_zone="Europe/Istanbul", website="https://thief.example"
    )
    before = await rows(connection)
    for owner, mode in ((thief, "test"), (thief, "live"), (business, "live")):
        graph.get(f"https://graph.facebook.com/v25.0/{NUMBER}").respond(json={"id": NUMBER})
        graph.get(f"https://graph.facebook.com/v25.0/{WABA}/phone_numbers").respond(json={"data": [{"id": NUMBER}]})
        graph.post(f"https://graph.facebook.com/v25.0/{WABA}/subscribed_apps").respond(json={"success": True})
        with pytest.raises(AccountError, match="already connected elsewhere"):
            await container.accounts.add_sender(owner, CREDENTIALS, mode=mode)  # type: ignore[arg-type]
    assert await rows(connection) == before


async def test_number_cannot_be_given_to_a_business_that_is_not_there(
    container: Container, graph: respx.MockRouter
) -> None:
    graph_knows(graph)
    with pytest.raises(AccountError, match="there is no business"):
        await container.accounts.add_sender(UUID(int=7), CREDENTIALS, mode="test")


@pytest.fixture
async def rotated(
    settings: Settings, clock: ManualClock, container: Container, business: UUID, graph: respx.MockRouter
) -> AsyncIterator[Container]:
    """A process with a new secret key in front of the one with which a sender's token was encrypted."""
    graph_knows(graph)
    await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    keys = [SecretStr(Fernet.generate_key().decode()), *settings.secret_keys]
    async with another_container(settings.model_copy(update={"secret_keys": keys}), clock) as rotated:
        yield rotated


async def test_secrets_open_with_an_old_key_and_are_renewed_with_the_new_one(
    rotated: Container, settings: Settings, clock: ManualClock, business: UUID
) -> None:
    account = await rotated.directory.business(business)
    assert account is not None
    assert account.senders[0].access.access_token == CREDENTIALS.access_token
    assert (await rotated.directory.webhook_apps())[0].app_secret == CREDENTIALS.app_secret.encode()
    assert await rotated.accounts.reseal() == 4
    only_new = settings.model_copy(update={"secret_keys": rotated.settings.secret_keys[:1]})
    async with another_container(only_new, clock) as later:
        renewed = await later.directory.business(business)
        assert renewed is not None
        assert renewed.senders[0].access.access_token == CREDENTIALS.access_token
        assert renewed.secret == account.secret, "or the ledger could not be verified any more"
        assert (await later.directory.webhook_apps())[0].app_secret == CREDENTIALS.app_secret.encode()


async def test_secret_whose_key_is_gone_says_which_setting_is_wrong(
    settings: Settings, clock: ManualClock, container: Container, business: UUID, graph: respx.MockRouter
) -> None:
    graph_knows(graph)
    await container.accounts.add_sender(business, CREDENTIALS, mode="test")
    strangers = settings.model_copy(update={"secret_keys": [SecretStr(Fernet.generate_key().decode())]})
    async with another_container(strangers, clock) as other:
        with pytest.raises(SecretUnreadableError, match="ULAK_SECRET_KEYS"):
            await other.directory.business(business)
