"""Who is who, by what Meta says: whether two contacts are one person, and what is new about one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.consent.wa_ids import is_wa_id, phones_of


@dataclass(frozen=True, slots=True)
class Names:
    phone: str | None
    wa_id: str | None
    bsuid: str | None
    parent_bsuid: str | None

    def over(self, before: "Names") -> "Names":
        """With what was known before of what these do not say."""
        return Names(
            self.phone or before.phone,
            self.wa_id or before.wa_id,
            self.bsuid or before.bsuid,
            self.parent_bsuid or before.parent_bsuid,
        )


class Known(Protocol):
    """A contact as far as it is named."""

    @property
    def id(self) -> UUID: ...

    @property
    def phone(self) -> str | None: ...

    @property
    def wa_id(self) -> str | None: ...

    @property
    def bsuid(self) -> str | None: ...

    @property
    def parent_bsuid(self) -> str | None: ...

    @property
    def identified_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class NamedContact:
    """Who a contact is, and nothing else of it."""

    id: UUID
    phone: str | None
    wa_id: str | None
    bsuid: str | None
    parent_bsuid: str | None
    identified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """By which names Meta calls one customer in one breath: a webhook, or the answer to a send."""

    business_id: UUID
    mode: str
    at: datetime
    proof: str
    """`wamid` of what said it."""
    phone: str | None = None
    """Which was written to, where the names are Meta's answer."""
    wa_id: str | None = None
    bsuid: str | None = None
    parent_bsuid: str | None = None

    @property
    def phones(self) -> tuple[str, ...]:
        written = (self.phone,) if self.phone is not None else ()
        return tuple(dict.fromkeys((*written, *(phones_of(self.wa_id) if self.wa_id is not None else ()))))

    @property
    def user_ids(self) -> tuple[str, ...]:
        return tuple(one for one in (self.bsuid, self.parent_bsuid) if one is not None)

    @property
    def says_more_than_a_phone(self) -> bool:
        """Otherwise whoever it is can be found by the phone, and there is nothing to learn."""
        return bool(self.user_ids) or len(self.phones) > 1

    def is_number_of(self, contact: Known) -> bool:
        named = contact.wa_id is not None and contact.wa_id == self.wa_id
        return named or (contact.phone is not None and contact.phone in self.phones)

    def is_user_id_of(self, contact: Known) -> bool:
        """A contact may have been named by the parent's, before its own was told."""
        own = contact.bsuid is not None and contact.bsuid in self.user_ids
        return own or (contact.parent_bsuid is not None and contact.parent_bsuid == self.parent_bsuid)

    def is_number_of_another(self, contact: Known) -> bool:
        """The contact has the number, but the user id of somebody else: a number is given to another person one day, a
        user id never. All numbers of a business are taken to be of one portfolio, as Meta's limits are; where two are
        linked, the parent's id tells that it is the same person all the same."""
        if not self.is_number_of(contact) or self.is_user_id_of(contact):
            return False
        theirs, mine = _by_kind(contact.bsuid, contact.parent_bsuid), _by_kind(self.bsuid, self.parent_bsuid)
        return any(
            one is not None and other is not None and one != other for one, other in zip(theirs, mine, strict=True)
        )

    def nearness(self, contact: Known) -> tuple[int, UUID]:
        """How surely the number is the contact's, the surest first; the older one where that is the same."""
        if contact.wa_id is not None and contact.wa_id == self.wa_id:
            return 0, contact.id
        place = self.phones.index(contact.phone) if contact.phone in self.phones else len(self.phones)
        return 1 + place, contact.id


def told(
    business_id: UUID,
    mode: str,
    at: datetime,
    proof: str,
    *,
    phone: str | None = None,
    wa_id: str | None = None,
    bsuid: str | None = None,
    parent_bsuid: str | None = None,
) -> Told:
    """What names nobody (a group's id, an empty text) is left out."""
    number = wa_id if is_wa_id(wa_id) else None
    return Told(business_id, mode, at, proof, phone, number, bsuid or None, parent_bsuid or None)


@dataclass(frozen=True, slots=True)
class Finding:
    """What follows from what Meta said."""

    contact_id: UUID | None
    """Who it is, or remains; nothing where whoever was known by the number is another, so that it is somebody new."""
    names: Names
    """By which it is known from now on."""
    same: tuple[UUID, ...] = ()
    """Contacts that turned out to be the same person."""
    bereft: tuple[UUID, ...] = ()
    """Contacts with a number of their own, whose user id Meta now gives to another number. Nothing says that whoever
    had the one has the other: the id alone moves."""
    former: tuple[UUID, ...] = ()
    """Contacts who had the number before the one who has it now."""

    @property
    def is_simple(self) -> bool:
        return not self.same and not self.bereft and not self.former


def is_stale(said: Told, known: Sequence[Known]) -> bool:
    """Whether something newer was said of one of them already: then this changes nothing."""
    return any(one.identified_at is not None and one.identified_at > said.at for one in known)


def find(said: Told, known: Sequence[Known]) -> Finding | None:
    """Nothing where nobody is known by these names, nothing is new in them, or something newer was said already."""
    if is_stale(said, known):
        return None
    former = [one for one in known if said.is_number_of_another(one)]
    by_number: list[Known] = sorted(
        (one for one in known if said.is_number_of(one) and one not in former), key=said.nearness
    )
    by_id = sorted((one for one in known if said.is_user_id_of(one) and one not in by_number), key=_numbered_first)
    if not by_number and not by_id and not former:
        return None
    candidates = by_number or [one for one in by_id if one.phone is None or not former]
    kept = candidates[0] if candidates else None
    others = [one for one in (*by_number, *by_id) if one is not kept]
    bereft = tuple(one.id for one in others if one not in by_number and one.phone is not None)
    same = tuple(one.id for one in others if one.id not in bereft)
    if kept is None:
        names = Names(next(iter(said.phones), None), said.wa_id, said.bsuid, said.parent_bsuid)
        return Finding(None, names, same, bereft, tuple(one.id for one in former))
    names = _names_of(said, kept, is_number_known=bool(by_number))
    finding = Finding(kept.id, names, same, bereft, tuple(one.id for one in former))
    return finding if not finding.is_simple or _says_more(kept, names) else None


def _by_kind(bsuid: str | None, parent_bsuid: str | None) -> tuple[str | None, str | None]:
    """A contact's own user id and its parent's, by which alone it may have been named."""
    if bsuid is not None and ".ENT." in bsuid:
        return None, parent_bsuid or bsuid
    return bsuid, parent_bsuid


def _numbered_first(contact: Known) -> tuple[bool, UUID]:
    return contact.phone is None, contact.id


def _names_of(said: Told, contact: Known, *, is_number_known: bool) -> Names:
    """A number that is another than the contact's is not taken over: who changes the number is told of apart."""
    learns_number = said.wa_id is not None and (is_number_known or contact.phone is None)
    phone = contact.phone or (said.phones[0] if said.phones else None)
    return Names(
        phone,
        said.wa_id if learns_number else contact.wa_id,
        said.bsuid or contact.bsuid,
        said.parent_bsuid or contact.parent_bsuid,
    )


def _says_more(contact: Known, names: Names) -> bool:
    """A `wa_id` that is just the phone's digits is not worth a write of its own."""
    digits = contact.phone.removeprefix("+") if contact.phone is not None else None
    return (contact.phone, contact.wa_id or digits, contact.bsuid, contact.parent_bsuid) != (
        names.phone,
        names.wa_id or digits,
        names.bsuid,
        names.parent_bsuid,
    )
