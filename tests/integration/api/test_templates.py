"""`/v1/templates`: writing, submitting, changing and deleting templates, and what is told of them."""

import json
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.templates.schemas import TEMPLATE_EXAMPLE
from tests.support.driving import Driver, copy_sender, pointers, problem, refusal, rows
from tests.support.graph_templates import GraphTemplates
from tests.support.world import World, build_world

NAME = TEMPLATE_EXAMPLE["name"]
BODY = TEMPLATE_EXAMPLE["body"]
OTHER_BODY = (
    "Merhaba {{customer_name}}, {{order_number}} numaralı siparişiniz bize ulaştı. Tutarı {{total}} olan siparişinizi "
    "hazırlıyoruz."
)
DAY = timedelta(days=1)
NOBODY = "tpl_" + "0" * 32


@pytest.fixture
async def at_meta(graph: respx.MockRouter, world: World, connection: asyncpg.Connection) -> GraphTemplates:
    """Of an account that holds nothing yet."""
    await connection.execute("DELETE FROM templates")
    return GraphTemplates(graph, world.waba_id)


def template(**more: Any) -> dict[str, Any]:
    return TEMPLATE_EXAMPLE | more


async def asked(driver: Driver, method: str, path: str = "", status: int = 200, **options: Any) -> dict[str, Any]:
    answer = await driver.request(method, f"/v1/templates{path}", **options)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def created(driver: Driver, **more: Any) -> dict[str, Any]:
    return await asked(driver, "POST", status=201, json=template(**more))


async def synced(driver: Driver) -> None:
    await asked(driver, "POST", "/sync")


def kinds(detail: dict[str, Any]) -> list[str]:
    """Of its history, oldest first."""
    return [one["kind"] for one in reversed(detail["history"])]


async def test_draft_is_kept_and_nothing_is_asked_of_meta(
    driver: Driver, at_meta: GraphTemplates, clock: ManualClock
) -> None:
    answer = await driver.request("POST", "/v1/templates", json=template())
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/v1/templates/{made['id']}"
    assert (made["status"], made["usability"], made["meta_id"], made["version"]) == ("DRAFT", "unusable", None, 0)
    assert {name: made["draft"][name] for name in TEMPLATE_EXAMPLE} == TEMPLATE_EXAMPLE
    assert (made["event_type"], made["components"], made["versions"]) == ("order-confirmed", [], [])
    assert made["waba_id"] == driver.world.waba_id
    assert [one["action"] for one in made["next_steps"]] == ["submit"]
    (line,) = made["history"]
    assert (line["kind"], line["source"], line["details"]) == ("drafted", "api", {"category": "UTILITY"})
    assert line["actor"].startswith("key_")
    assert await asked(driver, "GET", f"/{made['id']}") == made
    assert at_meta.calls == []


async def test_what_the_event_type_does_not_tell_is_refused_before_meta_is_asked(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    wrong = {"body": f"{BODY} Kapı: {{{{gate}}}} numara.", "samples": TEMPLATE_EXAMPLE["samples"] | {"gate": "B4"}}
    before = await rows(connection)
    for event_type in ("order-confirmed", "nothing-of-the-kind"):
        body = template(**wrong, event_type=event_type, submit=True)
        refused = problem(await driver.request("POST", "/v1/templates", json=body), 422, "invalid_request")
        assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("#/event_type", "template_unfit")]
    assert at_meta.calls == []
    assert await rows(connection) == before


