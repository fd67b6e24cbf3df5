"""`ulak doctor`: how everything stands, worst first, with what to do."""

import sys
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Literal
from uuid import UUID

import orjson
import typer
from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.accounts import repository
from app.cli.accounts import business_id, with_container
from app.cli.run import CommandError
from app.container import Container
from app.core.ids import parse_id
from app.core.languages import OurLanguage
from app.core.settings import SettingsError
from app.doctor.outcomes import Check, Outcome
from app.doctor.schemas import CheckOut, CheckUpOut, check_up_out, checks_out

NOT_CHECKED = 3
_EXIT_CODES = {Outcome.OK: 0, Outcome.WARNING: 1, Outcome.FAILED: 2}
"""With the one above those that monitoring systems know, from Nagios on."""

_COLOURS = {Outcome.FAILED: "red", Outcome.WARNING: "yellow", Outcome.UNKNOWN: "bright_black", Outcome.OK: "green"}
_SIGNS = {Outcome.FAILED: "✗", Outcome.WARNING: "!", Outcome.UNKNOWN: "?", Outcome.OK: "✓"}

_TITLES: dict[OurLanguage, dict[str, str]] = {
    "en": {
        "installation": "Ulak",
        "check": "Check",
        "found": "Found, and what to do",
        "test": "sandbox",
        "live": "live",
        "none": "No number is connected yet: ulak senders add",
        "end": "✗ {failed} to be mended   ! {warning} to take note of   ? {unknown} not known   ✓ {ok} fine",
    },
    "tr": {
        "installation": "Ulak",
        "check": "Denetim",
        "found": "Bulunan ve yapılması gereken",
        "test": "simülatör",
        "live": "canlı",
        "none": "Henüz bağlı bir numara yok: ulak senders add",
        "end": "✗ {failed} düzeltilmeli   ! {warning} dikkat   ? {unknown} bilinmiyor   ✓ {ok} sorunsuz",
    },
}


class Checked(BaseModel):
    """What `--json` prints."""

    outcome: Outcome
    installation: list[CheckOut]
    senders: list[CheckUpOut]


def doctor(
    business: Annotated[str | None, typer.Option("--business", help="biz_…; all by default.")] = None,
    sender: Annotated[str | None, typer.Option("--sender", help="snd_…; all by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    language: Annotated[Literal["en", "tr"], typer.Option(help="Of what is said.")] = "en",
) -> None:
    """Check everything against Meta, and say what to do.

    Exits with 0 when all is well, 1 when something is to be noted, 2 when something is to be mended, and 3 when nothing
    could be checked.
    """
    try:
        checked = with_container(lambda container: _check(container, business, sender, language))
    except (CommandError, SettingsError) as error:
        print(f"ulak: {error}", file=sys.stderr)
        raise typer.Exit(NOT_CHECKED) from error
    if as_json:
        print(orjson.dumps(checked.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(checked, language)
    raise typer.Exit(_EXIT_CODES[checked.outcome])


async def _check(container: Container, business: str | None, sender: str | None, language: OurLanguage) -> Checked:
    """Raises CommandError for a business or sender that there is not."""
    installation = checks_out(await container.check_ups.of_installation(), language, _here())
    is_usable = all(one.outcome is not Outcome.FAILED for one in installation if one.check is Check.DATABASE)
    senders = []
    if is_usable:
        for owner, mode, sender_id in await _wanted(container, business, sender):
            check_up = await container.check_ups.of_sender(owner, mode, sender_id)
            told = check_up_out(check_up, language)
            # What is of the installation stands above, once.
            told.checks = [one for one in told.checks if one.about == "sender"]
            senders.append(told)
    outcomes = [one.outcome for one in installation] + [one.outcome for up in senders for one in up.checks]
    if not senders:
        outcomes.append(Outcome.WARNING)  # nothing can be sent yet
    worst = next((one for one in (Outcome.FAILED, Outcome.WARNING) if one in outcomes), Outcome.OK)
    return Checked(outcome=worst, installation=installation, senders=senders)


def _here() -> tzinfo:
    """The zone of this machine, where the reader is."""
    return datetime.now(UTC).astimezone().tzinfo or UTC


async def _wanted(
    container: Container, business: str | None, sender: str | None
) -> list[tuple[UUID, Literal["live", "test"], UUID]]:
    owner = business_id(business) if business is not None else None
    wanted = parse_id("snd", sender) if sender is not None else None
    async with container.database.transaction() as session:
        rows = await repository.all_senders(session)
        is_known = owner is None or await repository.business(session, owner) is not None
    if not is_known:
        raise CommandError(f"there is no business {business}")
    found = [
        (row.business_id, row.mode, row.id)
        for row in rows
        if owner in (None, row.business_id) and (sender is None or row.id == wanted)
    ]
    if sender is not None and not found:
        raise CommandError(f"there is no sender {sender}")
    return found


def _show(checked: Checked, language: OurLanguage) -> None:
    words = _TITLES[language]
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_ELSEWHERE)
    console.print(_table(words["installation"], checked.installation, language))
    for one in checked.senders:
        console.print()
        heading = f"{one.verified_name}  {one.display_phone_number}  {one.sender}"
        console.print(_table(heading, one.checks, language))
    if not checked.senders:
        console.print(words["none"])
    every = [*checked.installation, *(one for up in checked.senders for one in up.checks)]
    counts = {outcome.value: sum(one.outcome is outcome for one in every) for outcome in Outcome}
    console.print(f"\n{words['end'].format(**counts)}", style=_COLOURS[checked.outcome])


_WIDTH_ELSEWHERE = 120
"""In a file or a pipe there is no edge of a screen."""


def _joined(checks: list[CheckOut]) -> list[CheckOut]:
    """Those that are unknown for the same reason as one: a token that is refused would fill the screen otherwise."""
    found: dict[tuple[Outcome, str], CheckOut] = {}
    for one in checks:
        why = "\n".join(one.found) if one.outcome is Outcome.UNKNOWN else one.check.value
        before = found.get((one.outcome, why))
        joined = f"{before.title}\n{one.title}" if before is not None else one.title
        found[one.outcome, why] = one.model_copy(update={"title": joined})
    return list(found.values())


def _table(heading: str, checks: list[CheckOut], language: OurLanguage) -> Table:
    words = _TITLES[language]
    table = Table(title=escape(heading), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column(words["check"], max_width=30)
    table.add_column(words["found"], overflow="fold")
    for one in _joined(checks):
        colour = _COLOURS[one.outcome]
        found = "\n".join(escape(line) for line in one.found)
        advice = "".join(f"\n[bold]→[/bold] {escape(line)}" for line in one.advice)
        sign = f"[{colour}]{_SIGNS[one.outcome]}[/{colour}]"
        table.add_row(sign, escape(one.title), found + advice)
    return table
