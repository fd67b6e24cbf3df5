"""Pacing: the first customers get a template at once, the others when it is known how those took it."""

from app.sandbox import magic
from app.sandbox.clock import Job
from app.sandbox.lifecycle import Lifecycle
from app.sandbox.state import Message, Template
from app.sandbox.template_pauses import Pauses
from app.sandbox.template_quality import DAY, Quality
from app.sandbox.world import World


class Pacing:
    def __init__(self, world: World, lifecycle: Lifecycle, quality: Quality, pauses: Pauses) -> None:
        self._world = world
        self._lifecycle = lifecycle
        self._quality = quality
        self._pauses = pauses
        world.scheduler.handle("pacing", self._due)

    def holds(self, template: Template) -> bool:
        """Whether the send that is under way is held; counts it."""
        if template.pacing == "on":
            return True
        threshold = self._world.dial.pacing_threshold
        if threshold is None or template.pacing == "passed" or not self._applies(template):
            return False
        template.paced_sends += 1
        return template.paced_sends > threshold

    def _applies(self, template: Template) -> bool:
        if template.category == "MARKETING":
            return True
        paused_at = self._world.state.wabas[template.waba_id].utility_paused_at
        lasting = self._world.settings.pacing_utility_days * DAY
        return (
            template.category == "UTILITY" and paused_at is not None and self._world.clock.now() - paused_at < lasting
        )

    def hold(self, template: Template, message: Message) -> None:
        """The first one that is held sets the time of the decision on all."""
        self._world.inject("paced")
        if not template.held and template.pacing != "on":
            self._world.scheduler.after(self._world.dial.pacing_seconds, "pacing", template.template_id)
        template.held.append(message.wamid)

    def start(self, template: Template) -> None:
        """Every send from now on is held, until somebody decides."""
        template.pacing = "on"
        self._world.touch()

    def _due(self, job: Job) -> None:
        template = self._world.state.templates.get(job.subject)
        if template is None or not template.held or template.pacing == "on":
            return
        if template.status != "APPROVED":
            dropped, template.held = template.held, []
            self._pauses.drop(dropped)
        elif self._quality.share(template) >= self._world.settings.quality_red:
            self.fail(template)
        else:
            self.release(template)

    def release(self, template: Template) -> None:
        """What was held goes its way, and nothing is held any more."""
        released, template.held = template.held, []
        template.pacing = "passed"
        self._world.touch()
        for wamid in released:
            message = self._world.state.messages.get(wamid)
            if message is not None and not message.statuses:
                _, course = magic.lookup(message.wa_id, self._world.settings.magic_pattern)
                self._lifecycle.begin(message, course)

    def fail(self, template: Template) -> None:
        self._pauses.by_pacing(template)