async def test_draft_is_submitted_edited_and_deleted(
    driver: Driver, at_meta: GraphTemplates, clock: ManualClock
) -> None:
    path = f"/{(await created(driver))['id']}"
    pending = await asked(driver, "POST", f"{path}/submit")
    assert (pending["status"], pending["usability"], pending["draft"], pending["version"]) == (
        "PENDING",
        "waiting",
        None,
        1,
    )
    assert [one["action"] for one in pending["next_steps"]] == ["wait"]
    at_meta.rows[NAME, "tr"]["status"] = "APPROVED"
    await synced(driver)
    approved = await asked(driver, "GET", path)
    assert (approved["status"], approved["usability"]) == ("APPROVED", "usable")
    assert approved["approved_at"] == approved["versions"][0]["approved_at"]
    assert approved["clocks"]["review_until"] is not None
    changed = await asked(driver, "PATCH", path, json={"body": OTHER_BODY})
    assert (changed["draft"]["body"], changed["draft"]["samples"], changed["version"]) == (
        OTHER_BODY,
        TEMPLATE_EXAMPLE["samples"],
        1,
    )
    assert changed["components"] == approved["components"]
    at_meta.status = "APPROVED"
    edited = await asked(driver, "PATCH", path, json={"footer": "Demo Mağaza", "submit": True})
    assert (edited["version"], edited["draft"], len(edited["versions"])) == (2, None, 2)
    assert [one["type"] for one in edited["components"]] == ["BODY", "FOOTER"]
    assert (edited["clocks"]["edits"]["last_day"], edited["clocks"]["edits"]["last_month"]) == (1, 1)
    assert edited["clocks"]["edits"]["next_at"] is not None
    refused = await driver.request("PATCH", f"/v1/templates{path}", json={"footer": None, "submit": True})
    problem(refused, 409, "template_edit_limit")
    clock.advance(DAY)
    bare = await asked(driver, "POST", f"{path}/submit")
    assert [one["type"] for one in bare["components"]] == ["BODY"], "null takes away"
    assert await asked(driver, "DELETE", path, status=204) == {}
    gone = await asked(driver, "GET", path)
    assert (gone["status"], gone["usability"], gone["clocks"]["name_free_at"] is not None) == (
        "DELETED",
        "unusable",
        True,
    )
    assert kinds(gone)[0] == "drafted"
    assert kinds(gone)[-2:] == ["deleted", "status"]
    problem(await driver.request("POST", "/v1/templates", json=template(submit=True)), 409, "template_name_barred")
    assert at_meta.calls == [
        f"POST {NAME} tr",
        f"EDIT {NAME} tr",
        f"EDIT {NAME} tr",
        f"DELETE {NAME} tr",
    ]


async def test_template_is_submitted_at_once(driver: Driver, at_meta: GraphTemplates) -> None:
    made = await created(driver, submit=True)
    assert (made["status"], made["draft"], kinds(made)) == ("PENDING", None, ["submitted", "status"])


async def test_draft_alone_disappears(driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection) -> None:
    path = f"/{(await created(driver))['id']}"
    problem(await driver.request("DELETE", f"/v1/templates{path}/draft"), 409, "template_nothing_to_submit")
    await asked(driver, "DELETE", path, status=204)
    problem(await driver.request("GET", f"/v1/templates{path}"), 404, "not_found")
    found = await rows(connection, "templates", "template_changes", "template_versions")
    assert not any(found.values())
    assert at_meta.calls == []


async def test_draft_of_what_meta_has_is_discarded(driver: Driver, at_meta: GraphTemplates) -> None:
    at_meta.status = "APPROVED"
    path = f"/{(await created(driver, submit=True))['id']}"
    await asked(driver, "PATCH", path, json={"body": OTHER_BODY})
    kept = await asked(driver, "DELETE", f"{path}/draft")
    assert (kept["draft"], kept["status"]) == (None, "APPROVED")
    problem(await driver.request("POST", f"/v1/templates{path}/submit"), 409, "template_nothing_to_submit")


