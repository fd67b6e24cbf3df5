"""What Meta's webhooks tell of templates: each kind of them, as it comes, repeated and out of order."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.templates.reports import SYNC_CHANNEL
from app.templates.service import Account
from tests.integration.templates.mirrored import (
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
from tests.support.driving import PHONE, Driver, dispatch, hearing_container, rows, waits_for
from tests.support.world import World, build_world, meta_id_of

STATUS = "message_template_status_update"
CATEGORY = "template_category_update"
SOON = 1_795_486_400


@pytest.fixture
async def known(container: Container, account: Account, graph: respx.MockRouter) -> Account:
    """Of one template, approved, of which nothing has been told yet."""
    lists(graph, listed(), listed("order_shipped", id="78"))
    await container.templates.sync(account)
    return account


def told(waba_id: str, field: str, *, at: int | None = None, **value: Any) -> dict[str, Any]:
    """A webhook's body; by default it tells of now."""
    about = {"message_template_id": 77, "message_template_name": NAME, "message_template_language": "tr"}
    entry: dict[str, Any] = {"id": waba_id, "changes": [{"field": field, "value": {**about, **value}}]}
    return {"object": "whatsapp_business_account", "entry": [entry | ({"time": at} if at is not None else {})]}


async def tell(driver: Driver, field: str, **value: Any) -> None:
    answer = await driver.webhook(told(driver.world.waba_id, field, **value))
    assert answer.status_code == 200, answer.text


async def kept(connection: asyncpg.Connection) -> list[str]:
    return [one["why"] for one in await connection.fetch("SELECT why FROM kept_webhook_items")]


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("APPROVED", "APPROVED"),
        ("PENDING", "PENDING"),
        ("REJECTED", "REJECTED"),
        ("PAUSED", "PAUSED"),
        ("DISABLED", "DISABLED"),
        ("FLAGGED", "APPROVED"),
        ("REINSTATED", "APPROVED"),
        ("IN_APPEAL", "IN_APPEAL"),
        ("LIMIT_EXCEEDED", "LIMIT_EXCEEDED"),
        ("LOCKED", "LOCKED"),
        ("UNLOCKED", "APPROVED"),
        ("ARCHIVED", "ARCHIVED"),
        ("UNARCHIVED", "APPROVED"),
        ("PENDING_DELETION", "PENDING_DELETION"),
        ("DELETED", "DELETED"),
    ],
)
@pytest.mark.parametrize("before", ["APPROVED", "PAUSED"])
@pytest.mark.usefixtures("known")
async def test_each_event_leaves_its_status_once_however_often_it_is_told(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, before: str, event: str, status: str
) -> None:
    if before == "PAUSED":
        await tell(driver, STATUS, event="PAUSED")
    since = (await row(connection))["status_at"]
    lines = len(await history(connection))
    clock.advance(timedelta(minutes=1))
    changed_at = clock.now() if status != before else since
    for _ in range(3):
        await tell(driver, STATUS, event=event, reason="NONE")
        clock.advance(timedelta(minutes=1))
    found = await row(connection)
    assert (found["status"], found["status_at"], found["rejected_reason"]) == (status, changed_at, None)
    assert found["archived_at"] == (changed_at if status == "ARCHIVED" else None)
    assert found["deleted_at"] == (changed_at if status in ("DELETED", "PENDING_DELETION") else None)
    assert len(await history(connection)) - lines == (status != before)
    assert (await row(connection, "order_shipped"))["status"] == "APPROVED"
    assert await kept(connection) == []


@pytest.mark.usefixtures("known")
async def test_event_that_nobody_knows_is_kept_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    before = await rows(connection, "templates", "template_changes")
    await tell(driver, STATUS, event="NEVER_SEEN")
    assert await rows(connection, "templates", "template_changes") == before
    assert await kept(connection) == ["unknown"]


