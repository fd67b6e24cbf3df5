"""Opt-in links: the doors through which customers come, each with its place, and how many came through it."""

import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory, SenderAccount
from app.accounts.models import Mode
from app.consent.link_codes import new_code
from app.consent.link_schemas import (
    LINK_PREFIX,
    DayCounts,
    EmailOut,
    InvitationsOut,
    LinkCounts,
    LinkWarning,
    OptInLinkChange,
    OptInLinkCountsOut,
    OptInLinkHead,
    OptInLinkIn,
    OptInLinkOut,
    OptInLinkPage,
    QrOut,
    SmsOut,
)
from app.consent.link_texts import WORDING_VERSION, Invitation, LeadsTo, chat_url, own_wording, prefilled_text
from app.consent.models import OptInLink, OptInLinkCount
from app.consent.sms import as_gsm7, sms_length
from app.consent.wording import missing_in
from app.core.cache import LoadingCache
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import UNAVAILABLE, Database, Notifications, announce
from app.core.group_commit import GroupCommit
from app.core.ids import new_id, parse_id, public_id
from app.core.languages import OurLanguage, spoken
from app.core.problems import InvalidRequest, NotFound

log = structlog.get_logger(__name__)

CHANNEL = "ulak_opt_in_links"
"""Notified with a link's code when it was made or changed."""

LINK_PATH = "/o"
EMBED_PATH = "/embed"

_MOST_DAYS = 400
_TRIES = 5


@dataclass(frozen=True, slots=True)
class LinkInUse:
    """A link as whoever comes by it needs it."""

    business_id: UUID
    id: UUID
    mode: Mode
    code: str
    source: str
    place: str | None
    leads_to: LeadsTo
    topics: tuple[str, ...]
    wordings: Mapping[str, str]
    wording_version: str | None
    double_opt_in: bool
    sender_id: UUID | None
    origins: tuple[str, ...]
    language: OurLanguage
    disabled: bool

    def wording(self, business: BusinessAccount, language: OurLanguage) -> tuple[str, str | None]:
        """What a form asks to agree to, and which version of it; our own where the link's would prove too little (the
        business may have changed its name since)."""
        given = self.wordings.get(language)
        if given is not None and missing_in(given, business.name, business.wording_check) is None:
            return given, self.wording_version
        return own_wording(business.name, self.topics, language, business.offered_topics), WORDING_VERSION

    def prefilled_text(self, business: BusinessAccount, language: OurLanguage | None = None) -> str:
        spoken = language or self.language
        return prefilled_text(business.name, self.topics, self.code, spoken, business.offered_topics)

    def chat_url(self, business: BusinessAccount, language: OurLanguage | None = None) -> str | None:
        """Nothing while the business has no number."""
        sender = sender_of(business, self.mode, self.sender_id)
        return chat_url(sender.display_phone_number, self.prefilled_text(business, language)) if sender else None


def sender_of(business: BusinessAccount, mode: Mode, wanted: UUID | None) -> SenderAccount | None:
    """The number that a chat is opened with; the first where the wanted one is gone: what is printed goes on."""
    return business.sender(mode, wanted) or business.sender(mode)


