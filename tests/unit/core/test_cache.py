"""The loading cache: one load for many, and nothing kept that was already overtaken."""

import asyncio

import pytest

from app.core.cache import LoadingCache


class Source:
    """Counts loads; holds them until told to go on."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.value = 1
        self.error: Exception | None = None
        self._go = asyncio.Event()
        self._go.set()

    def hold(self) -> None:
        self._go.clear()

    def release(self) -> None:
        self._go.set()

    async def load(self, key: str) -> tuple[str, int]:
        self.loads.append(key)
        read = self.value
        await self._go.wait()
        if self.error is not None:
            raise self.error
        return key, read


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
async def cache(source: Source) -> LoadingCache[str, tuple[str, int]]:
    return LoadingCache(source.load, time_to_live=3600)


async def _begun(source: Source, loads: int) -> None:
    for _ in range(100):
        if len(source.loads) >= loads:
            return
        await asyncio.sleep(0)
    pytest.fail("the load never began")


async def test_many_who_ask_together_cost_one_load(source: Source, cache: LoadingCache) -> None:
    answers = await asyncio.gather(*(cache.get("a") for _ in range(20)))
    assert answers == [("a", 1)] * 20
    assert source.loads == ["a"]


async def test_a_kept_value_is_not_loaded_again_and_is_at_hand(source: Source, cache: LoadingCache) -> None:
    assert cache.peek("a") is None
    await cache.get("a")
    await cache.get("a")
    assert cache.peek("a") == ("a", 1)
    assert source.loads == ["a"]


async def test_keys_do_not_share_values(source: Source, cache: LoadingCache) -> None:
    assert await asyncio.gather(cache.get("a"), cache.get("b")) == [("a", 1), ("b", 1)]
    assert source.loads == ["a", "b"]


@pytest.mark.parametrize("forget", [lambda cache: cache.invalidate("a"), lambda cache: cache.clear()])
async def test_what_was_invalidated_is_loaded_again(source: Source, cache: LoadingCache, forget) -> None:
    await cache.get("a")
    source.value = 2
    forget(cache)
    assert cache.peek("a") is None
    assert await cache.get("a") == ("a", 2)


async def test_invalidating_one_key_keeps_the_others(source: Source, cache: LoadingCache) -> None:
    await asyncio.gather(cache.get("a"), cache.get("b"))
    cache.invalidate("a")
    assert cache.peek("b") == ("b", 1)


@pytest.mark.parametrize("forget", [lambda cache: cache.invalidate("a"), lambda cache: cache.clear()])
async def test_a_value_whose_loading_was_overtaken_is_handed_out_but_not_kept(
    source: Source, cache: LoadingCache, forget
) -> None:
    source.hold()
    asked = asyncio.create_task(cache.get("a"))
    await _begun(source, 1)
    forget(cache)
    source.release()
    assert await asked == ("a", 1)
    assert cache.peek("a") is None


async def test_who_asks_after_an_invalidation_gets_what_was_loaded_after_it(
    source: Source, cache: LoadingCache
) -> None:
    source.hold()
    early = asyncio.create_task(cache.get("a"))
    await _begun(source, 1)
    source.value = 2
    cache.invalidate("a")
    late = asyncio.create_task(cache.get("a"))
    await _begun(source, 2)
    source.release()
    assert await asyncio.gather(early, late) == [("a", 1), ("a", 2)]
    assert cache.peek("a") == ("a", 2)


async def test_an_expired_value_is_loaded_again(source: Source) -> None:
    cache = LoadingCache(source.load, time_to_live=0)
    await cache.get("a")
    assert cache.peek("a") is None
    await cache.get("a")
    assert source.loads == ["a", "a"]


async def test_a_failure_is_told_to_all_who_wait_and_is_not_kept(source: Source, cache: LoadingCache) -> None:
    source.error = OSError("away")
    answers = await asyncio.gather(cache.get("a"), cache.get("a"), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["away", "away"]
    source.error = None
    assert await cache.get("a") == ("a", 1)
    assert source.loads == ["a", "a"]


async def test_one_that_goes_away_does_not_take_the_value_from_the_others(source: Source, cache: LoadingCache) -> None:
    source.hold()
    first, second = (asyncio.create_task(cache.get("a")) for _ in range(2))
    await _begun(source, 1)
    first.cancel()
    await asyncio.wait([first])
    source.release()
    assert await second == ("a", 1)
    assert first.cancelled()
    assert source.loads == ["a"]


async def test_a_full_cache_starts_anew_rather_than_growing(source: Source) -> None:
    cache = LoadingCache(source.load, time_to_live=3600, most=2)
    for key in "abc":
        await cache.get(key)
    assert [key for key in "abc" if cache.peek(key)] == ["c"]
