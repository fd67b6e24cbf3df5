"""`ulak doctor` as an operator runs it, against processes: it names what is wrong, and its exit code says how bad."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stack import Stack


@pytest.fixture
def standing(stack: Stack) -> Iterator[Any]:
    path = f"/control/numbers/{stack.account['phone_number_id']}/standing"

    def stand(**changes: Any) -> None:
        with stack.sandbox as sandbox:
            sandbox.put(path, json=changes).raise_for_status()

    yield stand
    stand()


def _wrong(told: dict[str, Any]) -> set[str]:
    every = [*told["installation"], *(one for sender in told["senders"] for one in sender["checks"])]
    return {one["check"] for one in every if one["outcome"] in ("failed", "warning")}


def test_doctor_says_what_is_wrong_and_how_bad_it_is(stack: Stack, standing: Any) -> None:
    well = stack.run("doctor", "--json")
    told = json.loads(well.stdout)
    assert (_wrong(told), well.returncode) == (set(), 0), well.stdout
    assert [one["outcome"] for one in told["installation"]] == ["ok"] * 4

    standing(token_expires_in=86_400, subscribed=False)
    shown = stack.run("doctor", "--business", stack.business)
    assert shown.returncode == 2, shown.stderr
    assert "No app hears of the account" in shown.stdout
    assert "Life of the access token" in shown.stdout
    assert stack.account["access_token"] not in shown.stdout + shown.stderr
    assert stack.account["app_secret"] not in shown.stdout + shown.stderr

    standing(on_business_app=True)
    noted = stack.run("doctor", "--language", "tr")
    assert noted.returncode == 1, noted.stdout
    assert "WhatsApp Business uygulamasıyla ortak" in " ".join(noted.stdout.split())