@pytest.mark.parametrize(
    "same",
    [
        {"body": BODY},
        {"body": f" {BODY}\n"},
        {"samples": TEMPLATE_EXAMPLE["samples"] | {"total": "99,90 ₺"}},
        {"category": "UTILITY", "time_to_live": 600},
        {"time_to_live": None},
        {"event_type": "order-shipped"},
    ],
    ids=["text", "white space", "samples", "time to live", "no time to live", "event type"],
)
async def test_draft_that_says_what_meta_holds_costs_no_edit(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection, same: dict[str, Any]
) -> None:
    at_meta.status = "APPROVED"
    path = f"/{(await created(driver, submit=True, time_to_live=600))['id']}"
    answer = await driver.request("PATCH", f"/v1/templates{path}", json=same | {"submit": True})
    problem(answer, 409, "template_nothing_to_submit")
    before = await rows(connection)
    problem(await driver.request("POST", f"/v1/templates{path}/submit"), 409, "template_nothing_to_submit")
    assert await rows(connection) == before
    kept = await asked(driver, "GET", path)
    assert kept["draft"] is not None, "what was refused is kept"
    assert kept["clocks"]["edits"]["last_day"] == 0
    assert at_meta.calls == [f"POST {NAME} tr"]
    edited = await asked(
        driver, "PATCH", path, json={"time_to_live": 900, "event_type": "order-confirmed", "submit": True}
    )
    assert (edited["time_to_live"], edited["clocks"]["edits"]["last_day"]) == (900, 1)


async def test_other_samples_are_submitted_where_they_may_be_why_it_was_rejected(
    driver: Driver, at_meta: GraphTemplates
) -> None:
    at_meta.status = "REJECTED"
    path = f"/{(await created(driver, submit=True))['id']}"
    await asked(driver, "PATCH", path, json={"body": BODY})
    problem(await driver.request("POST", f"/v1/templates{path}/submit"), 409, "template_nothing_to_submit")
    samples = TEMPLATE_EXAMPLE["samples"] | {"total": "99,90 ₺"}
    assert (await asked(driver, "PATCH", path, json={"samples": samples, "submit": True}))["draft"] is None
    await asked(driver, "PATCH", path, json={"category": "MARKETING", "event_type": None, "submit": True})
    assert at_meta.calls == [f"POST {NAME} tr", f"EDIT {NAME} tr", f"EDIT {NAME} tr"]


