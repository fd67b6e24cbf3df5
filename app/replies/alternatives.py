"""What a customer may be told whose window is closed: by which event types, whose templates Meta takes at any time."""

from collections.abc import Mapping
from typing import Any

from app.accounts.directory import BusinessAccount, Caller, SenderAccount
from app.events.event_type import EventType
from app.events.service import EventTypes
from app.messages.choosing import Choice, chain_of, choose_language
from app.messages.decision import consent_for
from app.messages.free_schemas import TemplateAlternative
from app.templates.book import BookedTemplate, TemplateBook
from app.templates.chains import Chains

MOST = 10

CONTINUE = "continue-on-whatsapp"
"""Made for it: where the customer asked for an answer here."""


class Alternatives:
    def __init__(self, event_types: EventTypes, book: TemplateBook, chains: Chains) -> None:
        self._event_types = event_types
        self._book = book
        self._chains = chains

    async def of(
        self,
        caller: Caller,
        business: BusinessAccount,
        sender: SenderAccount,
        *,
        consents: Mapping[str, str],
        language: str | None,
        answered: str | None,
    ) -> list[TemplateAlternative]:
        """`answered`: the event type of the message that the customer answered, which comes first."""
        book = await self._book.account(business.business_id, sender.waba_id)
        chains = await self._chains.of(business.business_id, caller.mode)
        spoken = choose_language(None, language, None, business.language).language
        types = [one for one in await self._event_types.open(business.business_id) if one.consent == "topic"]
        nearest = (answered, CONTINUE)
        found = []
        for event_type in sorted(types, key=lambda one: _place(one, nearest)):
            choice = Choice.of(book, chain_of(chains, event_type), business, event_type, spoken)
            template = next(choice.usable(_permitted(event_type, consents)), None)
            if template is not None:
                found.append(
                    TemplateAlternative(
                        event_type=event_type.name,
                        title=event_type.title,
                        template=template.name,
                        language=template.language,
                        topic=event_type.topic,
                    )
                )
        return found[:MOST]


def _place(event_type: EventType[Any], nearest: tuple[str | None, ...]) -> tuple[int, str]:
    name = event_type.name
    return (nearest.index(name) if name in nearest else len(nearest), name)


def _permitted(event_type: EventType[Any], consents: Mapping[str, str]) -> Any:
    def permitted(template: BookedTemplate) -> bool:
        return consent_for(event_type, template.category, consents).permitted

    return permitted
