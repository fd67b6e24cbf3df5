"""The templates of one account, as the commands need them: what Meta holds, a plan applied, and how reviews end."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.accounts.directory import BusinessAccount
from app.accounts.models import Mode
from app.cli.run import CommandError
from app.cli.sample_files import with_kept_sample
from app.container import Container
from app.core.problems import Problem
from app.templates import repository
from app.templates.clocks import ClockWarning, warnings
from app.templates.definition import TemplateDefinition, submission
from app.templates.errors import MetaUnreachable
from app.templates.files import TemplateFile
from app.templates.models import Template
from app.templates.planning import Held, Kind, Step, Wanted, plan
from app.templates.service import Account, Author
from app.templates.service import accounts_of as _accounts_of
from app.templates.shown import times_of

POLL_INTERVAL = 0.25
_SOONEST_LOOK, _LATEST_LOOK = 2.0, 60.0
"""Seconds between two questions to Meta itself, which webhooks make superfluous where they arrive."""
IN_REVIEW = frozenset({"PENDING", "IN_APPEAL"})
_UNKNOWN = "unknown"
REFUSED = "refused"
_AUTHOR = Author("command")
_WRONG = frozenset({"REJECTED", "DISABLED", _UNKNOWN})

Key = tuple[str, str]
"""Name and language."""


@dataclass(frozen=True, slots=True)
class Known:
    """What our mirror says of a template."""

    name: str
    language: str
    status: str
    category: str
    reason: str | None
    known_at: datetime
    warnings: Sequence[ClockWarning] = ()
    quality: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What Meta answered to a step; REFUSED is no status of Meta's."""

    name: str
    language: str
    status: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a template that was submitted or edited."""

    name: str
    language: str
    status: str
    wanted_category: str
    category: str | None
    detail: str | None

    @property
    def is_right(self) -> bool:
        """Not whether it can be sent: a pause is no verdict on what was written."""
        return self.status not in _WRONG and self.category == self.wanted_category


class AtMeta:
    def __init__(self, container: Container, account: Account) -> None:
        self._container = container
        self.account = account

    @property
    def waba_id(self) -> str:
        return self.account.waba_id

    async def held(self) -> list[Held]:
        """As Meta lists it now, and with what we know of its past; what is gone, too."""
        await self.sync()
        return [_held(row) for row in await self._rows()]

    async def _rows(self) -> list[Template]:
        """Our mirror, without what Meta never saw."""
        async with self._container.database.transaction() as session:
            rows = await repository.of_account(session, self.account.business_id, self.account.waba_id)
        return [row for row in rows if row.meta_id is not None]

    async def plan(
        self, definitions: Iterable[TemplateDefinition], *, overwrite_drift: bool = False, delete_orphans: bool = False
    ) -> list[Step]:
        held = await self.held()
        wanted = [Wanted(one, submission(one, self.account.bases)) for one in definitions]
        now = self._container.clock.now()
        return plan(wanted, held, now, overwrite_drift=overwrite_drift, delete_orphans=delete_orphans)

    async def apply(self, step: Step, file: TemplateFile | None = None) -> Done:
        """`file` is where it is written, if in one: its sample is kept first. Raises CommandError where Meta cannot be
        reached; a refusal is in the answer."""
        try:
            return Done(step.name, step.language, await self._done(step, file))
        except MetaUnreachable as problem:
            raise CommandError(problem.detail) from problem
        except Problem as problem:
            return Done(step.name, step.language, REFUSED, problem.detail)

    async def _done(self, step: Step, file: TemplateFile | None) -> str:
        """The status that it left the template in. Raises Problem."""
        templates, definition = self._container.templates, step.wanted.definition if step.wanted is not None else None
        if file is not None:
            definition = await with_kept_sample(self._container.media, self.account, file)
        match step.action:
            case "submit" if definition is not None:
                return (await templates.submit(self.account, definition, _AUTHOR)).status
            case "edit" if definition is not None:
                template_id = await self._id_of(step)
                return (await templates.edit(self.account, template_id, definition, _AUTHOR)).status
            case "delete":
                await templates.delete(self.account, await self._id_of(step), _AUTHOR)
                return "DELETED"
            case _:
                raise ValueError(f"nothing is to be done about {step.name} ({step.language})")

    async def _id_of(self, step: Step) -> UUID:
        async with self._container.database.transaction() as session:
            names = self.account.business_id, self.account.waba_id, step.name, step.language
            row = await repository.as_known(session, *names)
        if row is None:
            raise ValueError(f"{step.name} ({step.language}) is not known")
        return row.id

    async def sync(self) -> None:
        await self._container.templates.sync(self.account)

    async def known(self) -> list[Known]:
        now, warn_before = self._container.clock.now(), self._container.settings.template_warning
        return [_known(row, now, warn_before) for row in await self._rows()]

    async def decided(self, steps: Sequence[Step], patience: float) -> list[Outcome]:
        """What became of each, once no review is open any more. Our mirror is looked at, which webhooks write; Meta
        itself is asked ever more rarely. Raises CommandError where that takes longer than `patience`, in seconds."""
        wanted = {(one.name, one.language): one.wanted for one in steps if one.wanted is not None}
        began = asked = time.monotonic()
        pause = _SOONEST_LOOK
        while True:
            found = {(one.name, one.language): one for one in await self.known()}
            open_ones = [key for key in wanted if key in found and found[key].status in IN_REVIEW]
            if not open_ones:
                return [_outcome(key, one, found.get(key)) for key, one in wanted.items()]
            now = time.monotonic()
            if now - began > patience:
                waiting = ", ".join(f"{name} ({language})" for name, language in open_ones)
                raise CommandError(f"still in review after {patience:g} s: {waiting}")
            if now - asked > pause:
                await self.sync()
                asked, pause = time.monotonic(), min(2 * pause, _LATEST_LOOK)
                continue
            await asyncio.sleep(POLL_INTERVAL)


def _outcome(key: Key, wanted: Wanted, known: Known | None) -> Outcome:
    category = str(wanted.body["category"])
    if known is None:
        return Outcome(*key, _UNKNOWN, category, None, None)
    return Outcome(*key, known.status, category, known.category, known.reason)


def _held(row: Template) -> Held:
    return Held(
        row.name,
        row.language,
        str(row.meta_id),
        row.status,
        row.category,
        row.components,
        row.parameter_format,
        row.time_to_live,
        submitted_components=row.submitted,
        edits=row.edits,
        deleted_at=row.deleted_at,
        was_approved=row.approved_at is not None,
        event_type=row.event_type,
    )


def _known(row: Template, now: datetime, warn_before: timedelta) -> Known:
    found = warnings(times_of(row), now, warn_before)
    about = (row.name, row.language, row.status, row.category, row.rejected_reason, row.known_at)
    return Known(*about, found, row.quality, row.version)


def accounts_of(container: Container, business: BusinessAccount, mode: Mode) -> list[AtMeta]:
    """Each WhatsApp Business Account once. Raises CommandError where there is none."""
    found = _accounts_of(business, mode, container.settings.customer_url)
    if not found:
        raise CommandError(f"the business has no {mode} sender: ulak senders add")
    return [AtMeta(container, account) for account in found]


async def defaults(container: Container, business: BusinessAccount) -> list[TemplateDefinition]:
    """Of the catalogue, and of the business's own event types."""
    event_types = await container.event_types.open(business.business_id)
    return [template for event_type in event_types for template in event_type.templates]


async def apply_defaults(container: Container, business: BusinessAccount, mode: Mode) -> list[Done]:
    """What `ulak templates apply` does without a folder. Raises GraphError and GraphUnreachableError."""
    done: list[Done] = []
    for at_meta in accounts_of(container, business, mode):
        steps = await at_meta.plan(await defaults(container, business))
        done += [await at_meta.apply(step) for step in steps if step.acts]
    return done


def differs(steps: Iterable[Step]) -> bool:
    """Whether Meta holds something else than what is written; an account may hold more than that."""
    return any(step.kind not in (Kind.SAME, Kind.ORPHANED) for step in steps)
