"""The dial itself: how it is set, that it keeps, and that it does the same again."""

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.sandbox.faults import FaultDial
from app.sandbox.settings import SandboxSettings
from tests.support.sandbox import Bench, Receiver, error_of, wamid_of

DEFAULTS = FaultDial().model_dump(mode="json")


async def faults(bench):
    return (await bench.http.get("/control/faults")).json()


async def test_only_meta_s_own_limits_are_on_by_default(bench):
    told = await faults(bench)
    assert told == {"dial": DEFAULTS, "active": [], "counts": {}, "conditions": {}}
    on = {name: value for name, value in told["dial"].items() if value not in (0, None, {})}
    assert set(on) == {
        "throughput",
        "throughput_burst",
        "pair_interval",
        "pair_burst",
        "messaging_limit_code",
        "messaging_limit_mode",
        "management_quota",
        "slow_answer_seconds",
        "error_shape",
        "held_seconds",
        "pacing_seconds",
        "disorder_seconds",
        "failed_after_sent_code",
    }
    assert (on["throughput"], on["pair_interval"], on["pair_burst"]) == (80, 6, 45)


async def test_put_replaces_patch_changes_and_delete_restores(make_bench):
    bench = await make_bench(faults={"slow_answers": 0.5}).open()
    settings = DEFAULTS | {"slow_answers": 0.5}
    assert (await faults(bench))["dial"] == settings
    patched = await bench.http.patch("/control/faults", json={"lost_answers": 0.1})
    assert patched.json()["dial"] == settings | {"lost_answers": 0.1}
    patched = await bench.http.patch("/control/faults", json={"codes": {"131000": 1}})
    assert patched.json()["dial"] == settings | {"lost_answers": 0.1, "codes": {"131000": 1}}
    put = await bench.http.put("/control/faults", json={"disorder": 0.2})
    assert put.json()["dial"] == settings | {"disorder": 0.2}
    assert (await bench.http.delete("/control/faults")).json()["dial"] == settings


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"lost_answers": 1.1}, ["lost_answers"]),
        ({"lost_answers": -0.1}, ["lost_answers"]),
        ({"lost_answers": "often"}, ["lost_answers"]),
        ({"lost_anwsers": 0.1}, ["lost_anwsers"]),
        ({"throughput": 0}, ["throughput"]),
        ({"webhook_batch": 1001}, ["webhook_batch"]),
        ({"webhook_batch": 0}, ["webhook_batch"]),
        ({"codes": {"7": 0.5}}, ["codes", "7", "[key]"]),
        ({"codes": {"131000": 2}}, ["codes", "131000"]),
        ({"failed_after_sent_code": 7}, ["failed_after_sent_code"]),
        ({"error_shape": "round"}, ["error_shape"]),
        ({"seed": None}, ["seed"]),
        ({"pair_burst": 0}, ["pair_burst"]),
    ],
)
async def test_a_bad_dial_is_a_problem_and_changes_nothing(bench, method, change, path):
    answer = await bench.http.request(method, "/control/faults", json=change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"
    assert [fault["path"] for fault in answer.json()["errors"]] == [["body", *path]]
    assert (await faults(bench))["dial"] == DEFAULTS


async def test_what_is_no_number_is_no_chance(bench):
    answer = await bench.http.patch("/control/faults", content=b'{"lost_answers": NaN}')
    assert answer.status_code == 422
    assert (await bench.http.patch("/control/faults", json=[0.1])).status_code == 422


def test_the_environment_sets_single_faults(monkeypatch):
    monkeypatch.setenv("ULAK_SANDBOX_FAULTS__LOST_ANSWERS", "0.05")
    monkeypatch.setenv("ULAK_SANDBOX_FAULTS__CODES", '{"131026": 0.1}')
    monkeypatch.setenv("ULAK_SANDBOX_FAULTS__SEED", "7")
    dial = SandboxSettings().faults
    assert (dial.lost_answers, dial.codes, dial.seed, dial.throughput) == (0.05, {131026: 0.1}, 7, 80)
    monkeypatch.setenv("ULAK_SANDBOX_FAULTS__THROUGHPUT", "null")
    assert SandboxSettings().faults.throughput is None
    monkeypatch.setenv("ULAK_SANDBOX_FAULTS__LOST_ANWSERS", "0.05")
    with pytest.raises(ValidationError):
        SandboxSettings()


@settings(deadline=None)
@given(st.integers(), st.text(), st.text(), st.integers(0, 100), st.floats(0, 1))
def test_a_chance_depends_on_its_arguments_alone(seed, name, key, attempt, chance):
    dial, again = FaultDial(seed=seed), FaultDial(seed=seed, lost_answers=0.5)
    figure = dial.share(name, key, attempt)
    assert 0 <= figure < 1
    assert figure == again.share(name, key, attempt)
    assert dial.strikes(name, chance, key, attempt) is (figure < chance)
    assert dial.strikes(name, 1.0, key, attempt)
    assert not dial.strikes(name, 0.0, key, attempt)


def test_chances_are_met_over_many_keys():
    dial = FaultDial(seed=3)
    struck = sum(dial.strikes("lost_answers", 0.05, f"msg_{number}") for number in range(20_000))
    assert 900 < struck < 1100
    both = sum(
        dial.strikes("lost_answers", 0.5, str(key)) and dial.strikes("held", 0.5, str(key)) for key in range(20_000)
    )
    assert 4_700 < both < 5_300, "one fault does not depend on another"


CHAOS = {
    "seed": 11,
    "throughput": None,
    "pair_interval": 0,
    "lost_answers": 0.2,
    "errors_before": 0.2,
    "errors_after": 0.2,
    "early_receipts": 0.3,
    "held": 0.2,
    "held_dropped": 0.5,
    "codes": {"131016": 0.1, "131026": 0.1},
    "duplicate_webhooks": 0.3,
    "disorder": 0.3,
    "missing_delivered": 0.3,
    "failed_after_sent": 0.2,
}


async def run(keys, seed=11, tries=2):
    """Every key tried as often, all in one go; gives what was injected, by key and message, and the counts."""
    bench = Bench(SandboxSettings(clock="manual", delay_jitter=0.0, faults=CHAOS | {"seed": seed}), Receiver())
    await bench.open()
    await bench.plain_template()
    ways = [bench.order(key, to=f"+336{key:0>8}") for key in keys for _ in range(tries)]
    await asyncio.gather(*ways, return_exceptions=True)
    await bench.advance(600)
    messages = (await bench.http.get("/control/messages")).json()["messages"]
    found = sorted((message["biz_opaque_callback_data"], sorted(message["faults"])) for message in messages)
    return found, await bench.counts()


async def test_the_same_sends_in_another_order_meet_the_same_faults():
    keys = [str(number) for number in range(120)]
    forwards = await run(keys)
    assert forwards == await run(keys[::-1])
    assert forwards[0] != (await run(keys, seed=12))[0]
    assert {"lost_answers", "errors_before", "held", "early_receipts", "code_131026"} <= set(forwards[1])


async def test_a_repeated_send_has_another_fate_than_the_first(make_bench):
    bench = await make_bench(faults={"errors_before": 0.5}).open()
    await bench.plain_template()
    outcomes = {(await bench.order("one")).status_code == 200 for _ in range(20)}
    assert outcomes == {True, False}


async def test_dial_counts_and_tries_survive_a_restart(make_bench, tmp_path):
    async def fates(bench):
        return [(await bench.order("one")).status_code for _ in range(10)]

    def make():
        return make_bench(data_dir=tmp_path)

    whole = await make_bench(faults={"errors_before": 0.5, "error_shape": "graph"}).open()
    await whole.plain_template()
    expected = [await fates(whole), await fates(whole)]
    first = make()
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await first.plain_template()
        await first.dial(errors_before=0.5, error_shape="graph")
        before = [await fates(first)]
        told = await faults(first)
    second = make()
    second.account = first.account
    second.http.headers["Authorization"] = first.http.headers["Authorization"]
    async with second.app.router.lifespan_context(second.app):
        assert await faults(second) == told
        assert [*before, await fates(second)] == expected


async def test_a_reset_forgets_counts_and_tries_but_not_the_dial(bench):
    await bench.plain_template()
    dial = (await bench.dial(errors_before=0.5))["dial"]
    once = [(await bench.order("one")).status_code for _ in range(10)]
    await bench.http.post("/control/reset")
    assert await faults(bench) == {"dial": dial, "active": ["errors_before"], "counts": {}, "conditions": {}}
    await bench.plain_template()
    assert [(await bench.order("one")).status_code for _ in range(10)] == once
    await bench.http.post("/control/reset", json={"accounts": True})
    assert (await faults(bench))["dial"] == dial


async def test_tries_of_keys_are_forgotten_as_messages_are(make_bench):
    bench = await make_bench(message_history=100, faults={"throughput": None}).open()
    await bench.plain_template()
    for number in range(150):
        await bench.order(f"key {number}", to=f"+336{number:08}")
    state = bench.app.state.sandbox.world.state
    assert len(state.attempts) == 100
    assert list(itertools.islice(reversed(state.attempts), 1)) == ["key 149"]


async def test_messages_tell_what_was_done_to_them(make_bench):
    bench = await make_bench(faults={"missing_delivered": 1, "duplicate_webhooks": 1}).open()
    await bench.plain_template()
    wamid = wamid_of(await bench.order("one"))
    await bench.advance(10)
    (message,) = (await bench.http.get("/control/messages", params={"callback_data": "one"})).json()["messages"]
    assert message["wamid"] == wamid
    assert message["faults"] == ["missing_delivered", "duplicate_webhooks", "duplicate_webhooks"]


async def test_what_a_limit_or_a_condition_refuses_is_no_try(make_bench):
    async def fates(bench):
        await bench.advance(10)
        return (await bench.order("one")).status_code

    async def opened(**dial):
        bench = await make_bench(faults={"errors_before": 0.5, "error_shape": "graph", "pair_burst": 1, **dial}).open()
        await bench.plain_template()
        return bench

    free, refused = await opened(), await opened()
    path = f"/control/numbers/{refused.account['phone_number_id']}/condition"
    expected = [await fates(free) for _ in range(12)]
    found = []
    for _ in range(12):
        found.append(await fates(refused))
        await refused.http.put(path, json={"code": 131042})
        assert error_of(await refused.order("one"))[1] == 131042
        await refused.http.delete(path)
        if found[-1] == 200:
            assert error_of(await refused.order("one"))[1] == 131056
    assert found == expected
    assert set(found) == {200, 500, 503}