class OptInLinks:
    def __init__(self, database: Database, directory: Directory, clock: Clock, public_url: str) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._public_url = public_url
        self._by_code: LoadingCache[str, LinkInUse | None] = LoadingCache(self._load)
        self._scans: GroupCommit[tuple[UUID, UUID], None] = GroupCommit("scans", self._flush)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, self._heard)

    def _heard(self, code: str | None) -> None:
        if code is None:
            self._by_code.clear()
        else:
            self._by_code.invalidate(code)

    async def by_code(self, code: str) -> LinkInUse | None:
        """From this process's memory, disabled ones too. `code` is one by its form (`link_codes.code_in`)."""
        return self._by_code.peek(code) or await self._by_code.get(code)

    async def _load(self, code: str) -> LinkInUse | None:
        # Like that of tracked links this statement knows no business: the code is all that is brought. On a cluster it
        # asks every shard, once for a link and a process.
        query = select(OptInLink).where(OptInLink.code == code).order_by(OptInLink.id).limit(1)
        async with self._database.transaction() as session:
            row = await session.scalar(query)
        return _in_use(row) if row is not None else None

    async def count_scan(self, link: LinkInUse) -> None:
        """With others that come meanwhile. Raises nothing: who comes is led on, counted or not."""
        try:
            await self._scans.submit((link.business_id, link.id))
        except UNAVAILABLE as error:
            log.warning("scan not counted", error=type(error).__name__)

    async def _flush(self, scans: list[tuple[UUID, UUID]]) -> list[Exception | None]:
        counted = sorted(collections.Counter(scans).items())
        async with self._database.pool.acquire() as connection:
            await _count_scans(connection, counted, self._clock.now().date())
        return [None] * len(scans)

    async def drain(self) -> None:
        await self._scans.drain()

    async def count_opt_in(self, session: AsyncSession, business_id: UUID, link_id: UUID, opt_ins: int = 1) -> None:
        """One for each person who agreed, whatever the number of topics, in the transaction of the acts; of what is
        still to be confirmed, only once it is. Whoever counts for several links does so in order of their ids."""
        row = insert(OptInLinkCount).values(
            business_id=business_id, link_id=link_id, day=self._clock.now().date(), scans=0, opt_ins=opt_ins
        )
        await session.execute(
            row.on_conflict_do_update(
                index_elements=["business_id", "link_id", "day"],
                set_={"opt_ins": OptInLinkCount.opt_ins + row.excluded.opt_ins},
            )
        )

    async def create(self, business_id: UUID, mode: Mode, body: OptInLinkIn) -> OptInLinkOut:
        """Raises InvalidRequest."""
        business = await self._directory.required(business_id)
        _check_wordings(business, body.wordings)
        sender_id = _sender_named(business, mode, body.sender)
        async with self._database.transaction() as session:
            row = OptInLink(
                business_id=business_id,
                id=new_id(),
                mode=mode,
                code=await _unused_code(session),
                source=body.source,
                place=body.place,
                leads_to=body.leads_to,
                topics=body.topics,
                wordings=body.wordings,
                wording_version=body.wording_version,
                double_opt_in=body.double_opt_in,
                sender_id=sender_id,
                origins=body.origins,
                language=body.language or spoken(business.language),
                created_at=self._clock.now(),
            )
            session.add(row)
            await announce(session, CHANNEL, row.code)
        self._by_code.invalidate(row.code)
        return self._shown(row, business, _NOTHING)

    async def list(
        self, business_id: UUID, mode: Mode, *, source: str | None, cursor: str | None, size: int
    ) -> OptInLinkPage:
        """Raises InvalidRequest for a cursor that is none."""
        query = select(OptInLink).where(OptInLink.business_id == business_id, OptInLink.mode == mode)
        if source is not None:
            query = query.where(OptInLink.source == source)
        if cursor is not None:
            query = query.where(OptInLink.id < read_cursor(cursor))
        async with self._database.transaction() as session:
            rows = (await session.scalars(query.order_by(OptInLink.id.desc()).limit(size + 1))).all()
            shown, next_cursor = page_of(rows, size, lambda one: one.id)
            counts = await _totals(session, business_id, [row.id for row in shown])
        return OptInLinkPage(
            opt_in_links=[self._head(row, counts.get(row.id, _NOTHING)) for row in shown],
            next_cursor=next_cursor,
        )

    async def one(self, business_id: UUID, mode: Mode, link_id: UUID) -> OptInLinkOut:
        """Raises NotFound."""
        business = await self._directory.required(business_id)
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, link_id)
            counts = await _totals(session, business_id, [row.id])
        return self._shown(row, business, counts.get(row.id, _NOTHING))

    async def url_of(self, business_id: UUID, mode: Mode, link_id: UUID) -> str:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, link_id)
        return self._url(row.code)

    async def change(self, business_id: UUID, mode: Mode, link_id: UUID, change: OptInLinkChange) -> OptInLinkOut:
        """What was agreed to by it before stays as the ledger says. Raises NotFound or InvalidRequest."""
        business = await self._directory.required(business_id)
        given = change.model_dump(exclude_unset=True)
        _check_wordings(business, given.get("wordings", {}))
        if "sender" in given:
            given["sender_id"] = _sender_named(business, mode, given.pop("sender"))
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, link_id)
            for name, value in given.items():
                setattr(row, name, value)
            counts = await _totals(session, business_id, [row.id])
            await announce(session, CHANNEL, row.code)
        self._by_code.invalidate(row.code)
        return self._shown(row, business, counts.get(row.id, _NOTHING))

    async def disable(self, business_id: UUID, mode: Mode, link_id: UUID) -> None:
        """For good, and as often as it is asked. Raises NotFound."""
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, link_id)
            row.disabled_at = row.disabled_at or self._clock.now()
            await announce(session, CHANNEL, row.code)
        self._by_code.invalidate(row.code)

    async def counts(self, business_id: UUID, mode: Mode, link_id: UUID) -> OptInLinkCountsOut:
        """Raises NotFound."""
        query = select(OptInLinkCount).where(
            OptInLinkCount.business_id == business_id, OptInLinkCount.link_id == link_id
        )
        async with self._database.transaction() as session:
            await _required(session, business_id, mode, link_id)
            total = (await _totals(session, business_id, [link_id])).get(link_id, _NOTHING)
            days = await session.scalars(query.order_by(OptInLinkCount.day.desc()).limit(_MOST_DAYS))
            shown = [DayCounts(day=row.day, scans=row.scans, opt_ins=row.opt_ins) for row in days]
        return OptInLinkCountsOut(total=total, days=shown)

    def _url(self, code: str) -> str:
        return f"{self._public_url}{LINK_PATH}/{code}"

    def _head(self, row: OptInLink, counts: LinkCounts) -> OptInLinkHead:
        return OptInLinkHead.model_validate(self._told(row, counts))

    def _told(self, row: OptInLink, counts: LinkCounts) -> dict[str, object]:
        own = {"id", "sender", "url", "counts"}
        return {
            **{name: getattr(row, name) for name in OptInLinkHead.model_fields if name not in own},
            "id": public_id(LINK_PREFIX, row.id),
            "sender": public_id("snd", row.sender_id) if row.sender_id is not None else None,
            "url": self._url(row.code),
            "counts": counts,
        }

    def _shown(self, row: OptInLink, business: BusinessAccount, counts: LinkCounts) -> OptInLinkOut:
        link, url = _in_use(row), self._url(row.code)
        picture = f"{self._public_url}/v1/opt-in-links/{public_id(LINK_PREFIX, row.id)}/qr"
        invitation = Invitation(business.name, url, link.leads_to, link.topics, business.offered_topics)
        subject, text = invitation.email(link.language)
        sms = invitation.sms(link.language)
        plain = as_gsm7(sms)
        return OptInLinkOut.model_validate(
            {
                **self._told(row, counts),
                "prefilled_text": link.prefilled_text(business),
                "whatsapp_url": link.chat_url(business),
                "qr": QrOut(svg_url=f"{picture}.svg", png_url=f"{picture}.png"),
                "invitations": InvitationsOut(
                    sms=_sms_out(sms),
                    sms_gsm7=_sms_out(plain) if plain is not None else None,
                    email=EmailOut(subject=subject, text=text),
                ),
                "warnings": _warnings(row, business, link),
                "snippet": f'<script src="{self._public_url}{EMBED_PATH}/{row.code}.js" async></script>',
            }
        )