async def test_there_is_one_template_of_a_name_and_language(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    await created(driver)
    before = await rows(connection)
    problem(await driver.request("POST", "/v1/templates", json=template(body=OTHER_BODY)), 409, "template_exists")
    assert await rows(connection) == before
    await created(driver, language="en")


async def test_pause_is_lifted(driver: Driver, at_meta: GraphTemplates) -> None:
    at_meta.status = "APPROVED"
    path = f"/{(await created(driver, submit=True))['id']}"
    problem(await driver.request("POST", f"/v1/templates{path}/unpause"), 409, "template_not_paused")
    at_meta.rows[NAME, "tr"]["status"] = "PAUSED"
    await synced(driver)
    paused = await asked(driver, "GET", path)
    assert (paused["usability"], paused["pause"]["kind"]) == ("waiting", None)
    assert paused["pause"]["unpause_at"] is not None, "of whatever kind, it is over then"
    lifted = await asked(driver, "POST", f"{path}/unpause")
    assert (lifted["status"], lifted["pause"], kinds(lifted)[-2:]) == ("APPROVED", None, ["unpaused", "status"])


async def test_category_that_meta_gave_is_accepted(driver: Driver, at_meta: GraphTemplates) -> None:
    at_meta.category, at_meta.status = "MARKETING", "APPROVED"
    made = await created(driver, submit=True)
    path = f"/{made['id']}"
    assert (made["category"], made["previous_category"], made["accepted_category"]) == ("MARKETING", "UTILITY", None)
    assert "accept_category" in [one["action"] for one in made["next_steps"]]
    answer = await driver.request("POST", f"/v1/templates{path}/accept-category", json={"category": "AUTHENTICATION"})
    refused = problem(answer, 422, "invalid_request")
    assert (pointers(refused), refused["errors"][0]["code"]) == (["#/category"], "not_its_category")
    accepted = await asked(driver, "POST", f"{path}/accept-category", json={"category": "MARKETING"})
    assert accepted["accepted_category"] == "MARKETING"
    assert "accept_category" not in [one["action"] for one in accepted["next_steps"]]
    assert kinds(accepted)[-1] == "category_accepted"


async def test_notice_and_rejection_are_told(driver: Driver, at_meta: GraphTemplates, clock: ManualClock) -> None:
    made = await created(driver, submit=True)
    at_meta.rows[NAME, "tr"] |= {
        "status": "REJECTED",
        "rejected_reason": "PROMOTIONAL",
        "correct_category": "MARKETING",
        "quality_score": {"score": "YELLOW"},
    }
    await synced(driver)
    clock.advance(timedelta(seconds=42))
    told = await asked(driver, "GET", f"/{made['id']}")
    assert (told["rejection"]["reason"], bool(told["rejection"]["meaning"])) == ("PROMOTIONAL", True)
    assert (told["category_change"]["to"], told["category_change"]["effective_at"]) == ("MARKETING", None)
    assert (told["quality"]["score"], told["age"]) == ("YELLOW", 42)
    assert [one["action"] for one in told["next_steps"]][:2] == ["edit", "change_category"]
    assert [one["code"] for one in told["warnings"]] == ["category_change_pending"]
    assert told["versions"][0]["rejected_reason"] == "PROMOTIONAL"


async def test_list_is_filtered(driver: Driver, at_meta: GraphTemplates) -> None:
    await created(driver, language="en", submit=True)
    await created(driver, name="another", event_type=None)
    await created(driver)

    async def listed(**params: Any) -> list[tuple[str, str]]:
        found = await asked(driver, "GET", params=params)
        return [(one["name"], one["language"]) for one in found["templates"]]

    everything = [("another", "tr"), (NAME, "en"), (NAME, "tr")]
    assert await listed() == everything
    assert await listed(status="PENDING") == [(NAME, "en")]
    assert await listed(status=["PENDING", "DRAFT"]) == everything
    assert await listed(status="draft") == []
    assert await listed(name=NAME) == everything[1:]
    assert await listed(event_type="order-confirmed", status="DRAFT") == [(NAME, "tr")]
    assert await listed(name="x\x00") == []
    (one, *_) = (await asked(driver, "GET"))["templates"]
    assert not {"versions", "history"} & one.keys()


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"colour": "red"}, "colour"),
        ({"name": "a" * 513}, "name"),
        ({"event_type": "a" * 101}, "event_type"),
        ({"status": ["A"] * 21}, "status"),
    ],
    ids=["unknown", "name", "event type", "statuses"],
)
async def test_list_with_bad_filters_is_refused(driver: Driver, params: dict[str, Any], parameter: str) -> None:
    refused = problem(await driver.request("GET", "/v1/templates", params=params), 422, "invalid_request")
    assert [one["parameter"] for one in refused["errors"]] == [parameter]


