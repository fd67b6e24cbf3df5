"""No message is sent by one variant and then by another: what may have left by one is only sent again by the same."""

from datetime import timedelta

import httpx
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.integration.experiments.trying import VARIANT, add_variant, begin, canary, set_status
from tests.support.driving import PHONE, Driver, accept_all, dispatch, sends, waits_for


async def test_what_may_have_left_waits_for_its_own_template_instead_of_leaving_by_another(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    settings: Settings,
    clock: ManualClock,
) -> None:
    await add_variant(container, driver.world)
    await driver.world.opt_in(PHONE)
    await begin(driver, canary(share=100, contacts=1))
    message_id = await driver.accepted()
    assert (await driver.story(message_id))["template"] == VARIANT
    route = sends(graph, driver.world).mock(side_effect=httpx.ReadTimeout("no answer"))
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["status"] == "unconfirmed"
    await set_status(container, driver.world, VARIANT, "PAUSED")
    container.book._accounts.clear()
    route.mock(side_effect=accept_all)
    clock.advance(settings.unconfirmed_window)
    for _ in range(3):
        await dispatch(dispatcher)
        clock.advance(timedelta(seconds=1))
    story = await driver.story(message_id)
    assert (story["template"], story["status"], waits_for(story)) == (VARIANT, "queued", "template")
    assert route.call_count == 1, "the call without an answer"
    await set_status(container, driver.world, VARIANT, "APPROVED")
    container.book._accounts.clear()
    clock.advance(timedelta(minutes=10))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["template"], story["status"]) == (VARIANT, "accepted")
