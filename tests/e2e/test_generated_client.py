"""A client generated from the committed description: it lacks nothing, every module loads, and it sends an event."""

import compileall
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from app.cli.run import OPENAPI
from app.events.catalogue import catalogue
from tests.support.stack import Stack, wait_for

PACKAGE = "generated_ulak_client"


@pytest.fixture(scope="module")
def client_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    directory = tmp_path_factory.mktemp("client")
    _generate(directory / PACKAGE)
    sys.path.insert(0, str(directory))
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(directory))
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]


def _generate(target: Path) -> None:
    """The generator says what it left out, and leaves with success all the same."""
    tools = Path(sys.executable).parent
    done = subprocess.run(
        [tools / "openapi-python-client", "generate", "--path", OPENAPI, "--output-path", target, "--meta", "none"],
        env=os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},  # it calls ruff
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert set(re.findall(r"^WARNING parsing (\w+ \S+)", said, re.MULTILINE)) == NOT_JSON, said


NOT_JSON = {
    "GET /v1/opt-in-links/{link_id}/qr.svg",
    "GET /v1/opt-in-links/{link_id}/qr.png",
    "POST /v1/consent-imports",
    "POST /v1/media",
    "GET /v1/media/{media_id}/content",
}
"""Pictures and lists, which this generator does not know."""


def test_every_module_of_the_client_compiles_and_loads(client_package: ModuleType) -> None:
    (directory,) = client_package.__path__
    assert compileall.compile_dir(directory, quiet=1)
    modules = [found.name for found in pkgutil.walk_packages(client_package.__path__, PACKAGE + ".")]
    for name in modules:
        importlib.import_module(name)
    operations = {name.rsplit(".", maxsplit=1)[1] for name in modules if name.startswith(f"{PACKAGE}.api.")}
    assert {f"report_{event_type.operation}" for event_type in catalogue().values()} <= operations
    assert {"report_events", "get_message", "list_messages", "record_consent"} <= operations


def test_the_client_sends_an_event_and_reads_what_became_of_it(
    client_package: ModuleType, stack: Stack, api: httpx.Client
) -> None:
    phone = "+905321119001"
    stack.opt_in(api, phone)
    models = importlib.import_module(f"{PACKAGE}.models")
    report = importlib.import_module(f"{PACKAGE}.api.retail_and_e_commerce.report_order_confirmed")
    read = importlib.import_module(f"{PACKAGE}.api.messages.get_message")
    body = models.OrderConfirmedEvent(
        contact=models.ContactIn(phone=phone, name="Ayşe Yılmaz", language="tr"),
        data=models.OrderConfirmed(order_number="A-1001", total=models.Money(amount=129990, currency="TRY")),
        reference="order-1001",
    )
    with client_package.AuthenticatedClient(base_url=str(api.base_url), token=stack.token) as client:
        accepted = report.sync(client=client, body=body, idempotency_key="generated-1")
        assert isinstance(accepted, models.MessageSummary), accepted

        def look() -> Any:
            story = read.sync(accepted.id, client=client)
            return story if story.status == "read" else None

        story = wait_for(f"{accepted.id} to be read", look)
    assert story.reference == "order-1001"
    assert {receipt.status.value for receipt in story.receipts} == {"sent", "delivered", "read"}


def test_the_client_understands_a_refusal(client_package: ModuleType, stack: Stack, api: httpx.Client) -> None:
    models = importlib.import_module(f"{PACKAGE}.models")
    report = importlib.import_module(f"{PACKAGE}.api.retail_and_e_commerce.report_order_confirmed")
    body = models.OrderConfirmedEvent(
        contact=models.ContactIn(phone="12", name="Ayşe Yılmaz"),
        data=models.OrderConfirmed(order_number="A-1001", total=models.Money(amount=129990, currency="TRY")),
    )
    with client_package.AuthenticatedClient(base_url=str(api.base_url), token=stack.token) as client:
        problem = report.sync(client=client, body=body)
    assert isinstance(problem, models.ProblemDetails)
    assert problem.code == "invalid_request"
    assert [error.pointer for error in problem.errors] == ["#/contact/phone"]
