"""Templates that nobody uses: archived after a year, deleted some weeks later."""

from app.sandbox.clock import Job
from app.sandbox.state import Template, Waba
from app.sandbox.template_quality import DAY
from app.sandbox.templates import Templates
from app.sandbox.world import World

_ARCHIVED = "ARCHIVED"
_ARCHIVABLE = {"APPROVED", "REJECTED", "PAUSED", "DISABLED"}


class Archival:
    def __init__(self, world: World, templates: Templates) -> None:
        self._world = world
        self._templates = templates
        world.scheduler.handle("archival", self._due)

    @property
    def _idle(self) -> float:
        return self._world.settings.archive_after_days * DAY

    @property
    def _kept(self) -> float:
        return self._world.settings.archived_kept_days * DAY

    def due_at(self, template: Template) -> float | None:
        """When it is archived, or, if it is, deleted."""
        if template.status == _ARCHIVED:
            return (template.archived_at or 0.0) + self._kept
        return max(template.active_at, template.updated_at) + self._idle if template.status in _ARCHIVABLE else None

    def watch(self) -> None:
        """One job looks for what is due, once a day."""
        if not any(job.kind == "archival" for job in self._world.scheduler.pending()):
            self._world.scheduler.after(DAY, "archival")

    def _due(self, _: Job) -> None:
        now = self._world.clock.now()
        for template in list(self._world.state.templates.values()):
            due = self.due_at(template)
            if due is None or due > now:
                continue
            if template.status == _ARCHIVED:
                self._templates.delete([template], all_languages=False)
            else:
                self.archive(template)
        self._world.scheduler.after(DAY, "archival")

    def archive(self, template: Template) -> None:
        before = template.status
        self._templates.set_status(template, _ARCHIVED)
        template.archived_from, template.archived_at = before, self._world.clock.now()

    def unarchive(self, template: Template) -> None:
        """It is again what it was; a pause has passed meanwhile."""
        before = template.archived_from or "APPROVED"
        self._templates.set_status(template, "APPROVED" if before == "PAUSED" else before, event="UNARCHIVED")
        template.active_at = self._world.clock.now()

    def archive_all(self, waba: Waba, ids: list[str]) -> tuple[list[str], dict[str, str]]:
        """Those that were archived, and why the others were not."""
        done, failed = [], {}
        for template_id in ids:
            template = self._owned(waba, template_id)
            if template is None:
                failed[template_id] = "The template does not exist."
            elif template.status not in _ARCHIVABLE:
                failed[template_id] = f"A template that is {template.status} cannot be archived."
            else:
                self.archive(template)
                done.append(template_id)
        return done, failed

    def unarchive_all(self, waba: Waba, ids: list[str]) -> tuple[list[str], dict[str, str]]:
        done, failed = [], {}
        for template_id in ids:
            template = self._owned(waba, template_id)
            if template is None:
                failed[template_id] = "The template does not exist."
            elif template.status != _ARCHIVED:
                failed[template_id] = "The template is not archived."
            else:
                self.unarchive(template)
                done.append(template_id)
        return done, failed

    def _owned(self, waba: Waba, template_id: str) -> Template | None:
        template = self._world.state.templates.get(template_id)
        return template if template is not None and template.waba_id == waba.waba_id else None
