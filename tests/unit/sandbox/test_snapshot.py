import asyncio
import stat

import pytest

from tests.support.sandbox import Bench, body, until


@pytest.fixture
def restart(make_bench, tmp_path):
    """A bench on the same folder; what runs in the background runs while the context is open."""

    def make(account=None, **settings):
        bench = make_bench(data_dir=tmp_path, **settings)
        if account is not None:
            bench.account = account
            bench.http.headers["Authorization"] = f"Bearer {account['access_token']}"
        return bench

    return make


def running(bench: Bench):
    return bench.app.router.lifespan_context(bench.app)


async def test_everything_survives_a_restart_and_what_was_pending_is_resumed(restart, receiver, tmp_path):
    first = restart()
    async with running(first):
        await first.open(display_phone_number="+908505550100")
        await first.create(components=[body("Your parcel is waiting at the desk.", ())])
        upload = await first.graph(
            "POST",
            "{pnid}/media",
            data={"messaging_product": "whatsapp"},
            files={"file": ("a.png", b"png", "image/png")},
        )
        sent = await first.send_template("parcel_ready")
        await first.advance(0.5)
        before = await first.now()
    wamid = sent.json()["messages"][0]["id"]
    assert [status["status"] for status in receiver.statuses(wamid)] == ["sent"]
    file = tmp_path / "sandbox.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.with_suffix(".draft").exists()

    second = restart(first.account)
    async with running(second):
        assert await second.now() >= before
        (account,) = (await second.http.get("/control/accounts")).json()["data"]
        assert first.account.items() <= account.items()
        assert (await second.graph("GET", upload.json()["id"])).status_code == 200
        media = await second.http.get(f"/phone/media/{upload.json()['id']}")
        assert media.content == b"png"
        await second.advance(3)
        assert [status["status"] for status in receiver.statuses(wamid)] == ["sent", "delivered", "read"]
        assert (await second.send_template("parcel_ready")).status_code == 200
        state = (await second.http.get("/phone/state")).json()
        assert [chat["customer"] for chat in state["chats"]] == ["33612345678"]


async def test_webhooks_that_were_not_answered_leave_again(restart, receiver):
    first = restart()
    async with running(first):
        await first.open()
        receiver.planned.extend([500])
        await first.write()
    assert receiver.messages() == []
    second = restart(first.account)
    async with running(second):
        await second.advance(5)
        assert len(receiver.messages()) == 1


async def test_updates_that_had_not_left_are_kept(restart, receiver):
    first = restart()
    async with running(first):
        await first.open()
        inbound = {"from": "33612345678", "phone_number_id": first.account["phone_number_id"], "text": "Hi"}
        await first.http.post("/control/inbound", json=inbound)
    second = restart(first.account)
    async with running(second):
        await second.advance(1)
        assert len(receiver.messages()) == 1


async def test_a_template_in_review_is_decided_after_the_restart(restart, receiver):
    first = restart()
    async with running(first):
        await first.open()
        await first.create(approve=False)
    second = restart(first.account)
    async with running(second):
        await second.advance(2)
    assert [value["event"] for _, _, value in receiver.changes()] == ["APPROVED"]


async def test_old_messages_are_left_out_but_not_those_on_their_way(restart, receiver):
    first = restart(snapshot_messages=1)
    async with running(first):
        await first.open()
        await first.write()
        done = (await first.send()).json()["messages"][0]["id"]
        await first.advance(10)
        pending = [(await first.send()).json()["messages"][0]["id"] for _ in range(3)]
    second = restart(first.account, snapshot_messages=1)
    async with running(second):
        found = (await second.http.get("/control/messages")).json()["messages"]
        assert [message["wamid"] for message in found] == pending
        assert done not in pending
        await second.advance(3)
        assert {status["id"] for status in receiver.statuses() if status["status"] == "read"} == {done, *pending}


async def test_the_snapshot_is_written_while_running(restart, tmp_path):
    bench = restart(snapshot_delay=0.0)
    async with running(bench):
        await bench.open()
        async with asyncio.timeout(5):
            while not (tmp_path / "sandbox.json").exists():  # noqa: ASYNC110 - the disk raises no event
                await asyncio.sleep(0)


async def test_a_snapshot_that_cannot_be_read_is_put_aside(restart, tmp_path):
    (tmp_path / "sandbox.json").write_text('{"apps": 3}')
    bench = restart()
    assert (await bench.http.get("/control/accounts")).json()["data"] == []
    assert (tmp_path / "sandbox.unreadable").read_text() == '{"apps": 3}'


async def test_real_time_moves_by_itself(make_bench, receiver):
    bench = make_bench(clock="real", review_delay=0, sent_delay=0, delivered_delay=0, read_delay=0, webhook_flush=0)
    async with running(bench):
        await bench.open()
        await bench.graph("POST", "{waba}/message_templates", json=TEMPLATE)
        await until(receiver.changes)
        await bench.send_template("parcel_ready")
        await until(lambda: len(receiver.statuses()) == 3)
        before = await bench.now()
        await bench.advance(3600)
        assert await bench.now() >= before + 3600


TEMPLATE = {
    "name": "parcel_ready",
    "language": "en",
    "category": "UTILITY",
    "components": [body("A parcel is here.", ())],
}
