"""A proof as a page to be read and printed, in Turkish or English, which needs nothing but itself. Pure.

It holds the signed document, too, so that the file can be checked. What is shown is made of that document alone:
whoever checks a page makes it anew and compares.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.consent.proof import as_text
from app.consent.proof_words import WORDS, Words
from app.consent.rules import META_MARKETING
from app.consent.topics import label_of
from app.core.languages import OurLanguage
from app.core.plain_pages import style_policy

_TEMPLATES = Path(__file__).parent / "page_templates"


@dataclass(frozen=True, slots=True)
class ProofPage:
    html: str
    content_security_policy: str


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says what stands in a document in a language, by the business's clock and in its own names of topics."""

    language: OurLanguage
    business: Mapping[str, Any]

    @property
    def words(self) -> Words:
        return WORDS[self.language]

    def at(self, moment: str) -> str:
        zone = ZoneInfo(self.business["time_zone"])
        return format_datetime(
            datetime.fromisoformat(moment), "d MMMM y HH:mm:ss OOOO", tzinfo=zone, locale=self.language
        )

    def topic(self, topic: str) -> str:
        if topic == META_MARKETING:
            return self.words.marketing_at_meta
        return label_of(topic, self.language, self.business["topics"])

    def state(self, state: str) -> str:
        return self.words.states.get(state, state)

    def source(self, source: str) -> str:
        return self.words.sources.get(source, source.replace("_", " "))

    def actor(self, actor: str) -> str:
        words = self.words
        named = {"customer": words.customer, "system": words.system, "import": words.importer}
        return named.get(actor, actor.removeprefix("staff:"))

    def language_name(self, code: str | None) -> str | None:
        try:
            return Locale.parse(code, sep="-").get_display_name(self.language) if code else None
        except (ValueError, UnknownLocaleError):
            return code

    def preferences(self, wanted: Mapping[str, Any]) -> Iterator[str]:
        """What `app.consent.preferences` writes, as people say it."""
        for topic, until in wanted.get("paused_until", {}).items():
            yield f"{self.topic(topic)}: {self.words.until.format(until=self.at(until))}"
        for topic, cap in wanted.get("caps", {}).items():
            yield f"{self.topic(topic)}: {self.words.cap.format(**cap)}"
        if "channel" in wanted:
            yield f"{self.words.channel}: {self.words.channels.get(wanted['channel'], wanted['channel'])}"
        if wanted.get("quiet_hours") is not None:
            yield self.words.quiet.format(**wanted["quiet_hours"])

    def details(self, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What an act says beside its topic."""
        words = self.words
        match value:
            case {"until": str(until)}:
                yield words.value, words.until.format(until=self.at(until))
            case {"most": int(most), "days": int(days)}:
                yield words.value, words.cap.format(most=most, days=days)
            case {"begins": str(begins), "ends": str(ends)}:
                yield words.value, words.quiet.format(begins=begins, ends=ends)
            case {"channel": str(channel)}:
                yield words.value, words.channels.get(channel, channel)
            case {"reason": str(reason)}:
                yield words.value, words.reasons.get(reason, reason)
            case {"import": str(name), "line": int(line)}:
                yield words.list, words.list_line.format(list=name, line=line)
                if "source" in value:
                    yield words.list_source, self.source(value["source"])
                if "actor" in value:
                    yield words.list_actor, self.actor(value["actor"])
            case {"stance": {"states": dict(states), "preferences": dict(preferences)}}:
                yield from self._joined(value, states, preferences)
            case _:
                yield words.value, as_text(dict(value))

    def _joined(
        self, value: Mapping[str, Any], states: Mapping[str, str], preferences: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """Of one who turned out to be another, or whose number is another's: who, and what holds since then."""
        words = self.words
        for member, said in (
            ("into", words.merged_into),
            ("from", words.merged_from),
            ("to", words.number_passed),
        ):
            if member in value:
                yield words.value, said.format(contact=value[member])
        held = [f"{self.topic(topic)}: {self.state(state)}" for topic, state in states.items()]
        held += self.preferences(preferences)
        yield words.held_then, "\n".join(held) or words.nothing_held


def render(signed: dict[str, Any], language: OurLanguage) -> ProofPage:
    """`signed`: of plain JSON types, as `SignedProof`."""
    proof = signed["proof"]
    speaker = _Speaker(language, proof["business"])
    style = (_TEMPLATES / "proof.css").read_text(encoding="utf-8").replace("COLOUR", proof["business"]["colour"])
    html = (
        _environment()
        .get_template("proof.html")
        .render(
            language=language,
            words=speaker.words,
            style=Markup(style),  # noqa: S704 - browsers decode nothing in it
            proof={**proof, "contacts": [_contact(one, speaker) for one in proof["contacts"]]},
            consents=[
                {
                    "topic": speaker.topic(one["topic"]),
                    "state": speaker.state(one["state"]),
                    "since": speaker.at(one["since"]),
                }
                for one in proof["consents"]
            ],
            preferences=[line for wanted in proof["preferences"].values() for line in speaker.preferences(wanted)],
            acts=[_act(one, speaker) for one in proof["acts"]],
            issued=speaker.at(proof["issued"]["at"]),
            signature=signed["signature"],
            signed=as_text(signed),
        )
    )
    return ProofPage(html, style_policy(style, "form-action 'none'"))


def is_rendered_from(page: str, signed: dict[str, Any]) -> bool:
    """Whether the page shows what this version would show of the document that it holds."""
    return any(render(signed, language).html.split() == page.split() for language in WORDS)


def _contact(contact: dict[str, Any], speaker: _Speaker) -> list[tuple[str, str]]:
    words = speaker.words
    rows = (
        (words.contact, contact["id"]),
        (words.phone, contact["phone"]),
        (words.wa_id, contact["wa_id"]),
        (words.bsuid, contact["bsuid"]),
        (words.ended, speaker.at(contact["ended_at"]) if contact["ended_at"] else None),
    )
    return [(label, value) for label, value in rows if value]


def _act(act: dict[str, Any], speaker: _Speaker) -> dict[str, Any]:
    words = speaker.words
    personal = act["evidence"]["personal"] if act["evidence"] else {}
    known_as = ", ".join(personal[kind] for kind in ("phone", "wa_id", "bsuid") if kind in personal)
    rows = (
        (words.topic, speaker.topic(act["topic"])),
        *(speaker.details(act["value"]) if act["value"] else ()),
        (words.source, speaker.source(act["source"])),
        (words.place, act["place"]),
        (words.actor, speaker.actor(act["actor"])),
        (words.wording, act["wording"]),
        (words.version, act["wording_version"]),
        (words.language, speaker.language_name(act["language"])),
        (words.known_as, known_as or None if act["evidence"] else words.erased_evidence),
        (words.address, personal.get("address")),
        (words.recorded, speaker.at(act["recorded_at"])),
    )
    line = f"{words.line} {act['number']} · {act['id']}" + (f" · {act['mac']}" if act["mac"] else "")
    return {
        "title": words.kinds.get(act["act"], act["act"]),
        "at": speaker.at(act["occurred_at"]),
        "rows": [(label, row) for label, row in rows if row],
        "mac": line,
    }
