"""`ulak consent`: lists taken in, the ledger checked, and what holds made anew from it."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from app.accounts import repository
from app.accounts.directory import BusinessAccount
from app.accounts.models import Mode
from app.cli import importing
from app.cli.accounts import BusinessOption, business_id, with_container
from app.cli.run import CommandError
from app.consent import proof
from app.consent.imports.judging import Given
from app.consent.imports.reading import CHARSETS
from app.consent.imports.service import Upload
from app.consent.ledger import OpenLedger
from app.consent.proof_page import is_rendered_from
from app.consent.verify import Report, Seal, differing, rebuild, verify, verify_chain
from app.container import Container
from app.core.ids import public_id
from app.core.problems import problem_of

consent = typer.Typer(no_args_is_help=True, help="The consent ledger, and lists that go into it.")


@consent.command("verify")
def verify_ledger(
    business: Annotated[str | None, typer.Option("--business", help="biz_…; all of them by default.")] = None,
    seal: Annotated[
        str | None, typer.Option(help="What an earlier run printed: the ledger must still begin with that.")
    ] = None,
    seal_file: Annotated[
        Path | None,
        typer.Option(
            help="Compare with the last seals in it, and add those of now where nothing is wrong.", dir_okay=False
        ),
    ] = None,
) -> None:
    """Recompute the chain of every act, and what holds by it. Ends with 1 where anything is not as it was written.

    Keep the seals elsewhere, or in a file there: who can write to the database could take its last lines away together
    with the mark of its end, and who has the keys, too, write the whole chain anew; but not one that goes on from a
    seal that you hold."""
    if seal is not None and business is None:
        raise CommandError("a seal is that of one business: name it with --business")
    if seal is not None and seal_file is not None:
        raise CommandError("give --seal or --seal-file, not both")
    held = _seals(seal_file) if seal_file is not None else {}
    expected = _seal(seal) if seal is not None else None

    async def check(container: Container) -> list[tuple[BusinessAccount, Report]]:
        reports = []
        for account in await _accounts(container, business):
            async with container.database.transaction() as session:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                sealed = held.get(public_id("biz", account.business_id), expected)
                reports.append((account, await verify(session, account, sealed)))
        return reports

    reports = with_container(check)
    console = Console(soft_wrap=True)
    for account, report in reports:
        console.print(
            f"{public_id('biz', account.business_id)}  {account.name}: {report.lines} lines, "
            f"{report.erased} with erased evidence, {report.unchained} from before the chain, "
            f"{report.fault_count} faults",
            highlight=False,
        )
        for fault in report.faults:
            console.print(f"  {fault}", highlight=False, style="red")
        console.print(f"  seal {report.seal}", highlight=False)
    if seal_file is not None:
        _keep_seals(seal_file, held, reports)
    if any(report.fault_count for _, report in reports):
        raise typer.Exit(1)


@consent.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV; packed where it ends in .gz.")],
    business: BusinessOption,
    mode: Annotated[Mode, typer.Option(help="Whose contacts: of live or of test keys.")] = "live",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and report, and record nothing.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Work on it here, beside the workers, and show how far it is.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="With --watch: write there why rows were refused.")] = None,
    said: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="NAME=VALUE, of rows that do not say it: wording, original_source, topics and more."
        ),
    ] = None,
    charset: Annotated[str, typer.Option(help="utf-8, windows-1254 or iso-8859-9.")] = "utf-8",
) -> None:
    """Import a list of consents; `docs/import.md` says what stands in it. Works without the API, and with --watch
    without a worker. Ends with 1 where the list as a whole is refused."""
    try:
        given = _given(said or [])
        known = codecs.lookup(charset).name in CHARSETS
    except ValidationError as error:
        raise CommandError(problem_of(error).detail) from error
    except LookupError:
        known = False
    if not known:
        raise CommandError(f"lists in {charset} are not read")
    if report is not None and not watch:
        raise CommandError("a report is written at the end: give --watch, too")
    upload = Upload(
        business_id=business_id(business),
        mode=mode,
        given=given,
        dry_run=dry_run,
        charset=charset,
        is_packed=file.suffix == ".gz",
    )
    with_container(lambda container: importing.run(container, upload, file, watch=watch, report=report))


def _given(said: list[str]) -> Given:
    """Raises ValidationError."""
    named = {name.strip(): value for name, _, value in (one.partition("=") for one in said)}
    topics = {"topics": named["topics"].replace(",", " ").split()} if "topics" in named else {}
    return Given.model_validate({**named, **topics})


@consent.command("rebuild")
def rebuild_state(business: BusinessOption) -> None:
    """Make what holds for each contact anew from the ledger, and bring into line what waits for them. A ledger that is
    not as it was written is left alone, since then nobody knows what holds."""

    async def make_anew(container: Container) -> int:
        (account,) = await _accounts(container, business)
        async with container.database.transaction() as session:
            await OpenLedger.open(session, account)  # seals what is there from before the chain
        async with container.database.transaction() as session:
            report = await verify_chain(session, account)
            if report.fault_count:
                raise CommandError("\n".join(["the ledger is not as it was written", *report.faults]))
            found = await differing(session, account.business_id)
        async with container.database.transaction() as session:
            # Claims wait for this one, which so reads no more than it must.
            await container.consent.lock(session, [account.business_id], refusing=True)
            changed = await rebuild(session, account.business_id, found)
            for contact_id in changed:
                await container.consent.settle(session, account.business_id, contact_id)
        return len(changed)

    typer.echo(f"{with_container(make_anew)} contacts were something else")


@consent.command("check-proof")
def check_proof(
    file: Annotated[
        Path, typer.Argument(help="A proof as JSON, or a page that holds one.", dir_okay=False, exists=True)
    ],
    key: Annotated[str | None, typer.Option(help="The business's public key, as GET /v1/proof-key gives it.")] = None,
) -> None:
    """Check a proof of consent, without a database or a network. Ends with 1 where it is not as it was issued."""
    console = Console(soft_wrap=True)
    try:
        signed, page = proof.read(file.read_bytes())
        checked = proof.check(signed, proof.PublicKey.parse(key) if key is not None else None)
    except proof.NoProofError as error:
        raise CommandError(f"{file}: {error}") from error
    if key is None:
        console.print(
            f"The key is the file's own: compare {checked.key.fingerprint} with what the business publishes.",
            highlight=False,
            style="yellow",
        )
    for fault in checked.faults:
        console.print(f"  {fault}", highlight=False, style="red", markup=False)
    if checked.faults:
        raise typer.Exit(1)
    if page is not None and not is_rendered_from(page, signed):
        console.print(
            "The page does not look as this version makes it: go by what follows, which is signed.",
            highlight=False,
            style="yellow",
        )
    for line in _told(checked.document):
        console.print(line, highlight=False, markup=False)


def _told(document: dict[str, Any]) -> Iterator[str]:
    """What the signed document says, in short."""
    yield f"genuine: issued by {document['business']['name']} at {document['issued']['at']}"
    for contact in document["contacts"]:
        names = [contact[kind] for kind in ("phone", "wa_id", "bsuid") if contact[kind]]
        yield f"  {contact['id']}  {', '.join(names) or 'erased'}"
    for act in document["acts"]:
        yield f"  {act['number']}  {act['occurred_at']}  {act['act']} {act['topic']}  {act['source']}"
    yield f"  seal {document['ledger']['length']}:{document['ledger']['head']}"


def _seals(file: Path) -> dict[str, Seal]:
    """The last one of each business."""
    if not file.exists():
        return {}
    lines = [line.partition(" ") for line in file.read_text().splitlines() if line.strip()]
    return {name: _seal(seal) for name, _, seal in lines}


def _keep_seals(file: Path, held: dict[str, Seal], reports: list[tuple[BusinessAccount, Report]]) -> None:
    """Those of ledgers at fault are not: the next run would take them for right."""
    found = {
        public_id("biz", account.business_id): report.seal for account, report in reports if not report.fault_count
    }
    with file.open("a") as kept:
        kept.writelines(f"{name} {seal}\n" for name, seal in found.items() if held.get(name) != seal)


def _seal(text: str) -> Seal:
    try:
        return Seal.parse(text)
    except ValueError as error:
        raise CommandError("a seal is what `ulak consent verify` prints: a number, a colon, and 64 digits") from error


async def _accounts(container: Container, business: str | None) -> list[BusinessAccount]:
    if business is not None:
        wanted = [business_id(business)]
    else:
        async with container.database.transaction() as session:
            wanted = [row.business_id for row in await repository.businesses(session)]
    found = [await container.directory.business(one) for one in wanted]
    if business is not None and found == [None]:
        raise CommandError(f"there is no business {business}")
    return [account for account in found if account is not None]
