"""Meta's limits: as arithmetic, and as a sender meets them."""

import json
from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.limits import DAY, HourlyQuota, PairLimit, TokenBucket, allows_start, note_start
from tests.support.sandbox import error_of, wamid_of

PAUSES = st.lists(st.floats(0, 30, allow_nan=False), max_size=80)


def moments(pauses):
    now = 0.0
    for pause in pauses:
        now += pause
        yield now


@settings(deadline=None)
@given(PAUSES, st.floats(0.01, 100), st.floats(0.01, 60))
def test_a_bucket_never_lets_more_through_than_its_burst_and_its_rate(pauses, rate, burst):
    bucket, taken = TokenBucket(), []
    for now in moments(pauses):
        if bucket.has_one(now, rate, burst):
            bucket.take()
            taken.append(now)
    size = max(1.0, rate * burst)
    for place, start in enumerate(taken):
        for count, end in enumerate(taken[place:], 1):
            assert count <= size + rate * (end - start) + 1e-3


@settings(deadline=None)
@given(st.integers(1, 300), st.floats(0.1, 100), st.floats(0.1, 10))
def test_a_bucket_lets_everything_through_that_keeps_its_pace(count, rate, burst):
    bucket = TokenBucket()
    for number in range(count):
        assert bucket.has_one(number / rate, rate, burst)
        bucket.take()


@settings(deadline=None)
@given(PAUSES, st.floats(0.5, 10), st.integers(1, 50))
def test_a_burst_to_one_customer_is_paid_back_in_full(pauses, interval, most):
    pairs, taken = PairLimit(), []
    for now in moments(pauses):
        if pairs.allows("pair", now, interval, most):
            pairs.take("pair", now, interval)
            taken.append(now)
    for place, start in enumerate(taken):
        within = [moment for moment in taken[place:] if moment < start + interval]
        assert len(within) <= most
    if taken:
        assert len(taken) <= most + (taken[-1] - taken[0]) / interval + 1e-6


def test_twenty_in_a_burst_mean_two_minutes_of_silence():
    pairs = PairLimit()
    for place in range(20):
        assert pairs.allows("pair", place * 0.1, 6, 45)
        pairs.take("pair", place * 0.1, 6)
    assert not pairs.allows("pair", 6, 6, 45)
    assert not pairs.allows("pair", 119.9, 6, 45)
    assert pairs.allows("pair", 120, 6, 45)
    assert pairs.allows("another", 6, 6, 45)


def test_pairs_that_owe_nothing_are_forgotten():
    pairs = PairLimit()
    for number in range(10_000):
        pairs.take(number, number * 1.0, 6)
    assert len(pairs._bursts) <= 1_024


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, DAY)), max_size=80), st.integers(0, 4))
def test_no_day_holds_more_customers_than_the_limit(sends, limit):
    starts, noted, now = OrderedDict(), [], 0.0
    for customer, pause in sends:
        now += pause
        if allows_start(starts, customer, now, limit):
            note_start(starts, customer, now)
            noted.append((now, customer))
        within = {one for moment, one in noted if now - moment < DAY}
        assert len(within) <= limit
        assert within == set(starts) or now - max(starts.values(), default=now) >= DAY


def test_a_quota_begins_anew_with_the_hour():
    quota = HourlyQuota()
    quota.take("a", 7_199)
    assert (quota.count("a", 7_199), quota.count("b", 7_199), quota.minutes_left(7_199)) == (1, 0, 1)
    assert (quota.count("a", 7_200), quota.minutes_left(7_200)) == (0, 60)


async def many(bench, count, first=0):
    """HTTP statuses of sends to as many customers."""
    return [(await bench.order(to=f"+3361{first + number:07}")).status_code for number in range(count)]


async def test_a_number_sends_eighty_a_second(bench):
    await bench.plain_template()
    assert await many(bench, 82) == [200] * 80 + [400] * 2
    answer = await bench.order()
    assert error_of(answer)[:2] == (400, 130429)
    await bench.advance(0.501)
    assert await many(bench, 42, 100) == [200] * 40 + [400] * 2
    assert (await bench.counts())["throughput"] == 5


async def test_what_is_refused_takes_nothing_of_the_throughput(make_bench):
    bench = await make_bench(faults={"throughput": 2}).open()
    await bench.plain_template()
    for _ in range(5):
        assert error_of(await bench.send_template("unheard_of"))[1] == 132001
        assert error_of(await bench.order(to="+905550090190"))[1] == 190
    assert await many(bench, 3) == [200, 200, 400]


