"""The overview says what is wrong and what waits."""

from datetime import timedelta

import asyncpg
import httpx

from app.console import waiting
from app.console.figures.asked import BYS
from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import new_id
from tests.integration.console.conftest import Person
from tests.support.driving import PHONE, Driver
from tests.support.world import World, build_world, order_confirmed


async def test_what_is_wrong_is_said_with_what_to_do_and_a_way_there(
    signed_in: Person, driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    world, now = driver.world, clock.now()
    well = await signed_in.get("/console/")
    assert "Her şey yolunda" in well.text
    other = await build_world(container, name="Başkası", phone_number_id="100000000000009", waba_id="200000000000009")
    for one in (world, other):
        await container.senders.pause(one.business_id, "test", one.sender_id, "<b>sayım</b>")
    await connection.execute(
        "UPDATE templates SET status = 'REJECTED', status_at = $2 WHERE business_id = $1 AND name = 'order_shipped'",
        world.business_id,
        now,
    )
    await connection.execute(
        "UPDATE templates SET correct_category = 'MARKETING', category_noticed_at = $2, category_effective_at = $3"
        " WHERE business_id = $1 AND name = 'order_confirmed' AND language = 'tr'",
        world.business_id,
        now,
        now + timedelta(days=1),
    )
    endpoint = new_id()
    await connection.execute(
        "INSERT INTO callback_endpoints (business_id, id, mode, url, batch_size, secret, created_at, started_at,"
        " disabled_at, disabled_reason, seen_before, seen_except, last_error)"
        " VALUES ($1, $2, 'test', 'https://shop.example/<cb>', 1, '', $3, $3, $3, 'failing', 0, '{}', 'answered 503')",
        world.business_id,
        endpoint,
        now,
    )
    page = (await signed_in.get("/console/")).text
    for said in (
        "+90 850 555 10 10 elle duraklatıldı",
        f"/console/senders/{world.sender}",
        "“order_shipped” (tr) şablonu reddedildi",
        "“order_shipped” (en) şablonu reddedildi",
        "“order_confirmed” (tr) şablonunun kategorisi değişecek: MARKETING",
        "https://shop.example/&lt;cb&gt; kapatıldı",
        f"/console/callbacks/cbe_{endpoint.hex}",
        "answered 503",
    ):
        assert said in page, said
    assert "<cb>" not in page
    assert other.sender not in page
    part = await signed_in.get("/console/glance/concerns", headers={"HX-Request": "true"})
    assert part.text.strip().startswith('<section class="card concerns"')
    assert 'class="badge bad">5<' in part.text


async def test_what_waits_is_counted_by_what_it_waits_for(
    signed_in: Person, driver: Driver, http: httpx.AsyncClient, connection: asyncpg.Connection, monkeypatch: object
) -> None:
    world = driver.world
    empty = (await signed_in.get("/console/glance/waiting")).text
    assert "Bekleyen mesaj yok" in empty
    await world.opt_in(PHONE)
    await driver.accepted(order_confirmed())
    await driver.accepted(order_confirmed(send_at="2998-01-01T00:00:00Z"))
    held = await driver.accepted(order_confirmed())
    await connection.execute(
        "UPDATE messages SET waiting_for = 'template' WHERE business_id = $1 AND encode(uuid_send(id), 'hex') = $2",
        world.business_id,
        held.removeprefix("msg_"),
    )
    found = await waiting.what_waits(world.container.database, world.business_id, "test", [world.sender_id])
    assert {(one.waiting_for, one.status, one.count) for one in found.groups} == {
        (None, "queued", 1),
        ("template", "queued", 1),
        ("send_at", "scheduled", 1),
    }
    assert (found.total, found.is_more) == (3, False)
    text = (await signed_in.get("/console/glance/waiting")).text
    for said in ("yalnızca sırasını", "kullanılabilir bir şablon", "istenen saat"):
        assert said in text
    wrong = (await signed_in.get("/console/glance/concerns")).text
    assert "1 mesaj kullanılabilir bir şablon bekliyor" in wrong
    assert "/console/doctor" in wrong


async def test_today_is_told_in_figures_and_as_a_table(signed_in: Person, driver: Driver, world: World) -> None:
    fresh = (await signed_in.get("/console/")).text
    assert "Bugün henüz mesaj yok" in fresh
    assert "/v1/events/order-confirmed" in fresh
    await world.opt_in(PHONE)
    await driver.accepted(order_confirmed())
    await driver.report(order_confirmed("+905330000000"))  # who agreed to nothing
    await world.container.figures.refresh()
    page = (await signed_in.get("/console/")).text
    assert '<p class="value">2</p>' in page
    assert "Müşterinin izni yok." in page
    assert 'data-chart="{' in page
    csv = await signed_in.get("/console/figures.csv?kind=delivery&by=event_type&period=today")
    assert csv.headers["content-type"].startswith("text/csv")
    assert "attachment" in csv.headers["content-disposition"]
    lines = csv.text.splitlines()
    assert lines[0].startswith("start,end,event_type,messages,")
    assert sum(int(line.split(",")[3]) for line in lines[1:]) == 2
    for kind, bys in BYS.items():
        for by in ("", *bys):
            shown = await signed_in.get(f"/console/figures?kind={kind}&event_type=order-confirmed&by={by}&period=7")
            assert shown.status_code == 200, shown.text
            assert ("order-confirmed" in shown.text) or kind == "consent"
        table = await signed_in.get(f"/console/figures.csv?kind={kind}&by={bys[-1]}&period=7")
        assert table.text.startswith("start,end,"), kind
