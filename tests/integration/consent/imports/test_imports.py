"""Lists of consent from before: taken in, judged row by row, recorded once, and never against what was said since."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.consent.imports import repository
from app.consent.imports.judging import Claim
from app.consent.imports.service import CHUNK_ROWS, Upload
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.support.driving import (
    PHONE,
    Driver,
    another_api,
    another_container,
    blocked,
    count,
    numbered_phone,
    problem,
    rows,
)
from tests.support.importing import PATH, SAID, imported, report, send, status, verified, work
from tests.support.world import WORDING, World, order_confirmed, webhook

OTHER = "+905339998877"
HEADER = "phone,occurred_at\n"
ROW = f"{PHONE},2024-05-31T14:30:00+03:00\n"


async def consents_of(driver: Driver, phone: str = PHONE) -> dict[str, str]:
    answer = await driver.request("GET", f"/v1/contacts/{phone}")
    return {row["topic"]: row["state"] for row in answer.json()["consents"]}


async def acts_of(driver: Driver, phone: str = PHONE) -> list[dict[str, Any]]:
    answer = await driver.request("GET", f"/v1/contacts/{phone}/consents")
    found: list[dict[str, Any]] = answer.json()["acts"]
    return found


def results(told: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["line"], row["result"], row["code"]) for row in told]


async def test_a_list_as_a_turkish_excel_writes_it_is_recorded_with_its_proof(
    driver: Driver, container: Container, world: World
) -> None:
    text = (
        "Telefon;İzin Tarihi;Kaynak;Metin;Metin Sürümü;Dil;Ad Soyad;IP Adresi;Konular;Yer\r\n"
        f'0532 111 22 33;31.05.2024 14:30;qr_till;"{WORDING}\r\nHer zaman vazgeçebilirim.";v3;TR;Ayşe Yılmaz;'
        "192.0.2.7;orders|bills;Kadıköy, kasa 3\r\n"
    )
    sent = await send(driver, text.encode("utf-8-sig"), dry_run="false")
    assert sent.status_code == 202, sent.text
    assert sent.headers["location"] == f"{PATH}/{sent.json()['id']}"
    assert (sent.json()["status"], sent.json()["rows"]["total"]) == ("waiting", 1)
    await work(container.importer)
    done = await status(driver, sent.json()["id"])
    assert (done["status"], done["rows"]) == (
        "finished",
        {"total": 1, "judged": 1, "done": 1, "recorded": 1, "unchanged": 0, "refused": 0},
    )
    assert done["key"].startswith("key_")
    assert await consents_of(driver) == {"orders": "opted_in", "bills": "opted_in"}
    first, second = await acts_of(driver)
    assert {first["topic"], second["topic"]} == {"orders", "bills"}
    assert first["act"] == "opt_in"
    assert (first["source"], first["actor"], first["place"]) == ("import", "import", "Kadıköy, kasa 3")
    assert first["value"] == {"import": done["id"], "line": 2, "source": "qr_till"}
    assert first["wording"] == f"{WORDING}\nHer zaman vazgeçebilirim."
    assert (first["wording_version"], first["language"], first["address"]) == ("v3", "tr", "192.0.2.7")
    assert first["occurred_at"] == "2024-05-31T11:30:00Z"
    contact = (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()
    assert (contact["name"], contact["language"]) == ("Ayşe Yılmaz", "tr")
    assert (await verified(container, world)).faults == []
    assert (await driver.report()).json()["status"] == "queued"


async def test_what_is_no_topic_and_what_is_no_address_is_refused(driver: Driver, container: Container) -> None:
    phones = [numbered_phone(one) for one in range(4)]
    text = (
        "phone,act,occurred_at,topics,address\n"
        f"{phones[0]},opt_in,2024-05-31,orders order,\n{phones[1]},opt_out,2024-05-31,siparis,\n"
        f"{phones[2]},opt_in,2024-05-31,orders,localhost\n{phones[3]},opt_in,2024-05-31,orders,192.0.2.7\n"
    )
    _, told = await imported(driver, container, text)
    assert [(row["column"], row["code"]) for row in told] == [
        ("topics", "unknown_topic"),
        ("topics", "unknown_topic"),
        ("address", "ip_address"),
        ("", ""),
    ]
    of_all = await send(driver, HEADER + ROW, **SAID, topics="order")
    (fault,) = problem(of_all, 422, "invalid_request")["errors"]
    assert (fault["parameter"], fault["code"]) == ("topics", "unknown_topic")


async def test_each_row_is_judged_on_its_own(driver: Driver, container: Container, clock: ManualClock) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    text = (
        "phone,act,occurred_at,wording,source,language,topics\n"
        f'{PHONE},,2024-05-31,"{WORDING}",checkout,,\n'
        f'12,,2024-05-31,"{WORDING}",checkout,,\n'
        f'+905321112234,,,"{WORDING}",checkout,,\n'
        f'+905321112235,,{tomorrow},"{WORDING}",checkout,,\n'
        "+905321112236,,2024-05-31,,checkout,,\n"
        "+905321112237,,2024-05-31,Demo Mağaza bana yazsın,checkout,,\n"
        "+905321112238,,2024-05-31,WhatsApp mesajı istiyorum,checkout,,\n"
        f'+905321112239,,2024-05-31,"{WORDING}",,,\n'
        f'+905321112240,,2024-05-31,"{WORDING}",phone_call,,\n'
        f'+905321112241,maybe,2024-05-31,"{WORDING}",checkout,,\n'
        f'+905321112242,,05/31/2024,"{WORDING}",checkout,,\n'
        f'+905321112243,,2024-05-31,"{WORDING}",checkout,,Bad Topic!\n'
        f'+905321112244,,2024-05-31,"{WORDING}",checkout,x9,\n'
        f'+905321112245,,2024-05-31,"{WORDING}",checkout,,,surplus\n'
        "+905321112246,ret,,,,,\n"
        "\n"
        ",ret,,,,,orders\n"
    )
    done, told = await imported(driver, container, text, dry_run="false")
    assert results(told) == [
        ("2", "recorded", ""),
        ("3", "refused", "phone"),
        ("4", "refused", "date_missing"),
        ("5", "refused", "in_the_future"),
        ("6", "refused", "wording_missing"),
        ("7", "refused", "wording_without_whatsapp"),
        ("8", "refused", "wording_without_business"),
        ("9", "refused", "source_missing"),
        ("10", "refused", "staff_missing"),
        ("11", "refused", "unknown_act"),
        ("12", "refused", "date"),
        ("13", "refused", "string_pattern_mismatch"),
        ("14", "refused", "string_pattern_mismatch"),
        ("15", "refused", "too_many_cells"),
        ("16", "recorded", ""),
        ("18", "refused", "contact"),
    ]
    assert [row["column"] for row in told[1:4]] == ["phone", "occurred_at", "occurred_at"]
    assert done["rows"] == {"total": 16, "judged": 16, "done": 16, "recorded": 2, "unchanged": 0, "refused": 14}
    answer = await driver.request("GET", f"{PATH}/{done['id']}/report.csv")
    assert "90532" not in answer.text
    assert len(await report(driver, done["id"])) == 14


@pytest.mark.parametrize(
    ("text", "pointer", "code"),
    [
        (b"phone,favourite colour\n+905321112233,red\n", "#/header/1", "unknown_column"),
        (b"phone,telefon\n", "#/header/1", "repeated_column"),
        (b"name,occurred_at\n", "#/header", "missing_column"),
        (b"", "#", "no_header"),
        (b"\n\n", "#", "no_header"),
        ("telefon;ad\n+905321112233;Ayşe\n".encode("cp1254"), "#", "encoding"),
        (b'phone,name\n+905321112233,"never closed\n' + b"x" * 10_000, "#", "malformed_csv"),
        (b'phone,name\n+905321112233,"' + b"x\n" * 200_000, "#", "malformed_csv"),
        (HEADER.encode() + ROW.encode() * 1200 + b'"open', "#", "malformed_csv"),
    ],
)
async def test_a_file_that_is_no_list_leaves_nothing(
    driver: Driver, connection: asyncpg.Connection, text: bytes, pointer: str, code: str
) -> None:
    body = problem(await send(driver, text), 422, "invalid_request")
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [(pointer, code)]
    assert await count(connection, "consent_imports") == 0
    assert await count(connection, "consent_import_chunks") == 0


@pytest.mark.parametrize(
    ("headers", "params", "status_code", "code"),
    [
        ({"Content-Type": "application/json"}, {}, 415, "unsupported_media_type"),
        ({"Content-Type": "text/csv; charset=klingon"}, {}, 415, "unsupported_media_type"),
        ({"Content-Encoding": "br"}, {}, 415, "unsupported_media_type"),
        ({"Content-Encoding": "gzip"}, {}, 422, "invalid_request"),
        ({}, {"langauge": "tr"}, 422, "invalid_request"),
        ({}, {"language": "T"}, 422, "invalid_request"),
        ({"Idempotency-Key": "two words"}, {}, 422, "invalid_request"),
    ],
)
async def test_a_request_that_does_not_fit_leaves_nothing(
    driver: Driver,
    connection: asyncpg.Connection,
    headers: dict[str, str],
    params: dict[str, str],
    status_code: int,
    code: str,
) -> None:
    problem(await send(driver, HEADER + ROW, headers=headers, **params), status_code, code)
    assert await count(connection, "consent_imports") == 0


async def test_a_list_may_come_packed_and_in_the_charset_of_an_old_excel(driver: Driver, container: Container) -> None:
    text = f"telefon;izin tarihi;ad;kaynak;metin\n{PHONE};31.05.2024;Şükrü Işık;dükkân;{WORDING}\n".encode("cp1254")
    half = len(text) // 2
    packed = gzip.compress(text[:half]) + gzip.compress(text[half:])
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/csv; charset=windows-1254"}
    done, told = await imported(driver, container, packed, headers=headers, dry_run="false")
    assert results(told) == [("2", "recorded", "")]
    assert done["size"] == len(text)
    assert (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()["name"] == "Şükrü Işık"


async def test_the_limit_is_its_own_and_holds_for_what_is_unpacked(
    settings: Settings, clock: ManualClock, driver: Driver, connection: asyncpg.Connection
) -> None:
    text = HEADER + ROW * 3000
    small = settings.model_copy(update={"accept_body_limit": 1024, "import_body_limit": len(text)})
    async with another_api(small, clock) as http:
        one = Driver(http, driver.world)
        assert (await send(one, text)).status_code == 202
        for body, headers in (
            ((text + ROW).encode(), {}),
            (gzip.compress((text + ROW).encode()), {"Content-Encoding": "gzip"}),
        ):
            problem(await send(one, body, headers=headers), 413, "body_too_large")

        async def unannounced() -> AsyncIterator[bytes]:
            yield text.encode()
            yield ROW.encode()

        headers = {**driver.world.headers, "Content-Type": "text/csv"}
        problem(await http.post(PATH, content=unannounced(), headers=headers, params=SAID), 413, "body_too_large")
    assert await count(connection, "consent_imports") == 1


async def test_the_same_upload_twice_is_one_import(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    first = await send(driver, HEADER + ROW)
    again = await send(driver, HEADER + ROW)
    assert (first.json()["id"], "idempotency-replayed" in first.headers) == (again.json()["id"], False)
    assert again.headers["idempotency-replayed"] == "true"
    await work(container.importer)
    assert (await send(driver, HEADER + ROW)).json()["id"] == first.json()["id"]
    assert await count(connection, "consent_acts") == 1
    other = await send(driver, HEADER + ROW, **SAID, topics="orders")
    assert other.json()["id"] != first.json()["id"]


async def test_a_list_of_which_rows_were_refused_may_be_tried_again(driver: Driver, container: Container) -> None:
    text = HEADER + ROW + "12,2024-05-31\n"
    done, _ = await imported(driver, container, text)
    again, told = await imported(driver, container, text)
    assert again["id"] != done["id"]
    assert results(told) == [("2", "unchanged", ""), ("3", "refused", "phone")]
    assert len(await acts_of(driver)) == 1


async def test_an_idempotency_key_belongs_to_one_list(driver: Driver, container: Container) -> None:
    headers = {"Idempotency-Key": "list-7"}
    text = HEADER + ROW + "12,2024-05-31\n"
    done, _ = await imported(driver, container, text, headers=headers)
    again = await send(driver, text, headers=headers)
    assert (again.json()["id"], again.headers["idempotency-replayed"]) == (done["id"], "true")
    problem(await send(driver, HEADER + ROW, headers=headers), 422, "idempotency_key_reused")


async def test_a_refusal_since_stands(driver: Driver, container: Container, clock: ManualClock, world: World) -> None:
    await world.opt_out(PHONE)
    await world.opt_out(OTHER, ["orders"])
    third = "+905321112244"
    await world.opt_out(third)
    clock.advance(timedelta(minutes=1))
    await world.opt_in(third)
    text = (
        f"phone,occurred_at,topics\n{PHONE},2024-05-31,*\n{PHONE},2024-05-31,orders\n{OTHER},2024-05-31,*\n"
        f"{OTHER},2024-05-31,bills\n{third},2024-05-31,marketing\n{third},2024-05-31,orders\n"
    )
    _, told = await imported(driver, container, text)
    assert results(told) == [
        ("2", "refused", "refused_since"),
        ("3", "refused", "refused_since"),
        ("4", "refused", "refused_since"),
        ("5", "recorded", ""),
        ("6", "refused", "refused_since"),
        ("7", "recorded", ""),
    ]
    assert await consents_of(driver) == {"*": "opted_out"}
    assert await consents_of(driver, OTHER) == {"orders": "opted_out", "bills": "opted_in"}
    assert (await verified(container, world)).faults == []


async def test_an_opt_in_newer_than_the_refusal_is_recorded_and_an_older_opt_out_is_not(
    driver: Driver, container: Container, clock: ManualClock, world: World
) -> None:
    await world.opt_out(PHONE)
    await world.opt_in(OTHER)
    clock.advance(timedelta(days=2))
    yesterday = (clock.now() - timedelta(days=1)).isoformat()
    text = f"phone,act,occurred_at\n{PHONE},opt_in,{yesterday}\n{OTHER},opt_out,2024-05-31\n"
    _, told = await imported(driver, container, text)
    assert results(told) == [("2", "recorded", ""), ("3", "refused", "agreed_since")]
    assert (await consents_of(driver), await consents_of(driver, OTHER)) == ({"*": "opted_in"}, {"*": "opted_in"})


async def test_who_was_erased_does_not_come_back_by_an_old_list(
    driver: Driver, container: Container, connection: asyncpg.Connection, world: World
) -> None:
    """Known by the pseudonym alone: the contact has no number any more."""
    await world.opt_in(PHONE)
    await world.opt_out(PHONE)
    await connection.execute(
        "UPDATE contacts SET phone = NULL, ended_at = now(), ended_by = 'erasure' WHERE phone = $1", PHONE
    )
    _, told = await imported(driver, container, HEADER + ROW)
    assert results(told) == [("2", "refused", "refused_since")]
    assert await count(connection, "contacts") == 1


async def test_a_pause_since_is_not_ended(driver: Driver, container: Container) -> None:
    until = "2998-01-01T00:00:00Z"
    assert (await driver.consent(PHONE, act="pause", source="checkout", until=until)).is_success
    _, told = await imported(driver, container, HEADER + ROW)
    assert results(told) == [("2", "refused", "paused_since")]


async def test_of_rows_about_the_same_the_one_that_was_said_last_counts(driver: Driver, container: Container) -> None:
    filler = "".join(f"{numbered_phone(one)},opt_in,2024-01-01,*\n" for one in range(CHUNK_ROWS))
    text = (
        "phone,act,occurred_at,topics\n"
        f"{PHONE},opt_in,2024-03-01,*\n{PHONE},opt_in,2024-02-01,*\n{OTHER},opt_in,2024-03-01,orders bills\n"
        f"{filler}"
        f"0532 111 22 33,opt_out,2024-04-01,*\n{PHONE},opt_out,2024-04-01,*\n{OTHER},opt_in,2024-03-02,orders\n"
    )
    done, told = await imported(driver, container, text)
    by_line = {row["line"]: row for row in told}
    last = CHUNK_ROWS + 5
    assert {line: by_line[line]["code"] for line in ("2", "3", "4")} == {"2": "duplicate", "3": "duplicate", "4": ""}
    assert f"line {last} " in by_line["2"]["message"]
    assert [by_line[str(last + one)]["code"] for one in range(3)] == ["", "duplicate", ""]
    assert done["rows"]["refused"] == 3
    assert await consents_of(driver) == {"*": "opted_out"}
    assert await consents_of(driver, OTHER) == {"orders": "opted_in", "bills": "opted_in"}
    assert [act["value"]["line"] for act in await acts_of(driver, OTHER)] == [4, last + 2]


async def test_an_opt_out_of_the_list_silences_what_waits_and_is_told(
    driver: Driver, container: Container, connection: asyncpg.Connection, world: World
) -> None:
    await world.opt_in(PHONE, OTHER)
    waiting = await driver.accepted(order_confirmed(send_at="2998-01-01T00:00:00Z"))
    kept = await driver.accepted(order_confirmed(OTHER, send_at="2998-01-01T00:00:00Z"))
    await connection.execute("DELETE FROM callback_events")
    text = f"phone,act,date\n{PHONE},RET,\n+905321112244,onay,2024-05-31\n"
    done, told = await imported(driver, container, text)
    assert results(told) == [("2", "recorded", ""), ("3", "recorded", "")]
    assert (await driver.story(waiting))["status"] == "suppressed"
    assert (await driver.story(kept))["status"] == "scheduled"
    events = [dict(row) for row in await connection.fetch("SELECT type, data::text FROM callback_events ORDER BY type")]
    assert [event["type"] for event in events] == ["consent.changed", "import.finished"]
    assert '"opt_out"' in events[0]["data"]
    assert done["id"] in events[1]["data"]
    assert (await verified(container, world)).faults == []


async def test_a_dry_run_tells_and_records_nothing(
    driver: Driver, container: Container, connection: asyncpg.Connection, world: World
) -> None:
    await world.opt_out(OTHER)
    before = await rows(connection, "contacts", "consents", "consent_acts", "consent_evidence", "consent_ledgers")
    text = HEADER + ROW + f"{OTHER},2024-05-31\n12,2024-05-31\n"
    done, told = await imported(driver, container, text, **SAID, dry_run="true")
    assert results(told) == [("2", "recorded", ""), ("3", "refused", "refused_since"), ("4", "refused", "phone")]
    assert (done["dry_run"], done["rows"]["recorded"]) == (True, 1)
    assert await rows(connection, *before) == before
    real, _ = await imported(driver, container, text)
    assert (real["id"] != done["id"], real["rows"]["recorded"]) == (True, 1)


async def test_an_opt_out_in_the_middle_of_an_import_wins(driver: Driver, container: Container, world: World) -> None:
    phones = [numbered_phone(one) for one in range(2 * CHUNK_ROWS)]
    sent = await send(driver, HEADER + "".join(f"{phone},2024-05-31\n" for phone in phones))
    for _ in range(3):  # both chunks are judged, and the first is recorded
        assert await container.importer.step()
    half = await status(driver, sent.json()["id"])
    assert (half["status"], half["rows"]["judged"], half["rows"]["done"]) == ("processing", 1000, 500)
    early, late = phones[0], phones[-1]
    await driver.opt_out(early)
    await driver.opt_out(late)
    await work(container.importer)
    assert (await consents_of(driver, early), await consents_of(driver, late)) == (
        {"*": "opted_out"},
        {"*": "opted_out"},
    )
    assert results(await report(driver, sent.json()["id"])) == [(str(2 * CHUNK_ROWS + 1), "refused", "refused_since")]
    check = await verified(container, world)
    assert (check.lines, check.faults) == (2 * CHUNK_ROWS + 1, [])


async def test_what_was_recorded_says_nothing_of_customers_outside_the_ledger(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await imported(driver, container, HEADER + ROW + "+90 555,2024-05-31\n")
    (chunk,) = (await rows(connection, "consent_import_chunks"))["consent_import_chunks"]
    assert chunk["content"] is None
    assert b"90532" not in chunk["outcomes"]
    assert await count(connection, "consent_import_claims") == 0


async def test_a_canceled_import_stops_and_keeps_what_is_recorded(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    phones = [numbered_phone(one) for one in range(2 * CHUNK_ROWS)]
    text = HEADER + "".join(f"{phone},2024-05-31\n" for phone in phones)
    sent = await send(driver, text)
    for _ in range(3):
        assert await container.importer.step()
    for _ in range(2):
        answer = await driver.request("POST", f"{PATH}/{sent.json()['id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    await work(container.importer)
    stopped = await status(driver, sent.json()["id"])
    assert (stopped["status"], stopped["rows"]["done"], stopped["rows"]["recorded"]) == ("canceled", 500, 500)
    chunks = (await rows(connection, "consent_import_chunks"))["consent_import_chunks"]
    assert [chunk["content"] for chunk in chunks] == [None, None]
    assert await count(connection, "consent_import_claims") == 0
    again, _ = await imported(driver, container, text)
    assert (again["rows"]["unchanged"], again["rows"]["recorded"]) == (500, 500)
    problem(await driver.request("POST", f"{PATH}/{again['id']}/cancel"), 409, "import_finished")


async def test_an_import_is_canceled_while_a_worker_judges_some_of_it(
    driver: Driver, container: Container, connection: asyncpg.Connection, settings: Settings
) -> None:
    sent = await send(driver, HEADER + ROW)
    (of,) = (await rows(connection, "consent_imports"))["consent_imports"]
    business_id, import_id = of["business_id"], of["id"]
    async with container.database.pool.acquire() as worker, worker.transaction():
        chunk = await repository.claim_received(worker, business_id, import_id)
        assert chunk is not None
        canceling = asyncio.create_task(driver.request("POST", f"{PATH}/{sent.json()['id']}/cancel"))
        await blocked(settings.require_database_url())
        claims = {b"\0" * 16: Claim(2, datetime(2024, 5, 31, tzinfo=UTC), refuses=False)}
        await repository.keep_judged(worker, business_id, import_id, chunk, claims)
    answer = await canceling
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert await connection.fetchval("SELECT state FROM consent_import_chunks") == "dropped"
    assert await count(connection, "consent_import_claims") == 0


async def test_imports_are_listed_newest_first(driver: Driver) -> None:
    ids = [(await send(driver, f"{HEADER}{numbered_phone(one)},2024-05-31\n")).json()["id"] for one in range(3)]
    page = (await driver.request("GET", PATH, params={"limit": 2})).json()
    assert [one["id"] for one in page["imports"]] == ids[:0:-1]
    rest = (await driver.request("GET", PATH, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert ([one["id"] for one in rest["imports"]], rest["next_cursor"]) == (ids[:1], None)
    for path in (f"{PATH}/imp_{'0' * 32}", f"{PATH}/nothing", f"{PATH}/imp_{'0' * 32}/report.csv"):
        problem(await driver.request("GET", path), 404, "not_found")


async def test_an_upload_that_nobody_continues_is_dropped(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await send(driver, HEADER + ROW)
    await connection.execute("UPDATE consent_imports SET status = 'receiving'")
    await container.imports.drop_abandoned(clock.now())
    assert await count(connection, "consent_imports") == 1
    clock.advance(timedelta(seconds=1))
    await container.imports.drop_abandoned(clock.now())
    assert await count(connection, "consent_imports") == await count(connection, "consent_import_chunks") == 0


async def test_an_upload_that_breaks_off_leaves_nothing(
    container: Container, connection: asyncpg.Connection, world: World
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield (HEADER + ROW * (CHUNK_ROWS + 1)).encode()
        assert await count(connection, "consent_import_chunks") == 1
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await container.imports.receive(Upload(world.business_id, world.mode), broken())
    assert await count(connection, "consent_imports") == await count(connection, "consent_import_chunks") == 0


async def test_a_list_is_not_confirmed_once_more_where_the_business_has_opt_ins_confirmed(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    """It tells of what was given before, with its proof: pending it would wait for a request that nobody sends."""
    await connection.execute("UPDATE businesses SET double_opt_in = true")
    container.directory.forget()
    await imported(driver, container, HEADER + ROW)
    assert await consents_of(driver) == {"*": "opted_in"}
    assert (await driver.request("GET", "/v1/messages")).json()["messages"] == []
    _, told = await imported(driver, container, HEADER + ROW + f"{OTHER},2024-05-31\n")
    assert results(told) == [("2", "unchanged", ""), ("3", "recorded", "")]


async def test_workers_that_share_and_die_record_each_row_once(
    settings: Settings, clock: ManualClock, driver: Driver, container: Container, world: World
) -> None:
    """One is killed with a chunk in its hands: its connection goes, and the other takes the chunk up."""
    phones = [numbered_phone(one) for one in range(6 * CHUNK_ROWS)]
    sent = await send(driver, HEADER + "".join(f"{phone},2024-05-31\n" for phone in phones))
    async with another_container(settings, clock) as other:
        for doomed_steps in range(8):
            doomed = asyncio.create_task(other.importer.step())
            for _ in range(doomed_steps):
                await asyncio.sleep(0)
            doomed.cancel()
            await container.importer.step()
            await asyncio.gather(doomed, return_exceptions=True)
        await asyncio.gather(work(container.importer), work(other.importer))
        await work(container.importer)
    done = await status(driver, sent.json()["id"])
    assert (done["status"], done["rows"]["recorded"]) == ("finished", len(phones))
    check = await verified(container, world)
    assert (check.lines, check.faults) == (len(phones), [])


async def test_live_and_test_keys_have_lists_and_refusals_of_their_own(
    driver: Driver, container: Container, world: World
) -> None:
    token = await container.accounts.create_key(world.business_id, "live", mode="live")
    live = {"Authorization": f"Bearer {token}"}
    await world.opt_out(PHONE)
    sent = await send(driver, HEADER + ROW, headers=live)
    problem(await driver.request("GET", f"{PATH}/{sent.json()['id']}"), 404, "not_found")
    await work(container.importer)
    answer = await driver.request("GET", f"{PATH}/{sent.json()['id']}", headers=live)
    assert answer.json()["rows"]["recorded"] == 1


BSUID = "TR.88123"


async def hears(driver: Driver, clock: ManualClock, words: str, **names: str) -> None:
    clock.advance(timedelta(seconds=10))
    at = int(clock.now().timestamp())
    said = {"id": f"wamid.in.{at}", "timestamp": str(at), "type": "text", "text": {"body": words}, **names}
    body = webhook(driver.world, messages=[said])
    del body["entry"][0]["changes"][0]["value"]["contacts"]
    assert (await driver.webhook(body)).status_code == 200


async def test_a_refusal_under_another_name_stands_once_it_is_known_to_be_the_same_person(
    driver: Driver, container: Container, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE, topics=["billing"])
    await hears(driver, clock, "STOP", from_user_id=BSUID)
    await hears(driver, clock, "Merhaba", **{"from": PHONE.lstrip("+"), "from_user_id": BSUID})
    _, told = await imported(driver, container, HEADER + ROW)
    assert results(told) == [("2", "refused", "refused_since")]
    await hears(driver, clock, "START", from_user_id=BSUID)
    await hears(driver, clock, "Merhaba", **{"from": PHONE.lstrip("+"), "from_user_id": BSUID})
    _, told = await imported(driver, container, "phone,occurred_at,topics\n" + ROW.strip() + ",marketing\n")
    assert results(told) == [("2", "refused", "refused_since")], "the ledger knows, though nothing holds any more"


async def test_a_number_written_in_another_way_is_the_same_contacts(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in("+5491123456789")
    await hears(driver, clock, "STOP", **{"from": "541123456789"})
    _, told = await imported(driver, container, HEADER + ROW.replace(PHONE, "+541123456789"))
    assert results(told) == [("2", "refused", "refused_since")]
    new = ["+5491134567890", "+541134567890"]
    _, told = await imported(driver, container, HEADER + "".join(ROW.replace(PHONE, one) for one in new))
    assert [row["result"] for row in told] == ["recorded", "unchanged"]
    assert await consents_of(driver, new[1]) == {"*": "opted_in"}
    assert len((await rows(connection, "contacts"))["contacts"]) == 2
    assert (await verified(container, driver.world)).faults == []


async def test_digits_that_meta_knows_the_contact_by_and_the_parents_id_are_the_contacts(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    parent = "TR.ENT.700"
    await driver.world.opt_in(PHONE)
    await hears(driver, clock, "STOP", **{"from": PHONE.lstrip("+"), "from_parent_user_id": parent})
    await connection.execute("UPDATE contacts SET wa_id = $1", OTHER.lstrip("+"))
    _, by_digits = await imported(driver, container, HEADER + ROW.replace(PHONE, OTHER))
    _, by_parent = await imported(driver, container, f"bsuid,occurred_at\n{parent},2024-05-31T14:30:00+03:00\n")
    assert results(by_digits) == results(by_parent) == [("2", "refused", "refused_since")]


async def test_an_erased_person_is_recognised_by_every_name(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in("+5491123456789")
    await hears(driver, clock, "Merhaba", **{"from": "541123456789", "from_user_id": BSUID})
    await hears(driver, clock, "STOP", **{"from": "541123456789", "from_user_id": BSUID})
    assert (await driver.request("DELETE", f"/v1/contacts/{BSUID}")).status_code == 200
    _, by_id = await imported(driver, container, f"bsuid,occurred_at\n{BSUID},2024-05-31T14:30:00+03:00\n")
    _, by_phone = await imported(driver, container, HEADER + ROW.replace(PHONE, "+541123456789"))
    assert results(by_id) == results(by_phone) == [("2", "refused", "refused_since")]
    proof = await driver.request("POST", "/v1/proofs/find", json={"bsuid": BSUID})
    assert (proof.status_code, proof.json()["proof"]["erased"]) == (200, True)
    assert BSUID not in str(await rows(connection, "consent_subjects"))