@pytest.mark.parametrize(
    "reason",
    [
        "ABUSIVE_CONTENT",
        "CATEGORY_NOT_AVAILABLE",
        "INCORRECT_CATEGORY",
        "INVALID_FORMAT",
        "PROMOTIONAL",
        "SCAM",
        "TAG_CONTENT_MISMATCH",
        "A_NEW_ONE",
    ],
)
@pytest.mark.usefixtures("known")
async def test_rejection_says_why_until_it_is_over(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, reason: str
) -> None:
    info = {"reason": "Two variables touch each other.", "recommendation": "Put words between them."}
    await tell(driver, STATUS, event="REJECTED", reason=reason, rejection_info=info)
    found = await row(connection)
    said = {"explanation": info["reason"], "recommendation": info["recommendation"]}
    assert (found["rejected_reason"], orjson.loads(found["rejection"])) == (reason, said)
    (version,) = await versions(connection)
    assert (version["rejected_at"], version["rejected_reason"]) == (clock.now(), reason)
    assert (await history(connection))[-1] == (
        "status",
        "webhook",
        {"from": "APPROVED", "to": "REJECTED", "reason": reason, **said},
    )
    await tell(driver, STATUS, event="APPROVED", reason="NONE")
    found = await row(connection)
    assert (found["rejected_reason"], found["rejection"]) == (None, None)


@pytest.mark.parametrize("reason", [None, "NONE", "absent"])
@pytest.mark.usefixtures("known")
async def test_no_reason_is_none(driver: Driver, connection: asyncpg.Connection, reason: str | None) -> None:
    await tell(driver, STATUS, event="REJECTED", **({} if reason == "absent" else {"reason": reason}))
    found = await row(connection)
    assert (found["status"], found["rejected_reason"], found["rejection"]) == ("REJECTED", None, None)


@pytest.mark.usefixtures("known")
async def test_status_may_tell_the_category(driver: Driver, connection: asyncpg.Connection) -> None:
    await tell(driver, STATUS, event="APPROVED", message_template_category="MARKETING")
    found = await row(connection)
    assert (found["category"], found["previous_category"]) == ("MARKETING", "UTILITY")


@pytest.mark.parametrize("title", ["FIRST_PAUSE", "SECOND_PAUSE", "RATE_LIMITING_PAUSE"])
@pytest.mark.usefixtures("known")
async def test_only_the_pause_that_never_ends_by_itself_is_to_be_lifted(
    driver: Driver, connection: asyncpg.Connection, settings: Settings, clock: ManualClock, title: str
) -> None:
    lifted_at = clock.now() + settings.pacing_unpause_after
    for _ in range(2):
        await tell(driver, STATUS, event="PAUSED", other_info={"title": title, "description": "…"})
        clock.advance(timedelta(minutes=1))
    found = await row(connection)
    assert (found["status"], found["pause"]) == ("PAUSED", title)
    assert found["unpause_at"] == (lifted_at if title == "RATE_LIMITING_PAUSE" else None)
    await tell(driver, STATUS, event="APPROVED", other_info={"title": "UNPAUSE"})
    found = await row(connection)
    assert (found["status"], found["pause"], found["unpause_at"]) == ("APPROVED", None, None)


@pytest.mark.usefixtures("known")
async def test_a_pause_of_which_the_kind_was_never_told_is_to_be_lifted_when_it_must_be_over(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """Meta's list and a refused message tell of a pause without its kind, and one kind never ends."""
    at = clock.now()
    for _ in range(2):
        await tell(driver, STATUS, event="PAUSED")
        clock.advance(timedelta(minutes=1))
    assert (await row(connection))["unpause_at"] == at + timedelta(hours=6)


@pytest.mark.usefixtures("known")
async def test_what_pauses_it_may_be_told_after_the_pause(
    driver: Driver, connection: asyncpg.Connection, settings: Settings, clock: ManualClock
) -> None:
    """As when a message was refused first."""
    await tell(driver, STATUS, event="PAUSED")
    await tell(driver, STATUS, event="PAUSED", other_info={"title": "RATE_LIMITING_PAUSE"})
    found = await row(connection)
    assert (found["pause"], found["unpause_at"]) == (
        "RATE_LIMITING_PAUSE",
        clock.now() + settings.pacing_unpause_after,
    )
    assert [kind for kind, *_ in await history(connection)].count("status") == 2


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (SOON, datetime.fromtimestamp(SOON, UTC)),
        (str(SOON), datetime.fromtimestamp(SOON, UTC)),
        ("soon", None),
        (1e300, None),
        (None, None),
    ],
)
@pytest.mark.usefixtures("known")
async def test_disabled_one_says_from_when(
    driver: Driver, connection: asyncpg.Connection, date: Any, expected: datetime | None
) -> None:
    await tell(driver, STATUS, event="DISABLED", disable_info={"disable_date": date})
    found = await row(connection)
    assert (found["status"], found["disabled_from"]) == ("DISABLED", expected)


