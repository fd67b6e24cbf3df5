"""Templates over their life: creation, review, edit, deletion."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from app.sandbox import checks, magic, review, template_rules, updates
from app.sandbox.clock import Job
from app.sandbox.errors import GraphError, template_refused
from app.sandbox.faults import share
from app.sandbox.outbox import Outbox
from app.sandbox.review import judged_category, text_of
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json, Message, Template, Waba
from app.sandbox.template_rules import Rules
from app.sandbox.world import World, new_id

LIMIT_REACHED, BEING_DELETED, DUPLICATE, NOT_EDITABLE = 2388019, 2388023, 2388024, 2388039
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

_ON_THEIR_WAY = {"accepted", "sent"}
_SCHEDULED_FOR_DELETION = {"PENDING_DELETION", "DELETED"}


def _part(template: Template, kind: str) -> str:
    return next((str(c.get("text", "")) for c in template.components if c["type"] == kind), "")


def _not_editable(why: str) -> GraphError:
    return template_refused(NOT_EDITABLE, "Message Template Cannot Be Edited", f"Not changed: {why}")


@dataclass(frozen=True, slots=True)
class Edit:
    category: str
    ttl: int | None
    form: str
    components: list[Json] | None = None
    """None: they stay."""


class Templates:
    def __init__(self, world: World, outbox: Outbox, rules: Rules) -> None:
        self._world = world
        self._outbox = outbox
        self._rules = rules
        world.scheduler.handle("review", self._review)
        world.scheduler.handle("deletion", self._deletion_due)

    @property
    def _settings(self) -> SandboxSettings:
        return self._world.settings

    # Creation

    def create(self, waba: Waba, body: Json) -> Template:
        template = self.check(waba, body)
        self.add(waba, template)
        self.submit(template)
        return template

    def check(self, waba: Waba, body: Json) -> Template:
        """What would be created, or the refusal; nothing changes."""
        checks.only(body, _CREATE_KEYS)
        name = template_rules.template_name(body.get("name"))
        language = template_rules.language(body.get("language"))
        category = template_rules.category(body.get("category"))
        form = template_rules.parameter_format(body.get("parameter_format"))
        components = self._rules.components(body.get("components"), category=category, named=form == "NAMED")
        ttl = template_rules.time_to_live(body.get("message_send_ttl_seconds"), category)
        judged = judged_category(category, components, language)
        self._name_is_free(waba, name, language)
        return Template(
            template_id=new_id(),
            waba_id=waba.waba_id,
            name=name,
            language=language,
            category=judged,
            parameter_format=form,
            components=components,
            ttl_seconds=ttl if judged == category else None,
            tracking_opted_out=bool(body.get("cta_url_link_tracking_opted_out", False)),
        )

    def add(self, waba: Waba, template: Template) -> None:
        """Files a new template of whatever origin under its name, if that is free."""
        self._name_is_free(waba, template.name, template.language)
        now = self._world.clock.now()
        template.created_at = template.updated_at = template.active_at = now
        self._world.state.templates[template.template_id] = template
        self._world.touch()

    def _name_is_free(self, waba: Waba, name: str, language: str) -> None:
        found = self._world.state.template(waba.waba_id, name, language)
        if found is not None and found.status not in _SCHEDULED_FOR_DELETION:
            raise template_refused(
                DUPLICATE,
                "Content in This Language Already Exists",
                f"There is already {language} content for the template {name}. Use another name or edit that one.",
            )
        deleted = waba.deleted_names.get(name, waba.deleted_names.get(f"{name}/{language}"))
        days = self._settings.template_name_reuse_days
        barred = deleted is not None and self._world.clock.now() - deleted < days * _DAY
        if barred or found is not None:
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

    # Edit

    def edit(self, template: Template, body: Json) -> None:
        """Everything is checked before anything changes. New components or another category go to review."""
        edit = self.check_edit(template, body)
        reviewed = edit.components is not None or edit.category != template.category
        now = self._world.clock.now()
        if edit.components is not None and template.status == "APPROVED":
            template.edited_at = [at for at in template.edited_at if now - at < _MONTH] + [now]
        template.category, template.ttl_seconds, template.parameter_format = edit.category, edit.ttl, edit.form
        template.tracking_opted_out = bool(body.get("cta_url_link_tracking_opted_out", template.tracking_opted_out))
        template.updated_at = template.active_at = now
        self._world.touch()
        if edit.components is not None:
            # Another text is judged anew, by customers too.
            template.components, template.pauses, template.library_name = edit.components, 0, None
            self.announce(template, "message_template_components_update", updates.template_components_value(template))
        if reviewed:
            self.refile(template, judged_category(edit.category, template.components, template.language))
            self.submit(template)

    def check_edit(self, template: Template, body: Json) -> Edit:
        """What would change, or the refusal; nothing does."""
        checks.only(body, _EDIT_KEYS)
        editable = {"APPROVED", "REJECTED", "PAUSED"} | ({"DISABLED"} if self._settings.disabled_editable else set())
        if template.status not in editable:
            raise _not_editable(f"a template that is {template.status} cannot be edited.")
        category = template_rules.category(body.get("category", template.category))
        if category != template.category and template.status == "APPROVED":
            raise _not_editable("the category of an approved template cannot be changed.")
        kept_ttl = template.ttl_seconds if category == template.category else None
        ttl = template_rules.time_to_live(body.get("message_send_ttl_seconds", kept_ttl), category)
        if "components" not in body:
            return Edit(category, ttl, template.parameter_format)
        form = template_rules.parameter_format(body.get("parameter_format", template.parameter_format))
        components = self._rules.components(body["components"], category=category, named=form == "NAMED")
        self._check_limits(template)
        return Edit(category, ttl, form, components)

    def _check_limits(self, template: Template) -> None:
        if template.status != "APPROVED":
            return
        ages = [self._world.clock.now() - at for at in template.edited_at]
        today, this_month = sum(age < _DAY for age in ages), sum(age < _MONTH for age in ages)
        if today >= _EDITS_PER_DAY or this_month >= _EDITS_PER_MONTH:
            raise _not_editable("an approved template can be edited once a day and ten times in 30 days.")

    def refile(self, template: Template, category: str) -> None:
        """A change of category clears the time to live, and whatever was to come."""
        if category == template.category:
            return
        template.previous_category, template.category = template.category, category
        template.correct_category = template.category_due = template.ttl_seconds = None
        self._world.touch()

    # Review

    def submit(self, template: Template) -> None:
        """What was approved before cannot be sent either until the review is over."""
        self._leave(template, "PENDING")
        template.rejected_reason, template.cause, template.judgement = "NONE", "", []
        template.submissions += 1
        self._world.touch()
        if magic.PENDING_WORD in text_of(template.components):
            template.review_due = None
            return
        delay = self._review_delay(template)
        template.review_due = self._world.clock.now() + delay
        self._world.scheduler.after(delay, "review", template.template_id, str(template.submissions))

    def _review_delay(self, template: Template) -> float:
        asked = self._world.dial.review_seconds
        delay = self._settings.review_delay if asked is None else asked
        key = f"{template.name}/{template.language}"
        jitter = 2 * share(self._settings.seed, "review", key, template.submissions) - 1
        return delay * (1 + self._settings.delay_jitter * jitter)

    def _review(self, job: Job) -> None:
        template = self._world.state.templates.get(job.subject)
        # Jobs of older snapshots name no submission.
        if template is not None and job.detail in {"", str(template.submissions)}:
            self.review(template)

    def review(self, template: Template) -> None:
        """Decides on what is in review; nothing happens to another."""
        if template.status != "PENDING":
            return
        verdict = review.judge(
            template.components,
            category=template.category,
            language=template.language,
            duplicate=self._settings.reject_duplicate_content and self._copied(template),
            judge_language=self._settings.judge_language,
            reject_short_links=self._settings.reject_short_links,
        )
        template.judgement = [str(each) for each in verdict.evidence]
        template.cause = verdict.cause
        self.set_status(template, "REJECTED" if verdict.reason else "APPROVED", verdict.reason or "NONE")

    def _copied(self, template: Template) -> bool:
        """Whether an older template of another name says the same in this language."""
        content = _part(template, "BODY"), _part(template, "FOOTER")
        for other in self._world.state.templates.values():
            if other is template:
                return False
            if (
                (other.waba_id, other.language) == (template.waba_id, template.language)
                and other.name != template.name
                and other.status not in {"REJECTED", *_SCHEDULED_FOR_DELETION}
                and (_part(other, "BODY"), _part(other, "FOOTER")) == content
            ):
                return True
        return False

    # Status

    def set_status(
        self,
        template: Template,
        status: str,
        reason: str | None = "NONE",
        *,
        title: str = "",
        event: str = "",
        disabled_at: float | None = None,
    ) -> None:
        """Changes it and says so; the event is named as the status, unless it is told otherwise."""
        self._leave(template, status)
        template.rejected_reason = reason or "NONE" if status == "REJECTED" else "NONE"
        template.approved_once |= status == "APPROVED"
        self._world.touch()
        value = updates.template_status_value(template, event or status, reason, title=title, disabled_at=disabled_at)
        self.announce(template, "message_template_status_update", value)

    def _leave(self, template: Template, status: str) -> None:
        """What belongs to one status only ends with it."""
        if status == "APPROVED" and template.status != "APPROVED":
            template.pacing, template.paced_sends = "", 0
        if status != "PENDING":
            template.review_due = None
        if status != "PAUSED":
            template.pause, template.paused_at, template.paused_until = "", None, None
        if status != "ARCHIVED":
            template.archived_at, template.archived_from = None, ""
        template.status = status

    def announce(self, template: Template, field: str, value: Json) -> None:
        self._outbox.announce(template.waba_id, field, value, about=f"{template.name}/{template.language}")

    def set_quality(self, template: Template, quality: str) -> None:
        previous, template.quality = template.quality, quality
        template.quality_at = self._world.clock.now()
        self._world.touch()
        value = updates.template_quality_value(template, previous)
        self.announce(template, "message_template_quality_update", value)

    def forget_quality(self, template: Template) -> None:
        """It is computed anew from what customers do from now on."""
        template.assessed.clear()
        if template.quality != "UNKNOWN":
            self.set_quality(template, "UNKNOWN")

    # Deletion

    def delete(self, templates: Iterable[Template], *, all_languages: bool) -> None:
        """Those with messages that are still on their way stay, unsendable, until the last has arrived."""
        going = {each.template_id: each for each in templates if each.status not in _SCHEDULED_FOR_DELETION}
        undelivered = defaultdict(list)
        for message in self._world.state.messages.values():
            if message.template_id in going and message.direction == "out" and message.status in _ON_THEIR_WAY:
                undelivered[message.template_id].append(message.wamid)
        for template in going.values():
            self._delete(template, undelivered[template.template_id], all_languages=all_languages)

    def _delete(self, template: Template, undelivered: list[str], *, all_languages: bool) -> None:
        """What was approved once bars its name, or its name in this language, from being used again for a while."""
        if template.approved_once:
            barred = template.name if all_languages else f"{template.name}/{template.language}"
            self._world.state.wabas[template.waba_id].deleted_names[barred] = self._world.clock.now()
        template.undelivered = undelivered
        if not undelivered:
            self._remove(template)
            return
        days = self._settings.pending_deletion_days * _DAY
        template.deletion_due = self._world.clock.now() + days
        self._world.scheduler.after(days, "deletion", template.template_id)
        self.set_status(template, "PENDING_DELETION", None)

    def arrived(self, message: Message, status: str) -> None:
        """A message is no longer on its way."""
        template = self._world.state.templates.get(message.template_id or "")
        if template is None or template.status != "PENDING_DELETION" or status == "sent":
            return
        template.undelivered = [wamid for wamid in template.undelivered if wamid != message.wamid]
        if not template.undelivered:
            self._remove(template)

    def _deletion_due(self, job: Job) -> None:
        template = self._world.state.templates.get(job.subject)
        if template is not None and template.status == "PENDING_DELETION":
            self._remove(template)

    def _remove(self, template: Template) -> None:
        del self._world.state.templates[template.template_id]
        self.set_status(template, "DELETED", None)
