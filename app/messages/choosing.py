"""Which language and which template an event is told by: the customer's language first, and the variants of the event
type in their order. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.accounts.directory import BusinessAccount
from app.accounts.models import OnCategoryNotice
from app.events.event_type import EventType
from app.templates.book import BookedTemplate
from app.templates.chains import Chain
from app.templates.states import Usability, is_noticed, obstacle

Book = Mapping[tuple[str, str], BookedTemplate]

Permitted = Callable[[BookedTemplate], bool]
"""Whether the customer agreed to what Meta makes of the template."""


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    language: str
    source: str
    """`contact`, `request` or `business`: who said so."""


def choose_language(contact: str | None, known: str | None, request: str | None, business: str) -> LanguageChoice:
    """What the customer prefers comes before what the sender of the request assumes."""
    if contact or known:
        return LanguageChoice((contact or known or "").replace("-", "_"), "contact")
    if request:
        return LanguageChoice(request.replace("-", "_"), "request")
    return LanguageChoice(business, "business")


def languages_for(language: str, fallbacks: Sequence[str]) -> list[str]:
    """Those in which a customer of this language may be told, best first: the language, its base (en_GB → en), and the
    business's fallback languages."""
    return list(dict.fromkeys((language, language.split("_", maxsplit=1)[0], *fallbacks)))


def chain_of(chains: Mapping[str, Chain], event_type: EventType[Any]) -> Chain:
    """Where none was set, the event type's own template alone."""
    return chains.get(event_type.name) or (event_type.template_name,)


def _anybody(_: BookedTemplate) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Choice:
    """What a message of an event type may be told by, in the order of preference: each variant in the best language
    before any in the next."""

    book: Book
    chain: Chain
    languages: Sequence[str]
    expected: str
    """Category of the event type."""
    on_notice: OnCategoryNotice

    @classmethod
    def of(
        cls, book: Book, chain: Chain, business: BusinessAccount, event_type: EventType[Any], language: str
    ) -> "Choice":
        """For a customer of this language."""
        languages = languages_for(language, business.fallback_languages)
        return cls(book, chain, languages, event_type.expected_category, business.on_category_notice)

    def obstacle(self, template: BookedTemplate) -> str | None:
        """Why it must not be used just now."""
        return obstacle(
            template.status,
            template.category,
            self.expected,
            correct=template.correct_category,
            accepted=template.accepted_category,
            on_notice=self.on_notice,
        )

    def first(self, permitted: Permitted = _anybody) -> BookedTemplate | None:
        """For a new message. One that Meta may take again comes before another language: the message can wait for it.
        Where nothing of all can be used, the first there is, to say why not."""
        for language in self.languages:
            here = self._in(language)
            if usable := self._usable(here, permitted):
                return usable[0]
            waiting = [one for one in here if one.usability is not Usability.UNUSABLE]
            if waiting:
                return waiting[0]
        return next((one for language in self.languages for one in self._in(language)), None)

    def usable(self, permitted: Permitted = _anybody) -> Iterator[BookedTemplate]:
        """Whatever a message may leave by just now."""
        for language in self.languages:
            yield from self._usable(self._in(language), permitted)

    def rather_than(self, template: BookedTemplate, permitted: Permitted = _anybody) -> list[BookedTemplate]:
        """Variants in the same language that are to be preferred, though this one may be used: Meta has said that it
        will make something else of it, and the business wants to switch."""
        if self.on_notice != "switch" or not self._is_noticed(template):
            return []
        return [one for one in self._usable(self._in(template.language), permitted) if not self._is_noticed(one)]

    def _in(self, language: str) -> list[BookedTemplate]:
        return [one for name in self.chain if (one := self.book.get((name, language))) is not None]

    def _usable(self, templates: Sequence[BookedTemplate], permitted: Permitted) -> list[BookedTemplate]:
        found = [one for one in templates if self.obstacle(one) is None and permitted(one)]
        return sorted(found, key=self._is_noticed) if len(found) > 1 and self.on_notice == "switch" else found

    def _is_noticed(self, template: BookedTemplate) -> bool:
        if template.correct_category is None:
            return False
        return is_noticed(template.category, template.correct_category, self.expected, template.accepted_category)
