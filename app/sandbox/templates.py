"""Templates over their life: creation, review, edit, deletion."""

import re

from app.sandbox import checks, magic, template_rules, updates
from app.sandbox.clock import Job
from app.sandbox.errors import invalid, template_refused
from app.sandbox.languages import CODES
from app.sandbox.outbox import Outbox
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json, Template, Waba
from app.sandbox.template_rules import Rules
from app.sandbox.variables import adjacent
from app.sandbox.world import World, new_id

LIMIT_REACHED, BEING_DELETED, DUPLICATE, NOT_EDITABLE = 2388019, 2388023, 2388024, 2388039
STATUSES = (
    "APPROVED",
    "PENDING",
    "REJECTED",
    "PAUSED",
    "DISABLED",
    "IN_APPEAL",
    "PENDING_DELETION",
    "DELETED",
    "LIMIT_EXCEEDED",
    "ARCHIVED",
)
_DAY = 86_400.0
_EDITS_PER_DAY, _EDITS_PER_MONTH, _MONTH = 1, 10, 30 * _DAY
_CREATE_KEYS = {
    "name",
    "language",
    "category",
    "components",
    "parameter_format",
    "allow_category_change",
    "message_send_ttl_seconds",
    "cta_url_link_tracking_opted_out",
    "sub_category",
    "display_format",
    "is_primary_device_delivery_only",
    "bid_spec",
    "degrees_of_freedom_spec",
}
_EDIT_KEYS = _CREATE_KEYS - {"name", "language"}

# Wording that flips utility to marketing, from Meta's own list of examples, in English and Turkish.
_PROMOTION = re.compile(
    r"\d+\s?%\s?(?:off|indirim)|%\s?\d+|% off|discount|coupon|voucher|\bgift\b|upgrade now|renew today|pre-approved|"
    r"we miss you|finish your application|special offer|indirim|kampanya|fırsat|hediye|sizi özledik|kupon",
    re.IGNORECASE,
)
_ONE_TIME_CODE = re.compile(
    r"one[- ]time (?:code|password|pin)|verification code|\botp\b|doğrulama kodu|tek kullanımlık", re.IGNORECASE
)


def text_of(components: list[Json]) -> str:
    return "\n".join(str(component["text"]) for component in components if component.get("text"))


def _part(template: Template, kind: str) -> str:
    return next((str(c.get("text", "")) for c in template.components if c["type"] == kind), "")


def judged_category(submitted: str, components: list[Json]) -> str:
    """Since April 2025 Meta decides: what reads as promotion is approved as marketing."""
    text = text_of(components)
    # Case folding without a locale leaves the Turkish capital with its dot alone.
    folded = text.replace("İ", "i")
    if submitted == "UTILITY" and (magic.MARKETING_WORD in text or _PROMOTION.search(folded)):
        return "MARKETING"
    return submitted


