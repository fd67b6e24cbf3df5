"""Templates as files, against Meta's simulator: planned, applied, reviewed, changed, and written back from there."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from app.cli.templates import templates
from app.events.catalogue import catalogue
from tests.support.stack import Stack

TEMPLATES = sum(len(event_type.templates) for event_type in catalogue().values())
DIFFERS = 3


class Terminal:
    """`ulak templates`, as one business types it whose account has no templates yet. In this process: loading all the
    code for each command would take longer than the commands."""

    def __init__(self, stack: Stack, business: str) -> None:
        self._environment = stack._environment()
        self._business = ("--business", business, "--mode", "test")

    def __call__(self, command: str, *arguments: str) -> Result:
        with capture_logs():
            return CliRunner().invoke(templates, [command, *arguments, *self._business], env=self._environment)

    def steps(self, folder: Path, *options: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Of the plan, those that are not the same."""
        done = self("plan", str(folder), "--format", "json", *options)
        assert done.exit_code == 0, done.exception
        (account,) = json.loads(done.stdout)
        assert len(account["steps"]) == TEMPLATES
        return {(one["name"], one["language"]): one for one in account["steps"] if one["kind"] != "same"}


@pytest.fixture(scope="module")
def ulak(stack: Stack) -> Terminal:
    with stack.sandbox as sandbox:
        account = sandbox.post("/control/accounts", json={"verified_name": "Otel Deniz"}).json()
        business, _ = stack.commands(
            ["businesses", "create", "Otel Deniz", "--website", "https://otel.example"],
            [
                "senders", "add", "--business", "{0}", "--mode", "test", "--waba-id", account["waba_id"],
                "--phone-number-id", account["phone_number_id"], "--token", account["access_token"],
                "--app-secret", account["app_secret"], "--verify-token", account["verify_token"],
            ],
        )  # fmt: skip
        callback = f"http://127.0.0.1:{stack.api_port}/webhooks/whatsapp"
        sandbox.post(
            "/control/accounts", json={"phone_number_id": account["phone_number_id"], "callback_url": callback}
        ).raise_for_status()
    return Terminal(stack, business)


def statuses(lines: str) -> Counter[str]:
    """By the third field of each line that has one."""
    return Counter(line.split("\t")[2] for line in lines.splitlines() if "\t" in line)


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_catalogue_is_exported_planned_applied_approved_changed_and_pulled(
    ulak: Terminal, stack: Stack, tmp_path: Path
) -> None:
    folder, pulled = tmp_path / "templates", tmp_path / "pulled"
    assert stack.command("templates", "export", str(folder)) == f"{TEMPLATES} files written to {folder}"

    planned = ulak("plan", str(folder), "--exit-code")
    assert planned.exit_code == DIFFERS
    assert planned.stdout.splitlines()[-1] == f"{TEMPLATES} new. To apply: submit {TEMPLATES}."
    assert "+ Merhaba {{customer_name}}, *{{order_number}}* numaralı siparişiniz kargoya verildi." in planned.stdout

    unasked = ulak("apply", str(folder))
    assert (unasked.exit_code, "give --yes" in str(unasked.exception)) == (1, True)

    applied = ulak("apply", str(folder), "--yes", "--wait", "--patience", "120")
    assert applied.exit_code == 0, (applied.stdout, applied.exception)
    assert applied.stdout.splitlines()[-1] == f"{TEMPLATES} APPROVED"
    assert statuses(applied.stdout) == {"PENDING": TEMPLATES, "APPROVED": TEMPLATES}

    again = ulak("plan", str(folder), "--exit-code")
    assert (again.exit_code, again.stdout.strip()) == (0, f"{TEMPLATES} same. To apply: nothing.")

    changed(folder / "order-shipped" / "tr.toml", "kargoya verildi", "bugün kargoya verildi")
    ((key, step),) = ulak.steps(folder).items()
    assert key == ("order_shipped", "tr")
    assert (step["kind"], step["action"], step["event_type"]) == ("changed", "edit", "order-shipped")
    assert [line[:2] for line in step["diff"]] == ["bo", "- ", "+ "]
    edited = ulak("apply", str(folder), "--yes", "--wait", "--patience", "120")
    assert edited.exit_code == 0, (edited.stdout, edited.exception)
    assert statuses(edited.stdout) == {"PENDING": 1, "APPROVED": 1}
    assert ulak.steps(folder) == {}

    changed(folder / "order-shipped" / "tr.toml", "bugün kargoya verildi", "dün kargoya verildi")
    ((_, forbidden),) = ulak.steps(folder).items()
    assert (forbidden["kind"], forbidden["obstacle"], forbidden["action"]) == ("forbidden", "edit_limit", None)
    in_a_day = datetime.now(UTC) + timedelta(days=1)
    assert in_a_day - timedelta(hours=1) < datetime.fromisoformat(forbidden["possible_at"]) <= in_a_day
    refused = ulak("apply", str(folder), "--yes")
    assert refused.exit_code == 1
    assert "one edit in 24 hours and ten in 30 days; possible from " in refused.stdout
    changed(folder / "order-shipped" / "tr.toml", "dün kargoya verildi", "bugün kargoya verildi")

    done = ulak("pull", str(pulled))
    assert done.stdout.splitlines()[-1] == f"{TEMPLATES} files written to {pulled}"
    assert contents(pulled) == contents(folder)
    assert ulak("pull", str(pulled)).stdout.splitlines()[-1] == f"0 files written to {pulled}"

    shown = ulak("status")
    assert shown.exit_code == 0
    assert statuses(shown.stdout) == {"APPROVED": TEMPLATES}


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.toml")}