async def test_sync_counts_what_meta_lists(driver: Driver, at_meta: GraphTemplates) -> None:
    await created(driver, submit=True)
    assert await asked(driver, "POST", "/sync") == {"templates": 1}


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": ({"colour": "red"}, "#/colour"),
    "no name": ({"name": None}, "#/name"),
    "name with capitals": ({"name": "Order"}, "#/name"),
    "long name": ({"name": "a" * 513}, "#/name"),
    "name is a number": ({"name": 7}, "#/name"),
    "language with a hyphen": ({"language": "en-US"}, "#/language"),
    "language is none": ({"language": "Türkçe"}, "#/language"),
    "long language": ({"language": "a" * 5000}, "#/language"),
    "language with NUL": ({"language": "tr\x00"}, "#/language"),
    "unknown category": ({"category": "SERVICE"}, "#/category"),
    "category in small letters": ({"category": "utility"}, "#/category"),
    "no body": ({"body": ""}, "#/body"),
    "long body": ({"body": "a" * 1025}, "#/body"),
    "body is a list": ({"body": ["a"]}, "#/body"),
    "body with NUL": ({"body": BODY + "\x00"}, "#/body"),
    "sample with NUL": ({"samples": TEMPLATE_EXAMPLE["samples"] | {"total": "\x00"}}, "#/samples/total"),
    "samples are a list": ({"samples": []}, "#/samples"),
    "sample is a number": ({"samples": TEMPLATE_EXAMPLE["samples"] | {"total": 7}}, "#/samples/total"),
    "sample is missing": ({"samples": {}}, "#/samples"),
    "long footer": ({"footer": "a" * 61}, "#/footer"),
    "footer with NUL": ({"footer": "a\x00"}, "#/footer"),
    "buttons are a text": ({"buttons": "a"}, "#/buttons"),
    "too many buttons": ({"buttons": [{"kind": "quick_reply", "text": "a"}] * 11}, "#/buttons"),
    "unknown button": ({"buttons": [{"kind": "dance", "text": "a"}]}, "#/buttons/0"),
    "button without text": ({"buttons": [{"kind": "quick_reply", "text": ""}]}, "#/buttons/0/text"),
    "header of an unknown format": ({"header": {"format": "GIF"}}, "#/header/format"),
    "header is a number": ({"header": 7}, "#/header"),
    "long header": ({"header": "a" * 61}, "#/header"),
    "sample of a header is a number": ({"header": {"format": "IMAGE", "sample": 7}}, "#/header/sample"),
    "place with a sample": ({"header": {"format": "LOCATION", "sample": "a"}}, "#/header"),
    "time to live is a text": ({"time_to_live": "soon"}, "#/time_to_live"),
    "short time to live": ({"time_to_live": 1}, "#/time_to_live"),
    "event type with a space": ({"event_type": "order confirmed"}, "#/event_type"),
    "submit is a text": ({"submit": "yes"}, "#/submit"),
}


@pytest.mark.parametrize("wrong", BAD)
async def test_bad_template_is_refused_with_its_place_and_changes_nothing(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection, wrong: str
) -> None:
    changes, pointer = BAD[wrong]
    before = await rows(connection)
    refused = problem(await driver.request("POST", "/v1/templates", json=template(**changes)), 422, "invalid_request")
    assert pointers(refused) == [pointer]
    assert all(one["code"] and one["message"] for one in refused["errors"])
    assert await rows(connection) == before
    assert at_meta.calls == []


