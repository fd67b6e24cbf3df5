"""Tables of contacts, the consent ledger, what holds by it, and the links that lead to an opt-in."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.consent.fold import Act
from app.consent.rules import ConsentState
from app.core.database import Base

Moment = TIMESTAMP(timezone=True)

_ACTS = ", ".join(f"'{act.value}'" for act in Act)
_STATES = ", ".join(f"'{state.value}'" for state in ConsentState)


class Contact(Base):
    """A customer of a business; known by phone or by BSUID, at least one of them, until it is ended."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("phone is not null or bsuid is not null or ended_at is not null", name="identified"),
        CheckConstraint("ended_by in ('erasure', 'merge', 'number_change')", name="ended_by"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended"),
        Index(None, "business_id", "mode", "phone", unique=True),
        Index(None, "business_id", "mode", "bsuid", unique=True),
        Index(None, "business_id", "mode", "wa_id", unique=True, postgresql_where=text("wa_id IS NOT NULL")),
        Index(
            None, "business_id", "mode", "parent_bsuid", unique=True, postgresql_where=text("parent_bsuid IS NOT NULL")
        ),
        Index(
            "ix_contacts_successor", "business_id", "successor_id", postgresql_where=text("successor_id IS NOT NULL")
        ),
        Index(
            "ix_contacts_unswept",
            "business_id",
            "ended_at",
            postgresql_where=text("ended_by = 'erasure' AND swept_at IS NULL"),
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    """E.164."""
    bsuid: Mapped[str | None] = mapped_column(Text)
    """Meta's business-scoped user id, for customers who hide their number."""
    wa_id: Mapped[str | None] = mapped_column(Text)
    """The digits by which Meta knows the phone; they may differ from it."""
    parent_bsuid: Mapped[str | None] = mapped_column(Text)
    """Meta's id of the same user for all portfolios of a business that are linked with each other."""
    identified_at: Mapped[datetime | None] = mapped_column(Moment)
    """When Meta last said something new of these names: what it said before that changes nothing any more."""
    name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    time_zone: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since then nobody is meant by it any more; its acts and messages keep pointing here."""
    ended_by: Mapped[str | None] = mapped_column(Text)
    """`erasure`; `merge`, it was the same person as `successor_id`; `number_change`, its number is another's now."""
    successor_id: Mapped[UUID | None]
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was last asked whether it wants no more messages."""
    swept_at: Mapped[datetime | None] = mapped_column(Moment)
    """Of an erased one: when it was certain that nothing that was under way then has come after it."""
    sealed_names: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Until then, by which names what comes after an erasure is recognised: encrypted, and found by no look-up."""


class ConsentAct(Base):
    """One line of the ledger. The database refuses to change or delete it."""

    __tablename__ = "consent_acts"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),
        CheckConstraint(f"act in ({_ACTS})", name="act"),
        CheckConstraint("(number is null) = (mac is null)", name="chained"),
        Index(None, "business_id", "contact_id", "id"),
        Index(
            "ix_consent_acts_number",
            "business_id",
            "number",
            unique=True,
            postgresql_where=text("number IS NOT NULL"),
        ),
        Index("ix_consent_acts_subject", "business_id", "subject", postgresql_where=text("subject IS NOT NULL")),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID]
    number: Mapped[int | None] = mapped_column(BigInteger)
    """Place in the business's chain, from 1; null for acts from before there was a chain."""
    act: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    """`*` for all topics."""
    value: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Of acts that say more than their topic: until when, how often, by which channel."""
    source: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    link_id: Mapped[UUID | None]
    """The opt-in link that it came by."""
    actor: Mapped[str] = mapped_column(Text)
    wording: Mapped[str | None] = mapped_column(Text)
    """Exactly what the customer was shown."""
    wording_version: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of the phone or BSUID: finds the acts of a person who tells it, also after the contact's erasure."""
    evidence_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Salted hash of what is personal about the act, which stands in `consent_evidence` until it is erased."""
    mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of the line and of the `mac` before it."""
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class ConsentEvidence(Base):
    """What is personal about an act, kept beside the ledger, so that it can be erased and the chain still holds."""

    __tablename__ = "consent_evidence"
    __table_args__ = (ForeignKeyConstraint(["business_id", "act_id"], ["consent_acts.business_id", "consent_acts.id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    act_id: Mapped[UUID] = mapped_column(primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    personal: Mapped[dict[str, str]] = mapped_column(JSONB)
    """`phone`, `bsuid`, `wa_id` and `parent_bsuid` of the contact at that time, the IP `address` of the act, and its
    `proof`, the `wamid` that Meta said it with: those that are known."""


class ConsentSubject(Base):
    """Keyed hash of a further identifier that the contact had when a line was written: the line itself has the first's.
    No part of the chain, and no evidence: it only finds, also after an erasure."""

    __tablename__ = "consent_subjects"
    __table_args__ = (ForeignKeyConstraint(["business_id", "act_id"], ["consent_acts.business_id", "consent_acts.id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    act_id: Mapped[UUID] = mapped_column(primary_key=True)


class ConsentLedger(Base):
    """The end of a business's chain: without it, dropping the last lines would go unseen."""

    __tablename__ = "consent_ledgers"
    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    length: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    """`mac` of the last line."""


class Consent(Base):
    """What holds now for a contact, a channel and a topic: the fold of the ledger, kept for the hot path."""

    __tablename__ = "consents"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),
        CheckConstraint(f"state in ({_STATES})", name="state"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    act_id: Mapped[UUID]
    since: Mapped[datetime] = mapped_column(Moment)


class ContactPreferences(Base):
    """What a contact wants of its messages, where it said anything: the other part of the fold."""

    __tablename__ = "contact_preferences"
    __table_args__ = (ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """As `app.consent.preferences` writes it; never empty."""
    act_id: Mapped[UUID]
    since: Mapped[datetime] = mapped_column(Moment)


class OptInLink(Base):
    """A door through which customers come: a link, its QR code, its form, its place in the world."""

    __tablename__ = "opt_in_links"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("leads_to in ('whatsapp', 'page')", name="leads_to"),
        Index("ix_opt_in_links_code", "code"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    """What stands in its address, and in the text that a customer sends: random, so that none is guessed."""
    source: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    """Which till, which leaflet, which page."""
    leads_to: Mapped[str] = mapped_column(Text)
    """`whatsapp`: a chat with a text ready to be sent; `page`: the form."""
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Those that the customer agrees to, or chooses among on the page."""
    wordings: Mapped[dict[str, str]] = mapped_column(JSONB)
    """By language, what the customer is shown and agrees to; our own where a language is missing."""
    wording_version: Mapped[str | None] = mapped_column(Text)
    double_opt_in: Mapped[bool]
    sender_id: Mapped[UUID | None]
    """The number that the chat is opened with; the business's first where nothing is said."""
    origins: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Websites (`https://shop.example`) on which the snippet may stand."""
    language: Mapped[str] = mapped_column(Text, server_default="tr")
    """`tr` or `en`: of the text that a customer sends, and of the invitations."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)


class OptInLinkCount(Base):
    """What came of a link on a day (UTC)."""

    __tablename__ = "opt_in_link_counts"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "link_id"], ["opt_in_links.business_id", "opt_in_links.id"]),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    scans: Mapped[int] = mapped_column(Integer, server_default="0")
    opt_ins: Mapped[int] = mapped_column(Integer, server_default="0")


class TestList(Base):
    """A few contacts on whom an event type is tried first."""

    __tablename__ = "test_lists"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class TestListMember(Base):
    __tablename__ = "test_list_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "mode", "name"],
            ["test_lists.business_id", "test_lists.mode", "test_lists.name"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