def _warnings(row: OptInLink, business: BusinessAccount, link: LinkInUse) -> list[LinkWarning]:
    """What the law or Meta may ask for and the door has not."""
    found = []
    if row.leads_to == "page" and business.privacy_url is None:
        found.append(
            LinkWarning(
                code="privacy_url_missing",
                message="The form shows no privacy notice: set `privacy_url` of the business (KVKK, article 10).",
            )
        )
    if row.leads_to == "page" and row.wording_version is None and row.wordings:
        found.append(
            LinkWarning(
                code="wording_version_missing",
                message="The ledger will keep the link's own wording without a version: give `wording_version`.",
            )
        )
    if link.chat_url(business) is None:
        found.append(LinkWarning(code="sender_missing", message="The business has no number that a chat can open."))
    return found


_NOTHING = LinkCounts(scans=0, opt_ins=0)

COUNT_SCANS = """
    INSERT INTO opt_in_link_counts AS c (business_id, link_id, day, scans)
    SELECT business_id, link_id, $4, scans
      FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS i(business_id, link_id, scans)
    ON CONFLICT (business_id, link_id, day) DO UPDATE SET scans = c.scans + EXCLUDED.scans
"""


async def _count_scans(
    connection: asyncpg.pool.PoolConnectionProxy, counted: Iterable[tuple[tuple[UUID, UUID], int]], day: date
) -> None:
    rows = list(counted)
    await connection.execute(
        COUNT_SCANS,
        [business_id for (business_id, _), _ in rows],
        [link_id for (_, link_id), _ in rows],
        [scans for _, scans in rows],
        day,
    )


