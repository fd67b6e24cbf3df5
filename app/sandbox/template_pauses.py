"""Pauses of templates: those by low quality grow and end by themselves, the one by pacing ends only when lifted."""

from app.sandbox.clock import Job
from app.sandbox.errors import TEMPLATE_PAUSED
from app.sandbox.lifecycle import Lifecycle
from app.sandbox.state import Json, Pause, Template
from app.sandbox.templates import Templates
from app.sandbox.world import World

_LADDER: tuple[Pause, ...] = ("FIRST_PAUSE", "SECOND_PAUSE")


class Pauses:
    def __init__(self, world: World, templates: Templates, lifecycle: Lifecycle) -> None:
        self._world = world
        self._templates = templates
        self._lifecycle = lifecycle
        world.scheduler.handle("unpause", self._due)

    def by_quality(self, template: Template) -> None:
        """The next step of the ladder: three hours, six hours, the end. What pacing holds is dropped by the first."""
        if template.held:
            self.by_pacing(template)
            return
        step = template.pauses
        template.pauses += 1
        self._count(template)
        if step >= len(_LADDER):
            self.disable(template)
            return
        settings = self._world.settings
        lasting = (settings.first_pause, settings.second_pause)[step]
        self._pause(template, _LADDER[step])
        template.paused_until = self._world.clock.now() + lasting
        self._world.scheduler.after(lasting, "unpause", template.template_id)

    def disable(self, template: Template) -> None:
        self._templates.set_status(template, "DISABLED", title="DISABLED", disabled_at=self._world.clock.now())

    def by_pacing(self, template: Template) -> None:
        """The first customers did not like it, so the others never get it."""
        dropped, template.held = template.held, []
        self._count(template)
        self._pause(template, "RATE_LIMITING_PAUSE")
        self.drop(dropped)

    def drop(self, wamids: list[str]) -> None:
        for wamid in wamids:
            message = self._world.state.messages.get(wamid)
            if message is not None and not message.statuses:
                details = "The template was paused while the message was held."
                self._lifecycle.report(message, "failed", code=TEMPLATE_PAUSED, details=details)

    def _pause(self, template: Template, title: Pause) -> None:
        self._templates.set_status(template, "PAUSED", title=title)
        template.pause, template.paused_at, template.paused_until = title, self._world.clock.now(), None

    def _count(self, template: Template) -> None:
        """With one utility template paused, all of the account are paced for a while."""
        if template.category != "UTILITY":
            return
        self._world.state.wabas[template.waba_id].utility_paused_at = self._world.clock.now()
        for each in self._world.state.templates.values():
            if each.waba_id == template.waba_id and each.category == "UTILITY" and each.pacing == "passed":
                each.pacing, each.paced_sends = "", 0

    def _due(self, job: Job) -> None:
        template = self._world.state.templates.get(job.subject)
        if template is None or template.paused_until is None:
            return
        # A pause that was lifted, and another since: its own job comes later.
        if template.paused_until <= self._world.clock.now():
            self.lift(template)

    def lift(self, template: Template) -> None:
        self._templates.set_status(template, "APPROVED", title="UNPAUSE")
        self._templates.forget_quality(template)

    def unpause(self, template: Template) -> Json:
        """What POST /{template}/unpause answers."""
        if template.status != "PAUSED":
            return {"success": False, "reason": "The template is not paused."}
        paced = template.pause == "RATE_LIMITING_PAUSE"
        if not paced and self._world.settings.unpause_lifts == "pacing":
            return {"success": False, "reason": "The template was not paused by pacing; the pause ends by itself."}
        wait = (template.paused_at or 0.0) + self._world.settings.unpause_wait - self._world.clock.now()
        if paced and wait > 0:
            return {"success": False, "reason": f"The template was paused just now. Try again in {wait:.0f} seconds."}
        self.lift(template)
        return {"success": True}
