"""Group commit: who is written together with whom, who is told what, and that nobody waits forever."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from app.core.group_commit import GroupCommit


class Store:
    """Stands for the database: holds each flush until opened, and refuses what it was told to refuse."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.failures: list[Exception] = []
        self.refused: dict[str, Exception] = {}
        self._open = asyncio.Event()
        self._open.set()
        self.entered = asyncio.Event()

    def hold(self) -> None:
        self._open.clear()
        self.entered.clear()

    def release(self) -> None:
        self._open.set()

    async def flush(self, items: list[str]) -> list[str | Exception]:
        self.batches.append(list(items))
        self.entered.set()
        await self._open.wait()
        if self.failures:
            raise self.failures.pop(0)
        for item in items:
            if item in self.refused:
                raise self.refused[item]
        return [item.upper() for item in items]


async def until(condition: Callable[[], object]) -> None:
    """Lets the loop turn until the condition holds; gives up after more turns than any of these tests needs."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("the condition never came to hold: somebody waits forever")


async def settled(tasks: list[asyncio.Task]) -> list:
    await until(lambda: all(task.done() for task in tasks))
    return await asyncio.gather(*tasks, return_exceptions=True)


def submit(commit: GroupCommit, *items: str) -> list[asyncio.Task]:
    return [asyncio.create_task(commit.submit(item)) for item in items]


@pytest.fixture
async def store() -> Store:
    return Store()


@pytest.fixture
async def commit(store: Store) -> GroupCommit:
    return GroupCommit("test", store.flush)


async def test_a_lone_item_is_written_at_once(store: Store, commit: GroupCommit) -> None:
    assert await settled(submit(commit, "a")) == ["A"]
    assert store.batches == [["a"]]


async def test_what_arrives_during_a_flush_shares_the_next_one(store: Store, commit: GroupCommit) -> None:
    store.hold()
    first = submit(commit, "a")
    await store.entered.wait()
    later = submit(commit, "b", "c", "d")
    await until(lambda: len(commit._waiting) == 3)
    store.release()
    assert await settled(first + later) == ["A", "B", "C", "D"]
    assert store.batches == [["a"], ["b", "c", "d"]]


async def test_one_submitter_after_another_is_served_without_a_pause_between_them(commit: GroupCommit) -> None:
    async def one_by_one() -> list[str]:
        return [await commit.submit(item) for item in "abc"]

    assert await settled([asyncio.create_task(one_by_one())]) == [["A", "B", "C"]]


async def test_a_failed_submitter_may_submit_again_at_once(store: Store, commit: GroupCommit) -> None:
    store.failures = [OSError("database away")]

    async def twice() -> str:
        with pytest.raises(OSError, match="database away"):
            await commit.submit("a")
        return await commit.submit("a")

    assert await settled([asyncio.create_task(twice())]) == ["A"]


async def test_a_batch_holds_at_most_so_many_items(store: Store) -> None:
    commit = GroupCommit("test", store.flush, most=2)
    assert await settled(submit(commit, *"abcde")) == list("ABCDE")
    assert store.batches == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_batch_ends_with_the_item_that_reaches_the_weight(store: Store) -> None:
    commit = GroupCommit("test", store.flush, most=4, weigh=len)
    assert await settled(submit(commit, "aaa", "bbb", "c", "ddddd", "e")) == ["AAA", "BBB", "C", "DDDDD", "E"]
    assert store.batches == [["aaa", "bbb"], ["c", "ddddd"], ["e"]]


async def test_a_second_writer_does_not_wait_for_the_first(store: Store) -> None:
    commit = GroupCommit("test", store.flush, writers=2)
    store.hold()
    first = submit(commit, "a")
    await store.entered.wait()
    second = submit(commit, "b")
    await until(lambda: len(store.batches) == 2)
    third = submit(commit, "c")
    await until(lambda: len(commit._waiting) == 1)
    assert store.batches == [["a"], ["b"]]
    store.release()
    assert await settled(first + second + third) == ["A", "B", "C"]


async def test_lingering_writers_never_flush_nothing(store: Store) -> None:
    commit = GroupCommit("test", store.flush, writers=2, linger=1e-9)
    assert await asyncio.gather(*submit(commit, *"abc")) == list("ABC")
    await commit.drain()
    assert [] not in store.batches


async def test_what_comes_alone_is_not_held_up_for_company(store: Store) -> None:
    commit = GroupCommit("test", store.flush, busy_linger=1e9)
    for item in "ab":
        assert await settled(submit(commit, item)) == [item.upper()]


async def test_what_follows_a_transaction_at_once_waits_for_company(store: Store) -> None:
    commit = GroupCommit("test", store.flush, busy_linger=0.02)
    store.hold()
    tasks = submit(commit, "a")
    await store.entered.wait()
    tasks += submit(commit, "b")
    store.release()
    await until(tasks[0].done)
    tasks += submit(commit, "c")
    assert await asyncio.gather(*tasks) == ["A", "B", "C"]
    assert store.batches == [["a"], ["b", "c"]]


async def test_one_result_may_be_an_exception_without_harm_to_the_others() -> None:
    async def flush(items: list[str]) -> list[str | Exception]:
        return [LookupError(item) if item == "b" else item for item in items]

    results = await settled(submit(GroupCommit("test", flush), *"abc"))
    assert results[0] == "a"
    assert isinstance(results[1], LookupError)
    assert results[2] == "c"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DataError("bad text"),
        asyncpg.NotNullViolationError("null"),
        asyncpg.UniqueViolationError("twice"),
        ValueError("bad value"),
        TypeError("bad type"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_bad_item_costs_only_itself(store: Store, commit: GroupCommit, error: Exception) -> None:
    store.refused["b"] = error
    results = await settled(submit(commit, *"abc"))
    assert results == ["A", error, "C"]
    assert store.batches == [["a", "b", "c"], ["a"], ["b"], ["c"]]


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError("dead"), asyncpg.SerializationError("serial")])
async def test_a_collision_is_tried_again_as_a_whole(store: Store, commit: GroupCommit, error: Exception) -> None:
    store.failures = [error, error]
    assert await settled(submit(commit, *"ab")) == ["A", "B"]
    assert store.batches == [["a", "b"]] * 3


async def test_endless_collisions_are_told_to_everybody(store: Store, commit: GroupCommit) -> None:
    store.failures = [asyncpg.DeadlockDetectedError("dead") for _ in range(100)]
    results = await settled(submit(commit, *"ab"))
    assert [type(result) for result in results] == [asyncpg.DeadlockDetectedError] * 2
    assert len(store.batches) == 5


@pytest.mark.parametrize("error", [OSError("away"), asyncpg.InterfaceError("closed"), OverflowError("out of range")])
async def test_another_error_is_told_to_everybody_and_the_next_batch_is_written(
    store: Store, commit: GroupCommit, error: Exception
) -> None:
    store.failures = [error]
    assert await settled(submit(commit, *"ab")) == [error, error]
    assert await settled(submit(commit, "c")) == ["C"]
    assert store.batches == [["a", "b"], ["c"]]


async def test_one_that_goes_away_while_waiting_does_not_hurt_the_others(store: Store, commit: GroupCommit) -> None:
    store.hold()
    first = submit(commit, "a")
    await store.entered.wait()
    later = submit(commit, "b", "c")
    await until(lambda: len(commit._waiting) == 2)
    later[0].cancel()
    store.release()
    results = await settled(first + later)
    assert results[0] == "A"
    assert isinstance(results[1], asyncio.CancelledError)
    assert results[2] == "C"


async def test_one_that_goes_away_during_its_flush_does_not_hurt_the_others(store: Store, commit: GroupCommit) -> None:
    store.hold()
    tasks = submit(commit, "a", "b")
    await store.entered.wait()
    tasks[0].cancel()
    await until(tasks[0].done)
    store.release()
    results = await settled(tasks)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1] == "B"
    assert await settled(submit(commit, "c")) == ["C"]


async def test_drain_returns_after_everything_submitted_has_been_written(store: Store, commit: GroupCommit) -> None:
    store.hold()
    tasks = submit(commit, "a")
    await store.entered.wait()
    tasks += submit(commit, "b")
    await until(lambda: len(commit._waiting) == 1)
    draining = asyncio.create_task(commit.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    store.release()
    await until(draining.done)
    assert store.batches == [["a"], ["b"]]
    assert await settled(tasks) == ["A", "B"]


async def test_drain_of_an_idle_one_returns(commit: GroupCommit) -> None:
    await settled([asyncio.create_task(commit.drain())])


async def test_a_flush_that_answers_too_few_leaves_nobody_waiting() -> None:
    async def flush(items: list[str]) -> list[str | Exception]:
        return list(items[1:])

    results = await settled(submit(GroupCommit("test", flush), "a", "b"))
    assert all(isinstance(result, Exception) for result in results)