def _in_use(row: OptInLink) -> LinkInUse:
    return LinkInUse(
        business_id=row.business_id,
        id=row.id,
        mode="live" if row.mode == "live" else "test",
        code=row.code,
        source=row.source,
        place=row.place,
        leads_to="page" if row.leads_to == "page" else "whatsapp",
        topics=tuple(row.topics),
        wordings=dict(row.wordings),
        wording_version=row.wording_version,
        double_opt_in=row.double_opt_in,
        sender_id=row.sender_id,
        origins=tuple(row.origins),
        language=spoken(row.language),
        disabled=row.disabled_at is not None,
    )


def _sms_out(text: str) -> SmsOut:
    length = sms_length(text)
    return SmsOut(text=text, encoding=length.encoding, length=length.length, segments=length.segments)


def _check_wordings(business: BusinessAccount, wordings: Mapping[OurLanguage, str]) -> None:
    for language, wording in wordings.items():
        missing = missing_in(wording, business.name, business.wording_check)
        if missing is not None:
            raise InvalidRequest.at(f"#/wordings/{language}", *missing)


def _sender_named(business: BusinessAccount, mode: Mode, named: str | None) -> UUID | None:
    if named is None:
        return None
    wanted = parse_id("snd", named)
    if wanted is None or business.sender(mode, wanted) is None:
        message = "the business has no such sender for this kind of key"
        raise InvalidRequest.at("#/sender", "unknown_sender", message)
    return wanted


async def _unused_code(session: AsyncSession) -> str:
    """No index can keep codes apart over all businesses. That two are drawn at once by chance is left to chance."""
    for _ in range(_TRIES):
        code = new_code()
        if await session.scalar(select(OptInLink.id).where(OptInLink.code == code).limit(1)) is None:
            return code
    raise RuntimeError("no unused code was found")


async def _required(session: AsyncSession, business_id: UUID, mode: Mode, link_id: UUID) -> OptInLink:
    row = await session.get(OptInLink, (business_id, link_id))
    if row is None or row.mode != mode:
        raise NotFound("The business has no such opt-in link for this kind of key.")
    return row


async def _totals(session: AsyncSession, business_id: UUID, link_ids: Sequence[UUID]) -> dict[UUID, LinkCounts]:
    query = (
        select(OptInLinkCount.link_id, func.sum(OptInLinkCount.scans), func.sum(OptInLinkCount.opt_ins))
        .where(OptInLinkCount.business_id == business_id, OptInLinkCount.link_id.in_(link_ids))
        .group_by(OptInLinkCount.link_id)
    )
    rows = await session.execute(query)
    return {link_id: LinkCounts(scans=scans, opt_ins=opt_ins) for link_id, scans, opt_ins in rows}
