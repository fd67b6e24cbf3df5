"""`ulak consent`: whether the ledger is what was written into it, and what holds made anew from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from app.accounts import repository
from app.accounts.directory import BusinessAccount
from app.cli.accounts import BusinessOption, business_id, with_container
from app.cli.run import CommandError
from app.consent import proof
from app.consent.proof_page import is_rendered_from
from app.consent.verify import Report, Seal, rebuild, verify
from app.container import Container
from app.core.ids import public_id

consent = typer.Typer(no_args_is_help=True, help="The consent ledger.")


@consent.command("verify")
def verify_ledger(
    business: Annotated[str | None, typer.Option("--business", help="biz_…; all of them by default.")] = None,
    seal: Annotated[
        str | None, typer.Option(help="What an earlier run printed: the ledger must still begin with that.")
    ] = None,
) -> None:
    """Recompute the chain of every act, and what holds by it. Ends with 1 where anything is not as it was written.

    Keep the printed seal elsewhere: who has the database and the keys could write the whole chain anew, but not one
    that ends in a seal that you hold."""
    if seal is not None and business is None:
        raise CommandError("a seal is that of one business: name it with --business")
    expected = _seal(seal) if seal is not None else None

    async def check(container: Container) -> list[tuple[BusinessAccount, Report]]:
        reports = []
        for account in await _accounts(container, business):
            async with container.database.transaction() as session:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                reports.append((account, await verify(session, account, expected)))
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
    if any(report.fault_count for _, report in reports):
        raise typer.Exit(1)


@consent.command("rebuild")
def rebuild_state(business: BusinessOption) -> None:
    """Make what holds for each contact anew from the ledger, and bring into line what waits for them."""

    async def make_anew(container: Container) -> int:
        (account,) = await _accounts(container, business)
        async with container.database.transaction() as session:
            await container.consent.lock(session, [account.business_id], refusing=True)
            changed = await rebuild(session, account.business_id)
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
