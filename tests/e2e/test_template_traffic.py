"""What Meta does to templates while messages are on their way: siblings take over, nothing is lost, nothing doubled."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.events.catalogue import catalogue
from tests.support.stack import WORDING, Stack, running_stack, wait_for

MESSAGES = 120


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    quick = {
        "ULAK_SANDBOX_REVIEW_DELAY": "0.05",
        "ULAK_SANDBOX_SENT_DELAY": "0.02",
        "ULAK_SANDBOX_DELIVERED_DELAY": "0.05",
        "ULAK_SANDBOX_READ_DELAY": "0.1",
        "ULAK_SANDBOX_MAGIC_PATTERN": "",
    }
    with running_stack(tmp_path_factory.mktemp("templates"), **quick) as running:
        running.settle_in()
        yield running


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api as client:
        yield client


def event(event_type: str, phone: str) -> dict[str, Any]:
    body = dict(catalogue()[event_type].examples["tr"])
    return {"type": event_type, **body, "contact": {**body["contact"], "phone": phone}}


def template(api: httpx.Client, name: str, language: str = "tr") -> dict[str, Any]:
    answer = api.get("/v1/templates", params={"name": name}).raise_for_status().json()
    found: dict[str, Any] = next(one for one in answer["templates"] if one["language"] == language)
    return found


def sibling(api: httpx.Client, event_type: str) -> str:
    """Writes another variant of the event type, and waits until Meta has approved it."""
    own = next(one for one in catalogue()[event_type].templates if one.language == "tr")
    name = f"{own.name}_short"
    body = own.model_dump(mode="json") | {"name": name, "body": f"Bilginize: {own.body}", "submit": True}
    made = api.post("/v1/templates", json=body)
    assert made.status_code == 201, made.text
    wait_for("the sibling to be approved", lambda: template(api, name)["status"] == "APPROVED")
    chain = api.get(f"/v1/event-types/{event_type}/variants").json()
    assert [one["template"] for one in chain["variants"]] == [own.name, name]
    return name


def control(stack: Stack, api: httpx.Client, name: str, path: str = "", **body: Any) -> None:
    with stack.sandbox as sandbox:
        meta_id = template(api, name)["meta_id"]
        sandbox.post(f"/control/templates/{meta_id}{path}", json=body or None).raise_for_status()


def post(api: httpx.Client, events: list[dict[str, Any]]) -> list[str]:
    answer = api.post("/v1/events", json={"events": events}).json()
    assert answer["accepted"] == len(events), answer
    return [result["message"]["id"] for result in answer["results"]]


def story(api: httpx.Client, message: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v1/messages/{message}").raise_for_status().json()
    return found


def until_read(api: httpx.Client, ids: list[str]) -> list[dict[str, Any]]:
    def stories() -> list[dict[str, Any]] | None:
        found = [story(api, one) for one in ids]
        return found if all(one["status"] == "read" for one in found) else None

    return wait_for("all to be read", stories)


def was_sent_once(stack: Stack, ids: list[str]) -> None:
    with stack.sandbox as sandbox:
        tally = sandbox.get("/control/tally").json()["data"]
    assert Counter(tally[one]["accepted"] for one in ids) == {1: len(ids)}


def test_a_template_is_paused_in_the_midst_of_traffic_and_its_sibling_takes_over(
    stack: Stack, api: httpx.Client
) -> None:
    short = sibling(api, "order-cancelled")
    phones = [f"+90532100{number:04d}" for number in range(MESSAGES)]
    for phone in phones:
        stack.opt_in(api, phone)
    ids = post(api, [event("order-cancelled", phone) for phone in phones[: MESSAGES // 2]])
    wait_for("some to have left", lambda: any(story(api, one)["accepted_at"] for one in ids))
    control(stack, api, "order_cancelled", status="PAUSED")
    ids += post(api, [event("order-cancelled", phone) for phone in phones[MESSAGES // 2 :]])
    stories = until_read(api, ids)
    was_sent_once(stack, ids)
    by_template = Counter(one["template"] for one in stories)
    assert by_template.keys() == {"order_cancelled", short}
    assert by_template[short] >= MESSAGES // 2 - 1, "at most what was on its way when Meta told of it"
    assert template(api, "order_cancelled")["status"] == "PAUSED"
    changes = [
        one["data"]
        for one in api.get("/v1/feed", params={"types": "template.changed", "limit": 1000}).json()["events"]
        if one["data"]["name"] == "order_cancelled" and one["data"]["change"] == "status"
    ]
    assert [one["details"]["to"] for one in changes][-1] == "PAUSED"


def test_with_no_sibling_messages_wait_and_leave_when_the_pause_is_over(stack: Stack, api: httpx.Client) -> None:
    english = template(api, "refund_issued", "en")
    control(stack, api, "refund_issued", status="PAUSED")
    with stack.sandbox as sandbox:
        sandbox.post(f"/control/templates/{english['meta_id']}", json={"status": "PAUSED"}).raise_for_status()
    wait_for("Ulak to know", lambda: template(api, "refund_issued", "en")["status"] == "PAUSED")
    stack.opt_in(api, "+905321010001")
    (message,) = post(api, [event("refund-issued", "+905321010001")])
    wait_for("it to wait", lambda: story(api, message)["waiting_for"] is not None)
    held = story(api, message)
    assert (held["waiting_for"]["what"], held["reason"]) == ("template", "template_paused")
    control(stack, api, "refund_issued", status="APPROVED")
    (told,) = until_read(api, [message])
    assert (told["template"], told["language"]) == ("refund_issued", "tr")
    was_sent_once(stack, [message])


def test_a_notice_of_another_category_is_handled_each_of_the_three_ways(stack: Stack, api: httpx.Client) -> None:
    name, event_type = "appointment_cancelled", "appointment-cancelled"
    short = sibling(api, event_type)
    phones = iter(f"+90532102{number:04d}" for number in range(10))

    def tell(*, marketing: bool = False) -> str:
        phone = next(phones)
        stack.opt_in(api, phone)
        if marketing:
            act = {"act": "opt_in", "source": "checkout", "wording": WORDING, "topics": ["marketing"]}
            api.put(f"/v1/contacts/{phone}/consent", json=act).raise_for_status()
        (message,) = post(api, [event(event_type, phone)])
        return message

    def policy(value: str) -> None:
        api.patch("/v1/businesses/me", json={"on_category_notice": value}).raise_for_status()

    policy("hold")
    control(stack, api, name, "/category", correct_category="MARKETING")
    noticed = wait_for("the notice", lambda: template(api, name)["category_change"])
    assert noticed["to"] == "MARKETING"
    assert noticed["effective_at"] is not None
    assert "category_change_pending" in [one["code"] for one in template(api, name)["warnings"]]

    policy("continue")
    goes_on = tell()
    assert until_read(api, [goes_on])[0]["template"] == name

    policy("switch")
    switched = tell()
    assert until_read(api, [switched])[0]["template"] == short

    policy("hold")
    api.put(f"/v1/event-types/{event_type}/variants", json={"templates": [name]}).raise_for_status()
    api.patch("/v1/businesses/me", json={"fallback_languages": []}).raise_for_status()
    held = tell()
    wait_for("it to be held", lambda: story(api, held)["reason"] == "template_category_notice")
    assert story(api, held)["waiting_for"]["what"] == "template"

    control(stack, api, name, "/category/effect")
    wait_for("the effect", lambda: template(api, name)["category"] == "MARKETING")
    wait_for("it to be held for that", lambda: story(api, held)["reason"] == "template_recategorised")
    assert template(api, name)["usability"] == "unusable"
    steps = {one["action"]: one for one in template(api, name)["next_steps"]}
    assert steps.keys() >= {"accept_category", "new_template", "request_review"}
    assert steps["request_review"]["until"] is not None

    api.put(f"/v1/event-types/{event_type}/variants", json={"templates": [name, short]}).raise_for_status()
    assert until_read(api, [held])[0]["template"] == short, "the sibling, once there is one"

    template_id = template(api, name)["id"]
    api.post(f"/v1/templates/{template_id}/accept-category", json={"category": "MARKETING"}).raise_for_status()
    agreed, only_utility = tell(marketing=True), tell()
    told = until_read(api, [agreed, only_utility])
    assert [one["template"] for one in told] == [name, short], "marketing only to whom agreed to it"
    assert [one["price_category"] for one in told] == ["marketing", "utility"]
    was_sent_once(stack, [goes_on, switched, held, agreed, only_utility])
