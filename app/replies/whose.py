"""Who wrote a reply, by what Meta says of them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, SenderAccount
from app.consent import holdings, repository
from app.consent.chain import pseudonym
from app.consent.ledger import ledger_keys
from app.consent.models import Contact
from app.consent.persons import Told, told
from app.whatsapp.webhook_items import InboundItem

_MAKE_NOBODY = frozenset({"system", "edit", "revoke"})
"""What is no message of its own: whoever it is about has written before, or is none of ours."""


async def contact_of(
    session: AsyncSession, business: BusinessAccount, sender: SenderAccount, item: InboundItem, now: datetime
) -> Contact | None:
    """Held until the end of the transaction, and made where it is somebody new. Nobody where Meta names nobody, or
    where it is somebody who was erased since they wrote."""
    said = said_of(sender, item, now)
    if not (said.phones or said.user_ids):
        return None
    known = await repository.held_customer(session, said, made=False)
    if known is not None or item.type in _MAKE_NOBODY or await was_erased_since(session, business, said):
        return known
    return await repository.held_customer(session, said, made=True)


def said_of(sender: SenderAccount, item: InboundItem, now: datetime) -> Told:
    """The names that the customer had when they wrote it: of a change of number those before it."""
    bsuid, parent = item.from_user_id, item.from_parent_user_id
    if item.renamed is not None:
        bsuid = item.renamed.previous_user_id or bsuid
        parent = item.renamed.previous_parent_user_id or parent
    at = min(item.at, now)
    return told(
        sender.business_id, sender.mode, at, item.wamid, wa_id=item.from_wa_id, bsuid=bsuid, parent_bsuid=parent
    )


def names_of(item: InboundItem) -> set[str]:
    """All by which it calls its customer, before a change of number and after it."""
    names = {item.from_wa_id, item.from_user_id, item.from_parent_user_id}
    if (renamed := item.renamed) is not None:
        names |= {renamed.wa_id, renamed.new_wa_id, renamed.user_id, renamed.parent_user_id}
        names |= {renamed.previous_user_id, renamed.previous_parent_user_id}
    return {one for one in names if one is not None}


async def was_erased_since(session: AsyncSession, business: BusinessAccount, said: Told) -> bool:
    """Whether somebody of these names was erased after it was said."""
    keys = ledger_keys(business)
    subjects = [pseudonym(keys, one) for one in (*said.phones, *said.user_ids)]
    return await holdings.was_erased_since(session, business.business_id, said.mode, subjects, said.at)
