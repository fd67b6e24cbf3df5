"""`ulak templates`: templates as files, what stands between them and Meta, and bringing the one to the other.

Ends with 0; with 1 where something failed, was refused, rejected or re-categorised; and, where a plan is asked for its
exit code, with 3 where Meta holds something else than what is written.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from app.accounts.directory import BusinessAccount
from app.accounts.models import Mode
from app.cli.accounts import BusinessOption, business_id, with_container
from app.cli.at_meta import IN_REVIEW, REFUSED, AtMeta, Key, Known, accounts_of, defaults, differs
from app.cli.lint import lint
from app.cli.run import CommandError
from app.cli.template_tables import (
    on_a_terminal,
    plan_as_json,
    show_done,
    show_known,
    show_outcomes,
    show_plan,
    summary,
)
from app.container import Container
from app.events.catalogue import catalogue
from app.templates import files
from app.templates.definition import Inexpressible, MediaHeader, TemplateDefinition, definition_of, submission
from app.templates.planning import Held, Kind, Step, Wanted, plan
from app.whatsapp.client import GraphUnreachableError
from app.whatsapp.errors import GraphError

Result = TypeVar("Result")

templates = typer.Typer(no_args_is_help=True, help="Templates: as files, at Meta, and between the two.")
templates.command("lint")(lint)

DIFFERS = 3
"""Exit code: 1 is that of what failed, and 2 that of what was typed wrong."""

ModeOption = Annotated[Mode, typer.Option("--mode", help="`test` for the sandbox.")]
FolderArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[DIR]",
        help="Of template files; without it, the defaults of the catalogue and of your own event types.",
    ),
]
OverwriteDrift = Annotated[
    bool, typer.Option("--overwrite-drift", help="Also edit what was changed at Meta, so that it is as written.")
]
DeleteOrphans = Annotated[bool, typer.Option("--delete-orphans", help="Also delete at Meta what is not written here.")]


def _with_business(business: str, work: Callable[[Container, BusinessAccount], Awaitable[Result]]) -> Result:
    async def run(container: Container) -> Result:
        account = await container.directory.business(business_id(business))
        if account is None:
            raise CommandError(f"there is no business {business}")
        try:
            return await work(container, account)
        except (GraphError, GraphUnreachableError) as error:
            raise CommandError(f"Meta did not answer as it should: {error}") from error

    return with_container(run)


async def _written(
    container: Container, business: BusinessAccount, written: Sequence[files.TemplateFile] | None
) -> list[TemplateDefinition]:
    if written is None:
        return await defaults(container, business)
    return [file.definition for file in written]


def _read(folder: Path) -> list[files.TemplateFile]:
    try:
        return files.read_folder(folder)
    except files.FolderError as error:
        raise CommandError(f"the templates in {folder} cannot be used:\n{error}") from error


@templates.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where there is none.")],
    business: Annotated[
        str | None, typer.Option("--business", help="biz_…: the templates of its own event types, too.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Also write over files that say otherwise.")] = False,
) -> None:
    """Write the default templates of the event types as files. Without a business, no database is needed."""
    if business is None:
        wanted = [template for event_type in catalogue().values() for template in event_type.templates]
    else:
        wanted = _with_business(business, defaults)
    _write_all(folder, wanted, keep=[] if overwrite else _others(folder, wanted))


def _others(folder: Path, wanted: Sequence[TemplateDefinition]) -> list[Key]:
    """Those whose files are there already, and say something else."""
    places = {(one.name, one.language): (folder / files.path_of(one), files.written(one)) for one in wanted}
    return [key for key, (path, text) in places.items() if path.exists() and path.read_bytes() != text.encode()]


def _write_all(folder: Path, wanted: Sequence[TemplateDefinition], *, keep: Sequence[Key]) -> None:
    kept = set(keep)
    try:
        paths = [files.write(one, folder) for one in wanted if (one.name, one.language) not in kept]
    except (OSError, ValueError) as error:
        raise CommandError(f"the templates cannot be written: {error}") from error
    for name, language in sorted(kept):
        typer.echo(f"left as it is: {name} ({language})")
    typer.echo(f"{len(paths)} files written to {folder}")


@templates.command("plan")
def show_the_plan(
    business: BusinessOption,
    folder: FolderArgument = None,
    mode: ModeOption = "live",
    overwrite_drift: OverwriteDrift = False,
    delete_orphans: DeleteOrphans = False,
    output: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 where Meta holds something else than what is written.")
    ] = False,
) -> None:
    """Show what differs between templates as they are written and as Meta holds them. Changes nothing."""
    read = _read(folder) if folder is not None else None

    async def work(container: Container, account: BusinessAccount) -> list[tuple[str, list[Step]]]:
        wanted = await _written(container, account, read)
        return [
            (one.waba_id, await one.plan(wanted, overwrite_drift=overwrite_drift, delete_orphans=delete_orphans))
            for one in accounts_of(container, account, mode)
        ]

    plans = _with_business(business, work)
    if output == "json":
        typer.echo(plan_as_json(plans))
    else:
        for waba_id, steps in plans:
            _say_account(waba_id, plans)
            show_plan(steps)
    if exit_code and any(differs(steps) for _, steps in plans):
        raise typer.Exit(DIFFERS)


def _say_account(waba_id: str, among: Sequence[object]) -> None:
    if len(among) > 1:
        typer.echo(f"account {waba_id}")


@templates.command("apply")
def apply(
    business: BusinessOption,
    folder: FolderArgument = None,
    mode: ModeOption = "live",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until Meta has decided on each.")] = False,
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="For how many seconds to wait; a review may take a day.")
    ] = 86_400,
    overwrite_drift: OverwriteDrift = False,
    delete_orphans: DeleteOrphans = False,
) -> None:
    """Submit what is new, edit what was changed, and with --wait follow the reviews to their end."""
    read = _read(folder) if folder is not None else None
    by_key = {(one.definition.name, one.definition.language): one for one in read or ()}

    async def work(container: Container, account: BusinessAccount) -> bool:
        wanted = await _written(container, account, read)
        at_meta = accounts_of(container, account, mode)
        plans = [
            (one, await one.plan(wanted, overwrite_drift=overwrite_drift, delete_orphans=delete_orphans))
            for one in at_meta
        ]
        await _agree(plans, yes=yes)
        all_right = True
        for one, steps in plans:
            _say_account(one.waba_id, plans)
            all_right &= not any(step.kind is Kind.FORBIDDEN for step in steps)
            all_right &= await _bring(one, steps, by_key)
            if wait:
                all_right &= await _follow(one, steps, patience)
        return all_right

    if not _with_business(business, work):
        raise CommandError("not all templates are as they are written; see above")


async def _agree(plans: Sequence[tuple[AtMeta, list[Step]]], *, yes: bool) -> None:
    """Shows the plan, and asks whether to go on. Raises CommandError where nobody can be asked."""
    for one, steps in plans:
        _say_account(one.waba_id, plans)
        if yes:
            show_plan([step for step in steps if step.kind is Kind.FORBIDDEN], summary(steps))
        else:
            show_plan(steps)
    if yes or not any(step.acts for _, steps in plans for step in steps):
        return
    if not on_a_terminal():
        raise CommandError("nothing was applied: give --yes where nobody can be asked")
    if not await asyncio.to_thread(typer.confirm, "Apply this?"):
        raise CommandError("nothing was applied")


async def _bring(at_meta: AtMeta, steps: Sequence[Step], read: Mapping[Key, files.TemplateFile]) -> bool:
    """Does what is to be done; whether Meta refused nothing."""
    acting = [step for step in steps if step.acts]
    done = [await at_meta.apply(step, read.get((step.name, step.language))) for step in acting]
    if done:
        show_done(done)
    return not any(one.status == REFUSED for one in done)


async def _follow(at_meta: AtMeta, steps: Sequence[Step], patience: float) -> bool:
    """Waits for every review of what is written, also of what was submitted before; whether none ended badly."""
    outcomes = await at_meta.decided(steps, patience)
    under_way = {(step.name, step.language) for step in steps if step.acts or _is_in_review(step)}
    show_outcomes([one for one in outcomes if (one.name, one.language) in under_way or not one.is_right])
    return all(one.is_right for one in outcomes)


def _is_in_review(step: Step) -> bool:
    return step.held is not None and step.held.status in IN_REVIEW


@templates.command("pull")
def pull(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where there is none.")],
    business: BusinessOption,
    mode: ModeOption = "live",
    only_missing: Annotated[
        bool, typer.Option("--only-missing", help="Leave the files that are there as they are.")
    ] = False,
    waba_id: Annotated[str | None, typer.Option("--waba-id", help="Where the business has several accounts.")] = None,
) -> None:
    """Write what Meta holds as files. A file that says the same is left as it is, with the samples that it has."""
    known = {
        (one.definition.name, one.definition.language): one.definition
        for one in (_read(folder) if folder.exists() else [])
    }

    async def work(container: Container, account: BusinessAccount) -> list[TemplateDefinition]:
        chosen = [one for one in accounts_of(container, account, mode) if waba_id in (None, one.waba_id)]
        if len(chosen) != 1:
            ids = ", ".join(one.waba_id for one in accounts_of(container, account, mode))
            raise CommandError(f"name one of the business's accounts with --waba-id: {ids}")
        owners = {one.template_name: one.name for one in await container.event_types.open(account.business_id)}
        found = [one for one in await chosen[0].held() if one.status not in ("DELETED", "PENDING_DELETION")]
        if only_missing:
            found = [one for one in found if (one.name, one.language) not in known]
        pulled = [_pulled(one, chosen[0], known.get((one.name, one.language)), owners.get(one.name)) for one in found]
        return [one for one in pulled if one is not None]

    _write_all(folder, _with_business(business, work), keep=[])


def _pulled(
    held: Held, at_meta: AtMeta, known: TemplateDefinition | None, event_type: str | None
) -> TemplateDefinition | None:
    """What is to be written; nothing where the file says it already, or no file can."""
    bases = at_meta.account.bases
    if known is not None:
        (step,) = plan([Wanted(known, submission(known, bases))], [held], datetime.now(UTC))
        if step.kind is Kind.SAME:
            return None
    try:
        found = definition_of(
            held.components,
            name=held.name,
            language=held.language,
            category=held.category,
            parameter_format=held.parameter_format,
            time_to_live=held.time_to_live,
            event_type=known.event_type if known is not None else held.event_type or event_type,
            bases=bases,
        )
        files.path_of(found)
    except (Inexpressible, ValueError) as error:
        typer.echo(f"left out: {held.name} ({held.language}): {error}")
        return None
    header = known.header if known is not None else None
    if (
        isinstance(header, MediaHeader)
        and isinstance(found.header, MediaHeader)
        and header.format == found.header.format
    ):
        return found.model_copy(update={"header": header})
    return found


@templates.command("status")
def status(
    business: BusinessOption,
    mode: ModeOption = "live",
    sync: Annotated[bool, typer.Option("--sync", help="Ask Meta first.")] = False,
) -> None:
    """Show what is known of each template, for how long, and what its clocks say."""

    async def work(container: Container, account: BusinessAccount) -> list[tuple[str, list[Known]]]:
        found = []
        for one in accounts_of(container, account, mode):
            if sync:
                await one.sync()
            found.append((one.waba_id, await one.known()))
        return found

    accounts = _with_business(business, work)
    for waba_id, known in accounts:
        _say_account(waba_id, accounts)
        show_known(known, datetime.now(UTC))