async def test_numbers_do_not_share_their_throughput(make_bench):
    bench = await make_bench(faults={"throughput": 1}).open()
    await bench.plain_template()
    joined = {"waba_id": bench.account["waba_id"], "app_id": bench.account["app_id"]}
    second = (await bench.http.post("/control/accounts", json=joined)).json()
    assert await many(bench, 2) == [200, 400]
    bench.account = second
    assert await many(bench, 2) == [200, 400]


async def test_a_burst_may_be_longer_than_a_second(make_bench):
    bench = await make_bench(faults={"throughput": 2, "throughput_burst": 3}).open()
    await bench.plain_template()
    assert await many(bench, 7) == [200] * 6 + [400]


async def test_one_customer_gets_a_burst_and_then_silence(bench):
    await bench.plain_template()
    answers = [await bench.order() for _ in range(46)]
    assert [answer.status_code for answer in answers] == [200] * 45 + [400]
    assert error_of(answers[-1])[1] == 131056
    assert (await bench.order(to="+33612345679")).status_code == 200
    await bench.advance(45 * 6 - 1)
    assert error_of(await bench.order())[1] == 131056
    await bench.advance(1.001)
    assert (await bench.order()).status_code == 200
    assert (await bench.counts())["pair"] == 2


async def test_a_customer_named_in_two_ways_is_one(make_bench):
    bench = await make_bench(faults={"pair_burst": 1}).open()
    await bench.write()
    user_id = bench.receiver.messages()[0]["from_user_id"]
    assert (await bench.send()).status_code == 200
    assert error_of(await bench.send(to=None, recipient=user_id))[1] == 131056


async def test_the_limits_can_be_turned_off(bench):
    await bench.dial(throughput=None, pair_interval=0)
    await bench.plain_template()
    assert {(await bench.order()).status_code for _ in range(200)} == {200}


async def test_a_portfolio_starts_so_many_conversations_a_day(bench):
    await bench.plain_template()
    await bench.dial(messaging_limit=2)
    sent = [wamid_of(await bench.order(to=f"+3361234567{number}")) for number in (1, 2, 3, 1)]
    await bench.advance(3)
    last = [bench.receiver.statuses(wamid)[-1] for wamid in sent]
    assert [status["status"] for status in last] == ["read", "read", "failed", "read"]
    assert last[2]["errors"][0]["code"] == 131048
    await bench.write("33612345674")
    answer = await bench.order(to="+33612345674")
    await bench.advance(3)
    assert bench.receiver.statuses(wamid_of(answer))[-1]["status"] == "read", "an open window costs nothing"
    assert await bench.counts() == {"messaging_limit": 1}
    await bench.advance(DAY)
    late = wamid_of(await bench.order(to="+33612345673"))
    await bench.advance(3)
    assert bench.receiver.statuses(late)[-1]["status"] == "read"


async def test_the_messaging_limit_counts_a_portfolio_s_numbers_together(make_bench):
    bench = await make_bench(faults={"messaging_limit": 1, "messaging_limit_mode": "sync"}).open()
    await bench.plain_template()
    joined = {"waba_id": bench.account["waba_id"], "app_id": bench.account["app_id"]}
    second = (await bench.http.post("/control/accounts", json=joined)).json()
    assert (await bench.order()).status_code == 200
    bench.account = second
    assert (await bench.order()).status_code == 200
    assert error_of(await bench.order(to="+33612345679"))[:2] == (400, 131048)
    await bench.dial(messaging_limit_code=80007)
    assert error_of(await bench.order(to="+33612345679"))[1] == 80007


async def test_management_calls_end_with_the_quota(bench):
    await bench.dial(management_quota=4)
    used = []
    for _ in range(6):
        answer = await bench.graph("GET", "{waba}")
        (usage,) = json.loads(answer.headers["x-business-use-case-usage"])[bench.account["waba_id"]]
        used.append((answer.status_code, usage["call_count"], usage["estimated_time_to_regain_access"] > 0))
    assert used == [(200, 25, False), (200, 50, False), (200, 75, False), (200, 100, False)] + [(400, 100, True)] * 2
    assert error_of(answer)[1] == 80007
    assert (await bench.send()).status_code == 200, "sends are no management calls"
    await bench.advance(3600)
    assert (await bench.graph("GET", "{waba}")).status_code == 200
    assert await bench.counts() == {"management_quota": 2}


@pytest.mark.parametrize("quota", [0, 1])
async def test_a_quota_may_be_nothing(bench, quota):
    await bench.dial(management_quota=quota)
    statuses = [(await bench.graph("GET", "{waba}")).status_code for _ in range(2)]
    assert statuses == [200] * quota + [400] * (2 - quota)