@pytest.mark.parametrize(
    ("part", "pointer"),
    [
        ('{"samples": {"customer_name": "a", "order_number": "b", "total": "\\ud800"}}', "#/samples/total"),
        ('{"header": {"format": "IMAGE", "sample": "\\udfff"}}', "#/header/sample"),
        (
            '{"buttons": [{"kind": "url", "text": "a", "url": "{links}/{{1}}", "sample": "\\ud83d"}]}',
            "#/buttons/0/sample",
        ),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_half_of_a_character_is_refused_with_its_place(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection, method: str, part: str, pointer: str
) -> None:
    """Read as JSON it is a text, and no column takes it."""
    path = f"/v1/templates/{(await created(driver, name='another'))['id']}" if method == "PATCH" else "/v1/templates"
    before = await rows(connection)
    content = part if method == "PATCH" else f"{json.dumps(template())[:-1]}, {part[1:]}"
    answer = await driver.request(
        method, path, content=content, headers={**driver.world.headers, "Content-Type": "application/json"}
    )
    refused = problem(answer, 422, "invalid_request")
    assert pointers(refused) == [pointer]
    assert await rows(connection) == before


@pytest.mark.parametrize("sender", ["snd_" + "0" * 32, "me", ""])
async def test_sender_that_is_not_there_is_refused(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection, sender: str
) -> None:
    before = await rows(connection)
    answer = await driver.request("POST", "/v1/templates", json=template(sender=sender))
    refused = problem(answer, 422, "unknown_sender")
    assert (pointers(refused), await rows(connection)) == (["#/sender"], before)


async def test_bad_changes_are_refused_with_their_place_and_change_nothing(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection, subtests: pytest.Subtests
) -> None:
    path = f"/v1/templates/{(await created(driver))['id']}"
    before = await rows(connection)
    fixed = {"name": "another", "language": "en", "sender": driver.world.sender}
    of_others = {"name", "language", "sender"}
    wrong = {name: one for name, one in BAD.items() if not of_others & one[0].keys()}
    wrong |= {f"{name} is fixed": ({name: value}, f"#/{name}") for name, value in fixed.items()}
    wrong |= {
        "body is taken away": ({"body": None}, "#/body"),
        "none is a category": ({"category": None}, "#/category"),
    }
    for name, (changes, pointer) in wrong.items():
        with subtests.test(name):
            refused = problem(await driver.request("PATCH", path, json=changes), 422, "invalid_request")
            assert pointers(refused) == [pointer]
            assert await rows(connection) == before


@pytest.mark.parametrize("content", [b"", b"{", b'{"name":"\xff"}', b'{"name":"\\ud83d"}', b"[]", b"null"])
@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/accept-category"], ids=["create", "change", "accept"])
async def test_what_is_no_body_is_refused(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection, path: str, content: bytes
) -> None:
    made = await created(driver, name="another")
    before = await rows(connection)
    answer = await driver.request(
        "PATCH" if path == "/{id}" else "POST",
        f"/v1/templates{path.format(id=made['id'])}",
        content=content,
        headers={**driver.world.headers, "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) in ((400, "malformed_body"), (422, "invalid_request"))
    assert await rows(connection) == before


async def test_what_breaks_meta_s_rules_can_be_drafted_and_not_submitted(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    buttons = [{"kind": "url", "text": "Aç", "url": "https://shop.example/{{1}}"}]
    text = (
        "Merhaba {{customer_name}} {{order_number}} numaralı siparişinizi aldık, toplam tutar {{total}} olarak alındı."
    )
    touching = template(body=text, buttons=buttons)
    path = f"/{(await asked(driver, 'POST', status=201, json=touching))['id']}"
    before = await rows(connection)
    refused = problem(await driver.request("POST", f"/v1/templates{path}/submit"), 422, "invalid_request")
    assert set(pointers(refused)) == {"#/body", "#/buttons/0/sample"}
    assert await rows(connection) == before
    at_once = await driver.request("POST", "/v1/templates", json={**touching, "name": "another", "submit": True})
    assert pointers(problem(at_once, 422, "invalid_request")) == pointers(refused)
    assert await rows(connection) == before
    assert at_meta.calls == []


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (refusal(100, details="Name is not taken."), 422, "template_refused"),
        (httpx.Response(502), 503, "meta_unreachable"),
    ],
    ids=["refuses", "is silent"],
)
async def test_what_meta_answers_is_told(
    driver: Driver, at_meta: GraphTemplates, answer: httpx.Response, status: int, code: str
) -> None:
    made = await created(driver)
    at_meta.creating.mock(return_value=answer)
    told = problem(await driver.request("POST", f"/v1/templates/{made['id']}/submit"), status, code)
    assert code != "template_refused" or "Name is not taken." in told["detail"]
    kept = await asked(driver, "GET", f"/{made['id']}")
    assert (kept["status"], kept["draft"]["body"]) == ("DRAFT", BODY)


async def test_list_that_cannot_be_read_is_told(driver: Driver, world: World, graph: respx.MockRouter) -> None:
    graph.get(path__regex="/message_templates$").respond(502)
    problem(await driver.request("POST", "/v1/templates/sync"), 503, "meta_unreachable")


OF_ONE: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "", None),
    ("PATCH", "", {"footer": "Demo"}),
    ("POST", "/submit", None),
    ("DELETE", "/draft", None),
    ("DELETE", "", None),
    ("POST", "/unpause", None),
    ("POST", "/accept-category", {"category": "UTILITY"}),
]


async def test_template_that_is_not_there_for_the_key_is_not_found(
    driver: Driver,
    container: Container,
    at_meta: GraphTemplates,
    connection: asyncpg.Connection,
    subtests: pytest.Subtests,
) -> None:
    """Neither what nobody has nor what another business or only the other kind of key has."""
    theirs = await build_world(
        container, name="Başka", phone_number_id="100000000000009", waba_id="200000000000009", app_secret="another"
    )
    other = await connection.fetchval("SELECT id FROM templates WHERE business_id = $1 LIMIT 1", theirs.business_id)
    await connection.execute(
        "INSERT INTO templates (business_id, id, waba_id, name, language, meta_id, status, category, parameter_format,"
        " components, known_at) VALUES ($1, gen_random_uuid(), '300', 'a', 'tr', '1', 'APPROVED', 'UTILITY', 'NAMED',"
        " '[]', now())",
        driver.world.business_id,
    )
    added = await copy_sender(container, driver.world, mode="live", phone_number_id="100000000000008")
    await connection.execute("UPDATE senders SET waba_id = '300' WHERE id = $1", added)
    of_live = await connection.fetchval("SELECT id FROM templates WHERE waba_id = '300'")
    before = await rows(connection)
    for template_id in (NOBODY, f"tpl_{other.hex}", f"tpl_{of_live.hex}", "tpl_1", "a%00", other.hex, "x" * 3000):
        for method, path, body in OF_ONE:
            with subtests.test(f"{method} {path}", template_id=template_id[:40]):
                answer = await driver.request(method, f"/v1/templates/{template_id}{path}", json=body)
                problem(answer, 404, "not_found")
    assert await rows(connection) == before
    assert at_meta.calls == []


async def test_live_keys_have_templates_of_their_own(
    driver: Driver, container: Container, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    made = await created(driver)
    token = await container.accounts.create_key(driver.world.business_id, "live", mode="live", scopes=None)
    live = {"headers": {"Authorization": f"Bearer {token}"}}
    assert await asked(driver, "GET", **live) == {"templates": []}
    problem(await driver.request("GET", f"/v1/templates/{made['id']}", **live), 404, "not_found")
    problem(await driver.request("POST", "/v1/templates", json=template(), **live), 409, "sender_missing")
    stolen = template(sender=driver.world.sender, name="another")
    refused = problem(await driver.request("POST", "/v1/templates", json=stolen, **live), 422, "unknown_sender")
    assert pointers(refused) == ["#/sender"]
    assert await connection.fetchval("SELECT count(*) FROM templates") == 1


async def test_what_ulak_cannot_write_is_not_changed(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    at_meta.holds(
        {
            "name": "carousel",
            "language": "tr",
            "category": "MARKETING",
            "parameter_format": "POSITIONAL",
            "components": [{"type": "BODY", "text": "Merhaba {{1}}"}, {"type": "CAROUSEL", "cards": []}],
        }
    )
    await synced(driver)
    (found,) = (await asked(driver, "GET"))["templates"]
    before = await rows(connection)
    answer = await driver.request("PATCH", f"/v1/templates/{found['id']}", json={"footer": "Demo"})
    problem(answer, 409, "template_not_editable")
    assert await rows(connection) == before


async def test_history_is_told_newest_first_and_not_without_end(
    driver: Driver, at_meta: GraphTemplates, connection: asyncpg.Connection
) -> None:
    made = await created(driver)
    await connection.execute(
        """
        INSERT INTO template_changes (business_id, id, template_id, kind, source, at, details)
        SELECT business_id, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, id, 'quality', 'sync',
               now(), jsonb_build_object('to', n)
          FROM templates, generate_series(1, 250) AS n
        """
    )
    history = (await asked(driver, "GET", f"/{made['id']}"))["history"]
    assert len(history) == 200
    assert history[0]["kind"] == "drafted"
    assert [one["details"]["to"] for one in history[1:]] == list(range(250, 51, -1))