class Templates:
    def __init__(self, world: World, outbox: Outbox, rules: Rules) -> None:
        self._world = world
        self._outbox = outbox
        self._rules = rules
        world.scheduler.handle("review", self._review)

    @property
    def _settings(self) -> SandboxSettings:
        return self._world.settings

    def create(self, waba: Waba, body: Json) -> Template:
        checks.only(body, _CREATE_KEYS)
        name = template_rules.template_name(body.get("name"))
        language = body.get("language")
        if not isinstance(language, str) or language not in CODES:
            raise invalid(f"Param language must be a supported language code - got {language!r}.")
        category = template_rules.category(body.get("category"))
        form = str(body.get("parameter_format") or "POSITIONAL").upper()
        if form not in {"POSITIONAL", "NAMED"}:
            raise invalid("Param parameter_format must be one of {POSITIONAL, NAMED}.")
        components = self._rules.components(body.get("components"), category=category, named=form == "NAMED")
        ttl = template_rules.time_to_live(body.get("message_send_ttl_seconds"), category)
        self._name_is_free(waba, name, language)
        judged = judged_category(category, components)
        now = self._world.clock.now()
        template = Template(
            template_id=new_id(),
            waba_id=waba.waba_id,
            name=name,
            language=language,
            category=judged,
            parameter_format=form,
            components=components,
            ttl_seconds=ttl if judged == category else None,
            tracking_opted_out=bool(body.get("cta_url_link_tracking_opted_out", False)),
            created_at=now,
            updated_at=now,
        )
        self._world.state.templates[template.template_id] = template
        self._submit(template)
        return template

    def _name_is_free(self, waba: Waba, name: str, language: str) -> None:
        if self._world.state.template(waba.waba_id, name, language) is not None:
            raise template_refused(
                DUPLICATE,
                "Content in This Language Already Exists",
                f"There is already {language} content for the template {name}. Use another name or edit that one.",
            )
        deleted = waba.deleted_names.get(name, waba.deleted_names.get(f"{name}/{language}"))
        days = self._settings.template_name_reuse_days
        if deleted is not None and self._world.clock.now() - deleted < days * _DAY:
            raise template_refused(
                BEING_DELETED,
                "Message Template Language Is Being Deleted",
                f"The name {name} cannot be used again until {days} days after its deletion.",
            )
        owned = sum(template.waba_id == waba.waba_id for template in self._world.state.templates.values())
        if owned >= self._settings.templates_per_waba:
            raise template_refused(
                LIMIT_REACHED, "Message Template Limit Exceeded", f"The account has its {owned} templates already."
            )

    def edit(self, template: Template, body: Json) -> None:
        """Everything is checked before anything changes. New components or another category go to review."""
        checks.only(body, _EDIT_KEYS)
        if template.status not in {"APPROVED", "REJECTED", "PAUSED"}:
            raise self._not_editable(f"a template that is {template.status} cannot be edited.")
        category = template_rules.category(body.get("category", template.category))
        if category != template.category and template.status == "APPROVED":
            raise self._not_editable("the category of an approved template cannot be changed.")
        ttl = template_rules.time_to_live(body.get("message_send_ttl_seconds", template.ttl_seconds), category)
        components = template.components
        if "components" in body:
            named = template.parameter_format == "NAMED"
            components = self._rules.components(body["components"], category=category, named=named)
            self._count_edit(template)
        reviewed = "components" in body or category != template.category
        template.category, template.ttl_seconds, template.components = category, ttl, components
        template.tracking_opted_out = bool(body.get("cta_url_link_tracking_opted_out", template.tracking_opted_out))
        template.updated_at = self._world.clock.now()
        self._world.touch()
        if "components" in body:
            value = updates.template_components_value(template)
            self._announce(template, "message_template_components_update", value)
        if reviewed:
            template.category = judged_category(category, components)
            self._submit(template)

    def _count_edit(self, template: Template) -> None:
        if template.status != "APPROVED":
            return
        now = self._world.clock.now()
        recent = [at for at in template.edited_at if now - at < _MONTH]
        today = sum(now - at < _DAY for at in recent)
        if today >= _EDITS_PER_DAY or len(recent) >= _EDITS_PER_MONTH:
            raise self._not_editable("an approved template can be edited once a day and ten times in 30 days.")
        template.edited_at = [*recent, now]

    def _not_editable(self, why: str) -> Exception:
        return template_refused(NOT_EDITABLE, "Message Template Cannot Be Edited", f"Not changed: {why}")

    def _submit(self, template: Template) -> None:
        template.status = "PENDING"
        template.rejected_reason = "NONE"
        self._world.touch()
        if magic.PENDING_WORD not in text_of(template.components):
            self._world.scheduler.after(self._settings.review_delay, "review", template.template_id)

    def _review(self, job: Job) -> None:
        template = self._world.state.templates.get(job.subject)
        if template is None or template.status != "PENDING":
            return
        reason, cause = self._verdict(template)
        self.set_status(template, "REJECTED" if reason else "APPROVED", reason or "NONE", cause=cause)

    def _verdict(self, template: Template) -> tuple[str | None, str]:
        """Reason of the rejection, if any, and for INVALID_FORMAT what caused it."""
        text = text_of(template.components)
        if match := magic.REJECT_WORD.search(text):
            return match[1], "magic"
        if template.category == "AUTHENTICATION":
            return None, ""
        if adjacent(text):
            return "INVALID_FORMAT", "adjacent"
        if _ONE_TIME_CODE.search(text):
            return "INCORRECT_CATEGORY", ""
        if self._settings.reject_duplicate_content and self._copied(template):
            return "INVALID_FORMAT", "duplicate"
        return None, ""

    def _copied(self, template: Template) -> bool:
        """Whether an older template of another name says the same in this language."""
        content = _part(template, "BODY"), _part(template, "FOOTER")
        for other in self._world.state.templates.values():
            if other is template:
                return False
            if (
                (other.waba_id, other.language) == (template.waba_id, template.language)
                and other.name != template.name
                and other.status != "REJECTED"
                and (_part(other, "BODY"), _part(other, "FOOTER")) == content
            ):
                return True
        return False

    def set_status(self, template: Template, status: str, reason: str = "NONE", *, cause: str = "magic") -> None:
        template.status = status
        template.rejected_reason = reason if status == "REJECTED" else "NONE"
        template.approved_once |= status == "APPROVED"
        self._world.touch()
        value = updates.template_status_value(template, status, reason, cause=cause)
        self._announce(template, "message_template_status_update", value)

    def _announce(self, template: Template, field: str, value: Json) -> None:
        self._outbox.announce(template.waba_id, field, value, about=f"{template.name}/{template.language}")

    def set_category(self, template: Template, category: str) -> None:
        previous, template.category = template.category, category
        template.previous_category, template.correct_category = previous, None
        template.ttl_seconds = None
        self._world.touch()
        value = updates.template_category_value(template, previous)
        self._announce(template, "template_category_update", value)

    def set_quality(self, template: Template, quality: str) -> None:
        previous, template.quality = template.quality, quality
        self._world.touch()
        value = updates.template_quality_value(template, previous)
        self._announce(template, "message_template_quality_update", value)

    def delete(self, template: Template, *, all_languages: bool) -> None:
        """What was approved once bars its name, or its name in this language, from being used again for a while."""
        del self._world.state.templates[template.template_id]
        if template.approved_once:
            barred = template.name if all_languages else f"{template.name}/{template.language}"
            self._world.state.wabas[template.waba_id].deleted_names[barred] = self._world.clock.now()
        self._world.touch()
        value = updates.template_status_value(template, "DELETED", None)
        self._announce(template, "message_template_status_update", value)
