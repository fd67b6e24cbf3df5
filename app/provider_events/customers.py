"""What Meta says of customers: by which names it knows them, that they have others now, that they stopped marketing."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, SenderAccount
from app.consent import repository
from app.consent.fold import Act
from app.consent.identity import Identities, NumberChange
from app.consent.models import Contact
from app.consent.persons import Told, told
from app.core.ids import parse_id
from app.messages import repository as messages
from app.messages.schemas import MESSAGE_PREFIX
from app.replies.whose import was_erased_since
from app.whatsapp.errors import MARKETING_STOPPED
from app.whatsapp.webhook_items import InboundItem, PreferenceItem, StatusItem

STOPPED = {"stop": Act.MARKETING_STOP, "resume": Act.MARKETING_RESUME}


def named_in(sender: SenderAccount, item: StatusItem | InboundItem | PreferenceItem, now: datetime) -> Told:
    match item:
        case StatusItem():
            names = item.recipient_id, item.recipient_user_id, item.recipient_parent_user_id
        case InboundItem():
            names = item.from_wa_id, item.from_user_id, item.from_parent_user_id
        case PreferenceItem():
            names = item.wa_id, item.user_id, item.parent_user_id
    proof = "" if isinstance(item, PreferenceItem) else item.wamid
    wa_id, bsuid, parent = names
    at = min(item.at, now)
    return told(sender.business_id, sender.mode, at, proof, wa_id=wa_id, bsuid=bsuid, parent_bsuid=parent)


def change_in(sender: SenderAccount, item: InboundItem, now: datetime) -> NumberChange | None:
    renamed = item.renamed
    if renamed is None:
        return None
    who = sender.business_id, sender.mode, min(item.at, now), item.wamid
    before = told(
        *who,
        wa_id=item.from_wa_id,
        bsuid=renamed.previous_user_id or item.from_user_id,
        parent_bsuid=renamed.previous_parent_user_id or item.from_parent_user_id,
    )
    after = told(
        *who,
        wa_id=renamed.wa_id or renamed.new_wa_id,
        bsuid=renamed.user_id,
        parent_bsuid=renamed.parent_user_id,
    )
    return NumberChange(before, after)


def stopped_in(items: Iterable[StatusItem]) -> list[StatusItem]:
    """Messages that failed since their customers stopped marketing at Meta."""
    return [
        item for item in items if item.status == "failed" and any(one.code == MARKETING_STOPPED for one in item.errors)
    ]


async def record_preference(
    session: AsyncSession,
    identities: Identities,
    business: BusinessAccount,
    sender: SenderAccount,
    item: PreferenceItem,
    now: datetime,
) -> bool:
    """False where nobody is named. A stop by a stranger makes a contact, so that it holds for whatever comes later;
    that nothing stands against marketing needs none, nor does what somebody said before they were erased."""
    said = named_in(sender, item, now)
    if not (said.phones or said.user_ids):
        return False
    act = STOPPED[item.value]
    if not repository.persons_of(said, await repository.known_as(session, said)) and (
        act is Act.MARKETING_RESUME or await was_erased_since(session, business, said)
    ):
        return True
    contact = await repository.contact_of_customer(
        session, sender.business_id, sender.mode, item.wa_id, item.user_id, item.parent_user_id
    )
    if contact is not None:
        await identities.marketing(session, business, contact, act, min(item.at, now), None, now)
    return contact is not None


async def record_stop(
    session: AsyncSession,
    identities: Identities,
    business: BusinessAccount,
    sender: SenderAccount,
    item: StatusItem,
    now: datetime,
) -> None:
    """By the message that failed; without it by the names that Meta gives."""
    contact = await _contact_of(session, sender, item, now)
    if contact is not None:
        at = min(item.at, now)
        await identities.marketing(session, business, contact, Act.MARKETING_STOP, at, item.wamid, now)


async def _contact_of(session: AsyncSession, sender: SenderAccount, item: StatusItem, now: datetime) -> Contact | None:
    business_id = sender.business_id
    message_id = parse_id(MESSAGE_PREFIX, item.callback_data) if item.callback_data else None
    message_id = message_id or await messages.message_by_wamid(session, business_id, item.wamid)
    found = await messages.contact_of(session, business_id, message_id) if message_id is not None else None
    if found is not None:
        return await repository.current_contact(session, business_id, *found)
    said = named_in(sender, item, now)
    known = repository.persons_of(said, await repository.known_as(session, said))
    return await repository.lock_contact(session, known[0]) if known else None
