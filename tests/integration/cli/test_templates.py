"""`ulak templates`, as it is typed: files, plans, and what Meta is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import respx
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from app.cli.run import CommandError
from app.cli.templates import templates
from app.core.settings import Settings
from app.events.catalogue import catalogue
from app.templates.definition import TemplateDefinition, submission
from app.templates.files import read_folder, write
from tests.support.graph_templates import GraphTemplates
from tests.support.world import BASES, World

Ulak = Callable[..., Awaitable[Result]]


@pytest.fixture
def graph_templates(graph: respx.MockRouter, world: World) -> GraphTemplates:
    return GraphTemplates(graph, world.waba_id)


@pytest.fixture
async def ulak(settings: Settings, world: World, connection: asyncpg.Connection) -> AsyncIterator[Ulak]:
    """`ulak templates` of a business of which nothing is known yet."""
    await connection.execute("TRUNCATE templates CASCADE")
    environment = {
        "ULAK_DATABASE_URL": settings.require_database_url(),
        "ULAK_SECRET_KEYS": ",".join(settings.require_secret_keys()),
        "ULAK_GRAPH_SANDBOX_URL": settings.graph_sandbox_url,
        "ULAK_GRAPH_TRANSPORT": "httpx",
        "COLUMNS": "200",
    }
    business = ["--business", f"biz_{world.business_id.hex}", "--mode", "test"]

    async def typed(command: str, *arguments: str, of: list[str] = business) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, templates, [command, *arguments, *of], env=environment)

    with capture_logs():  # as the `ulak` command keeps them apart from what it prints
        yield typed


def shipped(**changes: Any) -> TemplateDefinition:
    fields: dict[str, Any] = {
        "event_type": "order-shipped",
        "name": "order_shipped",
        "language": "tr",
        "body": "Merhaba {{customer_name}}, siparişiniz bugün yola çıktı. İyi günler.",
        "samples": {"customer_name": "Işıl"},
    }
    return TemplateDefinition(**fields | changes)


def body(**changes: Any) -> dict[str, Any]:
    return submission(shipped(**changes), BASES)


OTHER = {"body": "Merhaba {{customer_name}}, siparişiniz dün yola çıktı. İyi günler."}


def steps(done: Result) -> dict[str, tuple[str, str | None]]:
    """Kind and action by name."""
    assert done.exit_code == 0, done.output
    (account,) = json.loads(done.output)
    return {one["name"]: (one["kind"], one["action"]) for one in account["steps"]}


async def test_a_plan_says_what_differs_and_changes_nothing(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    write(shipped(**OTHER), tmp_path)
    write(shipped(event_type=None, name="other"), tmp_path)
    graph_templates.holds(body())
    graph_templates.holds(body(name="strange"))
    done = await ulak("plan", str(tmp_path), "--format", "json")
    assert steps(done) == {
        "order_shipped": ("changed", "edit"),
        "other": ("new", "submit"),
        "strange": ("orphaned", None),
    }
    (account,) = json.loads(done.output)
    assert account["waba_id"] == "200000000000001"
    changed = account["steps"][0]
    assert changed == {
        "kind": "changed",
        "name": "order_shipped",
        "language": "tr",
        "event_type": "order-shipped",
        "action": "edit",
        "obstacle": None,
        "possible_at": None,
        "diff": [
            "body:",
            "- Merhaba {{customer_name}}, siparişiniz bugün yola çıktı. İyi günler.",
            "+ Merhaba {{customer_name}}, siparişiniz dün yola çıktı. İyi günler.",
        ],
    }
    assert (await ulak("plan", str(tmp_path))).output.splitlines() == [
        "changed   order_shipped tr",
        *(f"    {line}" for line in changed["diff"]),
        "new       other tr",
        "    body:",
        "    + Merhaba {{customer_name}}, siparişiniz bugün yola çıktı. İyi günler.",
        "orphaned  strange tr",
        "1 new, 1 changed, 1 orphaned. To apply: submit 1, edit 1.",
    ]
    deleting = await ulak("plan", str(tmp_path), "--delete-orphans", "--format", "json")
    assert steps(deleting)["strange"] == ("orphaned", "delete")
    assert graph_templates.calls == []


async def test_the_exit_code_of_a_plan_says_whether_anything_written_differs(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    write(shipped(), tmp_path)
    graph_templates.holds(body(name="strange"))
    assert (await ulak("plan", str(tmp_path), "--exit-code")).exit_code == 3
    graph_templates.holds(body())
    assert (await ulak("plan", str(tmp_path), "--exit-code")).exit_code == 0


async def test_without_a_folder_the_defaults_are_planned(ulak: Ulak, graph_templates: GraphTemplates) -> None:
    done = await ulak("plan", "--format", "json")
    assert set(steps(done)) >= {event_type.template_name for event_type in catalogue().values()}
    assert "x_table_ready" in steps(done), "a template of a type of the business's own"


async def test_what_a_plan_forbids_says_why(ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path) -> None:
    write(shipped(**OTHER), tmp_path)
    graph_templates.holds(body(), status="PENDING")
    assert "    it is in review" in (await ulak("plan", str(tmp_path))).output.splitlines()
    done = await ulak("apply", str(tmp_path), "--yes")
    assert (done.exit_code, graph_templates.calls) == (1, [])
    assert "    it is in review" in done.output.splitlines()


async def test_applying_submits_edits_and_deletes(ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path) -> None:
    write(shipped(**OTHER), tmp_path)
    write(shipped(event_type=None, name="other"), tmp_path)
    graph_templates.holds(body())
    graph_templates.holds(body(name="strange"))
    done = await ulak("apply", str(tmp_path), "--yes", "--delete-orphans")
    assert done.exit_code == 0, done.output
    assert graph_templates.calls == ["EDIT order_shipped tr", "POST other tr", "DELETE strange tr"]
    assert steps(await ulak("plan", str(tmp_path), "--format", "json")) == {
        "order_shipped": ("same", None),
        "other": ("same", None),
    }


async def test_what_somebody_changed_at_meta_is_overwritten_only_on_demand(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    graph_templates.status = "APPROVED"
    write(shipped(), tmp_path)
    assert (await ulak("apply", str(tmp_path), "--yes")).exit_code == 0
    graph_templates.rows["order_shipped", "tr"]["components"] = body(**OTHER)["components"]
    plan = ("plan", str(tmp_path), "--format", "json")
    assert steps(await ulak(*plan)) == {"order_shipped": ("drifted", None)}
    write(shipped(body="Merhaba {{customer_name}}, siparişiniz yarın yola çıkıyor. İyi günler."), tmp_path)
    assert steps(await ulak(*plan)) == {"order_shipped": ("conflict", None)}
    write(shipped(**OTHER), tmp_path)
    assert steps(await ulak(*plan)) == {"order_shipped": ("same", None)}
    write(shipped(), tmp_path)
    assert (await ulak("apply", str(tmp_path), "--yes")).exit_code == 0
    overwriting = await ulak(*plan, "--overwrite-drift")
    assert steps(overwriting) == {"order_shipped": ("forbidden", None)}, "edits at Meta's own pages count, too"
    graph_templates.rows["order_shipped", "tr"]["status"] = "PAUSED"
    assert (await ulak("apply", str(tmp_path), "--yes")).exit_code == 0
    assert graph_templates.calls == ["POST order_shipped tr"]
    assert (await ulak("apply", str(tmp_path), "--yes", "--overwrite-drift")).exit_code == 0
    assert graph_templates.calls[1:] == ["EDIT order_shipped tr"]
    assert steps(await ulak(*plan)) == {"order_shipped": ("same", None)}


async def test_a_second_edit_on_one_day_is_forbidden_with_its_time(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    graph_templates.status = "APPROVED"
    for changes in ({}, OTHER):
        write(shipped(**changes), tmp_path)
        assert (await ulak("apply", str(tmp_path), "--yes")).exit_code == 0
    write(shipped(), tmp_path)
    (account,) = json.loads((await ulak("plan", str(tmp_path), "--format", "json")).output)
    (step,) = account["steps"]
    assert (step["kind"], step["obstacle"]) == ("forbidden", "edit_limit")
    assert datetime.fromisoformat(step["possible_at"]) > datetime.now(UTC) + timedelta(hours=23)
    assert "takes no edit before" in (await ulak("status")).output


async def test_a_name_is_barred_after_its_deletion(ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path) -> None:
    graph_templates.status = "APPROVED"
    path = write(shipped(), tmp_path)
    assert (await ulak("apply", str(tmp_path), "--yes")).exit_code == 0
    path.unlink()
    assert (await ulak("apply", str(tmp_path), "--yes", "--delete-orphans")).exit_code == 0
    write(shipped(), tmp_path)
    (account,) = json.loads((await ulak("plan", str(tmp_path), "--format", "json")).output)
    (step,) = account["steps"]
    assert (step["kind"], step["obstacle"]) == ("forbidden", "name_barred")
    assert datetime.fromisoformat(step["possible_at"]) > datetime.now(UTC) + timedelta(days=29)
    assert (await ulak("apply", str(tmp_path), "--yes")).exit_code == 1
    assert graph_templates.calls == ["POST order_shipped tr", "DELETE order_shipped tr"]


async def test_nothing_is_applied_where_nobody_can_be_asked(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    write(shipped(), tmp_path)
    done = await ulak("apply", str(tmp_path))
    assert isinstance(done.exception, CommandError)
    assert "give --yes" in str(done.exception)
    assert graph_templates.calls == []


async def test_a_refusal_is_said_and_the_rest_is_done(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    write(shipped(event_type=None, name="refuse_me"), tmp_path)
    write(shipped(event_type=None, name="short", body="Merhaba {{customer_name}} bey."), tmp_path)
    write(shipped(event_type=None, name="taken"), tmp_path)
    done = await ulak("apply", str(tmp_path), "--yes")
    assert isinstance(done.exception, CommandError)
    assert graph_templates.calls == ["POST refuse_me tr", "POST taken tr"], "what breaks Meta's rules is not sent"
    rows = {line.split("\t")[0]: line.split("\t")[2:] for line in done.output.splitlines() if "\t" in line}
    assert rows["taken"] == ["PENDING", ""]
    assert rows["refuse_me"][0] == rows["short"][0] == "refused"
    assert "The name is not taken." in rows["refuse_me"][1]
    assert "words for 1 variables" in rows["short"][1]


async def test_waiting_ends_well_where_everything_is_approved_as_it_was_written(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    graph_templates.status = "APPROVED"
    write(shipped(), tmp_path)
    done = await ulak("apply", str(tmp_path), "--yes", "--wait")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-2:] == ["order_shipped\ttr\tAPPROVED\tUTILITY\t", "1 APPROVED"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"status": "REJECTED", "rejected_reason": "INVALID_FORMAT"}, "REJECTED\tUTILITY\tINVALID_FORMAT"),
        ({"status": "APPROVED", "category": "MARKETING"}, "APPROVED\tMARKETING, not UTILITY\t"),
    ],
)
async def test_waiting_fails_on_a_rejection_and_on_another_category(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path, found: dict[str, Any], said: str
) -> None:
    write(shipped(), tmp_path)
    graph_templates.holds(body() | found, status=found["status"])
    done = await ulak("apply", str(tmp_path), "--yes", "--wait")
    assert isinstance(done.exception, CommandError)
    assert f"order_shipped\ttr\t{said}" in done.output.splitlines()


async def test_waiting_has_an_end(ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path) -> None:
    write(shipped(), tmp_path)
    done = await ulak("apply", str(tmp_path), "--yes", "--wait", "--patience", "0")
    assert isinstance(done.exception, CommandError)
    assert str(done.exception) == "still in review after 0 s: order_shipped (tr)"


async def test_what_meta_holds_is_pulled_into_files(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    graph_templates.holds(body())
    graph_templates.holds(body(event_type=None, name="other"))
    graph_templates.holds(body(name="numbered") | {"parameter_format": "POSITIONAL"})
    graph_templates.holds(body(name="going"), status="PENDING_DELETION")
    folder = tmp_path / "new"
    done = await ulak("pull", str(folder))
    assert done.output.splitlines() == [
        "left out: numbered (tr): its parameters are positional, and events fill templates by name",
        f"2 files written to {folder}",
    ]
    assert {file.path.relative_to(folder).as_posix(): file.definition for file in read_folder(folder)} == {
        "order-shipped/tr.toml": shipped(),
        "_/other.tr.toml": shipped(event_type=None, name="other"),
    }


async def test_pulling_leaves_what_says_the_same_and_writes_what_does_not(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    own_sample = shipped(samples={"customer_name": "Ayşe"})
    write(own_sample, tmp_path)
    variant = shipped(name="order_shipped_short", **OTHER)
    write(variant, tmp_path)
    graph_templates.holds(body())
    graph_templates.holds(body(name="order_shipped_short"))
    kept = await ulak("pull", str(tmp_path), "--only-missing")
    assert kept.output.splitlines() == [f"0 files written to {tmp_path}"]
    done = await ulak("pull", str(tmp_path))
    assert done.output.splitlines() == [f"1 files written to {tmp_path}"]
    assert [file.definition for file in read_folder(tmp_path)] == [
        shipped(name="order_shipped_short"),
        own_sample,
    ], "the event type of a variant is in its file, and nowhere at Meta"


async def test_faults_of_files_are_all_said_before_meta_is_asked(
    ulak: Ulak, graph_templates: GraphTemplates, tmp_path: Path
) -> None:
    path = write(shipped(), tmp_path)
    path.write_text('name = "order_shipped"\nbodey = "x"\n', encoding="utf-8")
    for command in ("plan", "apply", "pull"):
        done = await ulak(command, str(tmp_path))
        assert isinstance(done.exception, CommandError)
        assert "order-shipped/tr.toml: language: Field required" in str(done.exception)
        assert "order-shipped/tr.toml: bodey: Extra inputs are not permitted" in str(done.exception)
    assert graph_templates.calls == []


async def test_the_defaults_are_exported_without_a_database(ulak: Ulak, tmp_path: Path) -> None:
    number = sum(len(event_type.templates) for event_type in catalogue().values())
    done = await ulak("export", str(tmp_path), of=[])
    assert done.output.splitlines() == [f"{number} files written to {tmp_path}"]
    changed = write(shipped(), tmp_path)
    again = await ulak("export", str(tmp_path), of=[])
    assert again.output.splitlines() == [
        "left as it is: order_shipped (tr)",
        f"{number - 1} files written to {tmp_path}",
    ]
    assert "bugün yola çıktı" in changed.read_text(encoding="utf-8")
    overwritten = await ulak("export", str(tmp_path), "--overwrite", of=[])
    assert overwritten.output.splitlines() == [f"{number} files written to {tmp_path}"]
    assert "bugün yola çıktı" not in changed.read_text(encoding="utf-8")


async def test_the_templates_of_own_event_types_are_exported_too(ulak: Ulak, world: World, tmp_path: Path) -> None:
    done = await ulak("export", str(tmp_path), of=["--business", f"biz_{world.business_id.hex}"])
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "x-table-ready").iterdir()} == {"tr.toml", "en.toml"}


async def test_the_status_of_each_template_is_shown(ulak: Ulak, graph_templates: GraphTemplates) -> None:
    assert (await ulak("status")).output == ""
    graph_templates.holds(body())
    graph_templates.holds(body(name="bad"), status="REJECTED", rejected_reason="INVALID_FORMAT")
    done = await ulak("status", "--sync")
    fields = [line.split("\t") for line in done.output.splitlines()]
    assert [(row[0], row[1], row[2], row[3], row[6]) for row in fields] == [
        ("bad", "tr", "REJECTED: INVALID_FORMAT", "UTILITY", "0 min"),
        ("order_shipped", "tr", "APPROVED", "UTILITY", "0 min"),
    ]
    assert [line.split("\t")[:6] for line in (await ulak("status")).output.splitlines()] == [row[:6] for row in fields]


async def test_what_meta_does_not_answer_ends_as_a_message(
    ulak: Ulak, graph: respx.MockRouter, world: World, tmp_path: Path
) -> None:
    write(shipped(), tmp_path)
    graph.get(f"http://sandbox.test/v25.0/{world.waba_id}/message_templates").respond(500, text="down")
    done = await ulak("plan", str(tmp_path))
    assert isinstance(done.exception, CommandError)
    assert "Meta did not answer as it should" in str(done.exception)


async def test_a_business_without_a_number_of_the_mode_is_told_so(ulak: Ulak, world: World) -> None:
    done = await ulak("plan", of=["--business", f"biz_{world.business_id.hex}", "--mode", "live"])
    assert isinstance(done.exception, CommandError)
    assert str(done.exception) == "the business has no live sender: ulak senders add"
    unknown = await ulak("plan", of=["--business", "biz_" + "0" * 32])
    assert isinstance(unknown.exception, CommandError)