@pytest.mark.parametrize(
    "odd",
    [
        {"other_info": "PAUSED"},
        {"other_info": [{"title": "FIRST_PAUSE"}]},
        {"other_info": {"title": 7}},
        {"disable_info": "tomorrow"},
        {"disable_info": {"disable_date": {"at": 1}}},
        {"rejection_info": "no"},
        {"rejection_info": {"reason": ["a"]}},
        {"reason": 7},
        {"message_template_category": {"name": "MARKETING"}},
        {"another": {"year": [1]}},
    ],
    ids=str,
)
@pytest.mark.usefixtures("known")
async def test_odd_trimmings_cost_no_status(
    driver: Driver, connection: asyncpg.Connection, odd: dict[str, Any]
) -> None:
    await tell(driver, STATUS, event="PAUSED", **odd)
    found = await row(connection)
    assert (found["status"], found["category"]) == ("PAUSED", "UTILITY")
    assert await kept(connection) == []


@pytest.mark.parametrize("told_twice", [1, 2])
@pytest.mark.usefixtures("known")
async def test_quality_is_told_once(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, told_twice: int
) -> None:
    clock.advance(timedelta(minutes=1))
    at = clock.now()
    for _ in range(told_twice):
        await tell(
            driver, "message_template_quality_update", previous_quality_score="UNKNOWN", new_quality_score="YELLOW"
        )
        clock.advance(timedelta(minutes=1))
    found = await row(connection)
    assert (found["quality"], found["quality_at"], found["status"]) == ("YELLOW", at, "APPROVED")
    lines = [details for kind, _, details in await history(connection) if kind == "quality"]
    assert lines == [{"from": "UNKNOWN", "to": "YELLOW"}]


@pytest.mark.usefixtures("known")
async def test_changed_texts_are_a_version_which_meta_s_list_completes(
    driver: Driver,
    container: Container,
    known: Account,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    settings: Settings,
    clock: ManualClock,
) -> None:
    text = "Merhaba {{customer_name}}, siparişiniz bize ulaştı, teşekkür ederiz."
    async with hearing_container(settings, clock, SYNC_CHANNEL) as (_, hear):
        for _ in range(2):
            await tell(
                driver,
                "message_template_components_update",
                message_template_element=text,
                message_template_title="Başlık",
                message_template_buttons=[{"message_template_button_type": "URL"}],
            )
        assert await hear() == str(known.business_id), "what it does not tell is asked for"
    found = await row(connection)
    assert (found["version"], len(found["edits"])) == (2, 1)
    assert [kind for kind, *_ in await history(connection)].count("components") == 1
    (first, second) = await versions(connection)
    assert orjson.loads(first["components"])[0]["text"] == definition().body
    assert orjson.loads(second["components"])[0]["text"] == text
    lists(graph, listed(components=saying(text)), listed("order_shipped", id="78"))
    await container.templates.sync(known)
    assert [one["number"] for one in await versions(connection)] == [1, 2], "the same is no further version"


@pytest.mark.parametrize("timestamp", [SOON, str(SOON), None, "soon"])
@pytest.mark.usefixtures("known")
async def test_notice_of_another_category_is_no_change_yet(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, timestamp: Any
) -> None:
    at = clock.now()
    for _ in range(2):
        await tell(
            driver,
            CATEGORY,
            new_category="UTILITY",
            correct_category="MARKETING",
            category_update_timestamp=timestamp,
        )
        clock.advance(timedelta(minutes=1))
    effective_at = datetime.fromtimestamp(SOON, UTC) if str(timestamp).isdigit() else None
    found = await row(connection)
    assert (found["category"], found["correct_category"], found["previous_category"]) == ("UTILITY", "MARKETING", None)
    assert (found["category_noticed_at"], found["category_effective_at"]) == (at, effective_at)
    lines = [details for kind, _, details in await history(connection) if kind == "category_notice"]
    told_at = effective_at.isoformat() if effective_at else None
    assert lines == [{"from": "UTILITY", "to": "MARKETING", "effective_at": told_at}]


