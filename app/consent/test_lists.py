"""Test lists: a few contacts, by name, on whom something is tried before the others get it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError

from app.consent import repository as contacts
from app.consent.models import Contact, TestList, TestListMember
from app.consent.repository import ContactKey
from app.consent.test_list_schemas import TestListContactOut, TestListHead, TestListOut
from app.core.cache import LoadingCache, dropping
from app.core.database import Database, Notifications, announce
from app.core.ids import public_id
from app.core.problems import Conflict, NotFound

CHANNEL = contacts.TEST_LISTS_CHANNEL


class TestListInUse(Conflict):
    code, title = "test_list_in_use", "An event type is limited to the list"


@dataclass(frozen=True, slots=True)
class Limit:
    """Those to whom something is limited."""

    test_list: str
    members: frozenset[UUID]


_ADD_LIST = "INSERT INTO test_lists (business_id, mode, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

_LOCK_LIST = "SELECT FROM test_lists WHERE business_id = $1 AND mode = $2 AND name = $3 FOR UPDATE"

_REMOVE_OTHERS = """
    DELETE FROM test_list_members
     WHERE business_id = $1 AND mode = $2 AND name = $3 AND contact_id <> ALL($4::uuid[])
"""

_ADD_MEMBERS = """
    INSERT INTO test_list_members (business_id, mode, name, contact_id)
    SELECT $1, $2, $3, contact_id FROM unnest($4::uuid[]) AS i(contact_id)
    ON CONFLICT DO NOTHING
"""

_ANNOUNCE = "SELECT pg_notify($1, $2)"


class _OfBusiness:
    """The names of a business's lists, by mode, and the members of those that were asked for."""

    def __init__(self, business_id: UUID, names: frozenset[tuple[str, str]], database: Database) -> None:
        self._business_id = business_id
        self._names = names
        self._database = database
        self._members: LoadingCache[tuple[str, str], frozenset[UUID]] = LoadingCache(self._load)

    async def members(self, mode: str, name: str) -> frozenset[UUID] | None:
        """Of a name that no list has, nothing is looked up and nothing kept."""
        key = (mode, name)
        if key not in self._names:
            return None
        found = self._members.peek(key)
        return found if found is not None else await self._members.get(key)

    async def _load(self, key: tuple[str, str]) -> frozenset[UUID]:
        query = select(TestListMember.contact_id).where(*_is(TestListMember, self._business_id, *key))
        async with self._database.transaction() as session:
            return frozenset(await session.scalars(query))


class TestLists:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._businesses: LoadingCache[UUID, _OfBusiness] = LoadingCache(self._load)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, dropping(self._businesses))

    async def named(self, business_id: UUID, mode: str, name: str) -> Limit | None:
        """The list as a limit, from this process's memory; nothing where there is none of this name."""
        lists = self._businesses.peek(business_id)
        if lists is None:
            lists = await self._businesses.get(business_id)
        members = await lists.members(mode, name)
        return Limit(name, members) if members is not None else None

    async def _load(self, business_id: UUID) -> _OfBusiness:
        query = select(TestList.mode, TestList.name).where(TestList.business_id == business_id)
        async with self._database.transaction() as session:
            names = frozenset((mode, name) for mode, name in await session.execute(query))
        return _OfBusiness(business_id, names, self._database)

    async def put(self, business_id: UUID, mode: str, name: str, keys: Sequence[ContactKey]) -> TestListOut:
        """Makes these the contacts of the list. Whoever is not known yet is added, without any consent."""
        wanted = list(dict.fromkeys(keys))
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(_ADD_LIST, business_id, mode, name)
            await connection.execute(_LOCK_LIST, business_id, mode, name)
            if wanted:
                await contacts.add_contacts(connection, dict.fromkeys(wanted, (None, None, None)))
            known = await contacts.find_contacts(connection, wanted) if wanted else {}
            ids = sorted({one.id for one in known.values()})
            await connection.execute(_REMOVE_OTHERS, business_id, mode, name, ids)
            await connection.execute(_ADD_MEMBERS, business_id, mode, name, ids)
            await connection.execute(_ANNOUNCE, CHANNEL, str(business_id))
        self._businesses.invalidate(business_id)
        return await self.one(business_id, mode, name)

    async def all(self, business_id: UUID, mode: str) -> list[TestListHead]:
        """By name."""
        counted = (
            select(func.count())
            .select_from(TestListMember)
            .where(
                TestListMember.business_id == TestList.business_id,
                TestListMember.mode == TestList.mode,
                TestListMember.name == TestList.name,
            )
            .scalar_subquery()
        )
        query = select(TestList, counted).where(TestList.business_id == business_id, TestList.mode == mode)
        async with self._database.transaction() as session:
            rows = (await session.execute(query.order_by(TestList.name))).all()
        return [TestListHead(name=row.name, size=size, created_at=row.created_at) for row, size in rows]

    async def one(self, business_id: UUID, mode: str, name: str) -> TestListOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            found = await session.get(TestList, (business_id, mode, name))
            if found is None:
                raise _unknown()
            query = (
                select(Contact)
                .join(
                    TestListMember,
                    (TestListMember.business_id == Contact.business_id) & (TestListMember.contact_id == Contact.id),
                )
                .where(*_is(TestListMember, business_id, mode, name))
            )
            members = (await session.scalars(query.order_by(Contact.id))).all()
        return TestListOut(
            name=found.name,
            size=len(members),
            created_at=found.created_at,
            contacts=[
                TestListContactOut(id=public_id("con", one.id), phone=one.phone, bsuid=one.bsuid) for one in members
            ],
        )

    async def delete(self, business_id: UUID, mode: str, name: str) -> None:
        """Its contacts stay contacts. Raises NotFound or TestListInUse."""
        try:
            async with self._database.transaction() as session:
                gone = await session.execute(
                    delete(TestList).where(*_is(TestList, business_id, mode, name)).returning(TestList.name)
                )
                if gone.first() is None:
                    raise _unknown()
                await announce(session, CHANNEL, business_id)
        except IntegrityError as error:
            raise TestListInUse("Lift the limits of the event types that only this list gets.") from error
        self._businesses.invalidate(business_id)


def _is(
    table: type[TestList | TestListMember], business_id: UUID, mode: str, name: str
) -> tuple[ColumnElement[bool], ...]:
    return table.business_id == business_id, table.mode == mode, table.name == name


def _unknown() -> NotFound:
    return NotFound("The business has no test list of this name for this kind of key.")