@pytest.mark.usefixtures("known")
async def test_change_of_category_ends_its_notice(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await tell(driver, CATEGORY, new_category="UTILITY", correct_category="MARKETING", category_update_timestamp=SOON)
    clock.advance(timedelta(days=1))
    at = clock.now()
    for _ in range(2):
        await tell(driver, CATEGORY, new_category="MARKETING", previous_category="UTILITY")
        clock.advance(timedelta(minutes=1))
    found = await row(connection)
    assert (found["category"], found["previous_category"], found["category_changed_at"]) == (
        "MARKETING",
        "UTILITY",
        at,
    )
    ended = ("correct_category", "category_noticed_at", "category_effective_at")
    assert [found[name] for name in ended] == [None] * 3
    kinds = [kind for kind, *_ in await history(connection)]
    assert (kinds.count("category_notice"), kinds.count("category")) == (1, 1)


@pytest.mark.usefixtures("known")
async def test_detection_of_another_category_is_a_notice_without_a_time(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    field = "template_correct_category_detection"
    await tell(driver, field, category="UTILITY", correct_category="MARKETING")
    found = await row(connection)
    assert (found["category"], found["correct_category"], found["category_effective_at"]) == (
        "UTILITY",
        "MARKETING",
        None,
    )
    await tell(driver, field, category="UTILITY", correct_category="UTILITY")
    assert (await row(connection))["correct_category"] is None, "it is right as it is"


@pytest.mark.usefixtures("known")
async def test_business_hears_of_each_change(driver: Driver) -> None:
    before = len(await fed(driver))
    for _ in range(2):
        await tell(driver, STATUS, event="PAUSED", other_info={"title": "FIRST_PAUSE"})
        await tell(driver, "message_template_quality_update", new_quality_score="RED")
        await tell(driver, CATEGORY, new_category="MARKETING", previous_category="UTILITY")
    heard = (await fed(driver))[before:]
    assert [(one["change"], one["source"], one["details"], one["status"]) for one in heard] == [
        ("status", "webhook", {"from": "APPROVED", "to": "PAUSED", "pause": "FIRST_PAUSE"}, "PAUSED"),
        ("quality", "webhook", {"from": "UNKNOWN", "to": "RED"}, "PAUSED"),
        ("category", "webhook", {"from": "UTILITY", "to": "MARKETING"}, "PAUSED"),
    ]


async def test_template_that_is_not_known_is_kept_and_asked_for(
    driver: Driver, account: Account, connection: asyncpg.Connection, settings: Settings, clock: ManualClock
) -> None:
    async with hearing_container(settings, clock, SYNC_CHANNEL) as (_, hear):
        await tell(driver, STATUS, event="APPROVED")
        assert await hear() == str(account.business_id)
    assert await kept(connection) == ["unmatched"]
    assert await connection.fetchval("SELECT count(*) FROM templates") == 0


@pytest.mark.usefixtures("known")
async def test_what_is_told_late_is_asked_for(
    driver: Driver, known: Account, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    """Meta promises no order: of two webhooks the older may come last."""
    clock.advance(timedelta(minutes=10))
    now = int(clock.now().timestamp())
    answer = await driver.webhook(told(known.waba_id, STATUS, at=now, event="PAUSED"))
    assert answer.status_code == 200
    async with hearing_container(settings, clock, SYNC_CHANNEL) as (_, hear):
        await driver.webhook(told(known.waba_id, STATUS, at=now - 300, event="APPROVED"))
        assert await hear() == str(known.business_id)
    assert (await row(connection))["known_at"] == clock.now()


@pytest.mark.usefixtures("known")
async def test_what_is_told_of_another_template_of_the_name_is_asked_for(
    driver: Driver, known: Account, settings: Settings, clock: ManualClock
) -> None:
    """As when it was deleted and made anew: the end of the former may be told last."""
    async with hearing_container(settings, clock, SYNC_CHANNEL) as (_, hear):
        await tell(driver, STATUS, event="DELETED", message_template_id=76)
        assert await hear() == str(known.business_id)


@pytest.mark.parametrize("language", ["en-US", "en_US"])
async def test_language_is_written_in_either_way(
    container: Container,
    account: Account,
    driver: Driver,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    language: str,
) -> None:
    lists(graph, listed(language="en_US"), listed(language="en", id="78"))
    await container.templates.sync(account)
    await tell(driver, STATUS, event="PAUSED", message_template_language=language)
    assert (await row(connection, language="en_US"))["status"] == "PAUSED"
    assert (await row(connection, language="en"))["status"] == "APPROVED"


async def test_template_of_another_business_by_the_same_name_is_untouched(
    driver: Driver, container: Container, world: World, connection: asyncpg.Connection
) -> None:
    other = await build_world(
        container, name="Başka", phone_number_id="100000000000009", waba_id="200000000000009", app_secret="another"
    )
    theirs = "SELECT * FROM templates WHERE business_id = $1 ORDER BY id"
    before = await connection.fetch(theirs, other.business_id)
    for waba_id in (world.waba_id, other.waba_id):  # of which the signature speaks for the first alone
        about = {"message_template_id": meta_id_of(NAME), "event": "REJECTED", "reason": "SCAM"}
        answer = await driver.webhook(told(waba_id, STATUS, **about))
        assert answer.status_code == 200
    assert await connection.fetch(theirs, other.business_id) == before
    ours = "SELECT status FROM templates WHERE business_id = $1 AND name = $2 AND language = 'tr'"
    assert await connection.fetchval(ours, world.business_id, NAME) == "REJECTED"
    assert await kept(connection) == ["unmatched"]


async def test_what_is_told_of_one_that_was_deleted_says_nothing_of_the_next_of_its_name(
    driver: Driver,
    container: Container,
    known: Account,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    clock: ManualClock,
    settings: Settings,
) -> None:
    clock.advance(timedelta(minutes=1))
    lists(graph, listed(id="99"), listed("order_shipped", id="78"))
    await container.templates.sync(known)
    before = await row(connection)
    async with hearing_container(settings, clock, SYNC_CHANNEL) as (_, hear):
        await tell(driver, STATUS, event="DELETED")
        assert await hear() == str(known.business_id), "it may be that one which we have not heard of"
    assert await row(connection) == before
    assert await kept(connection) == ["unmatched"]
    await tell(driver, STATUS, event="PAUSED", message_template_id="99")
    assert (await row(connection))["status"] == "PAUSED"


@pytest.mark.usefixtures("known")
async def test_body_locks_no_message_before_its_last_template(
    driver: Driver, dispatcher: Dispatcher, connection: asyncpg.Connection
) -> None:
    """Whoever unpauses or edits one locks it first and then the messages that wait: crosswise, one would fail."""
    await driver.world.opt_in(PHONE)
    await tell(driver, STATUS, event="PAUSED")
    message_id = await driver.accepted()
    await dispatch(dispatcher)
    assert waits_for(await driver.story(message_id)) == "template"
    body = told(driver.world.waba_id, STATUS, event="APPROVED")
    about = {"message_template_id": 78, "message_template_name": "order_shipped"}
    body["entry"] += told(driver.world.waba_id, STATUS, event="PAUSED", **about)["entry"]
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT FROM templates WHERE name = 'order_shipped' FOR UPDATE")
    webhook = asyncio.create_task(driver.webhook(body))
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    async with asyncio.timeout(10):
        while not await connection.fetchval(blocked):  # noqa: ASYNC110 - another session's wait sets no event
            await asyncio.sleep(0.01)
    await connection.execute("SELECT FROM messages FOR UPDATE NOWAIT")
    await transaction.commit()
    assert (await webhook).status_code == 200
    assert waits_for(await driver.story(message_id)) is None
