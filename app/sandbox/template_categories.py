"""Categories that Meta changes later: the notice, and the day after it the effect."""

from datetime import UTC, datetime, timedelta

from app.sandbox import updates
from app.sandbox.clock import Job
from app.sandbox.state import Template
from app.sandbox.templates import Templates
from app.sandbox.world import World

_NOTICE, _DETECTION = "template_category_update", "template_correct_category_detection"


class Categories:
    def __init__(self, world: World, templates: Templates) -> None:
        self._world = world
        self._templates = templates
        world.scheduler.handle("category", self._due)

    def announce(self, template: Template, category: str) -> None:
        """A notice, and after it the change; at once where the account was warned of misuse before.

        What is to be authentication is no longer approved from the first of the next month on.
        """
        if category != "AUTHENTICATION" and self._world.state.wabas[template.waba_id].misuse_warned:
            self.change(template, category)
            return
        now = self._world.clock.now()
        due = _next_month(now) if category == "AUTHENTICATION" else now + self._world.settings.category_notice
        template.correct_category, template.category_due = category, due
        self._world.touch()
        self._world.scheduler.after(due - now, "category", template.template_id)
        self._templates.announce(template, _NOTICE, updates.template_category_notice(template))

    def _due(self, job: Job) -> None:
        template = self._world.state.templates.get(job.subject)
        if template is None or template.category_due is None or template.correct_category is None:
            return
        # A notice that was withdrawn, and another since: its own job comes later.
        if template.category_due <= self._world.clock.now():
            self.take_effect(template)

    def take_effect(self, template: Template) -> None:
        """Of the notice that was given."""
        category = template.correct_category or template.category
        if category == "AUTHENTICATION":
            self.withdraw(template)
            self._templates.set_status(template, "REJECTED", "INCORRECT_CATEGORY")
        else:
            self.change(template, category)

    def change(self, template: Template, category: str) -> None:
        previous = template.category
        self._templates.refile(template, category)
        value = updates.template_category_value(template, previous)
        self._templates.announce(template, _NOTICE, value)

    def withdraw(self, template: Template) -> None:
        """As after a review that the business asked for and won."""
        template.correct_category = template.category_due = None
        self._world.touch()

    def detect(self, template: Template, category: str) -> None:
        """What Meta thinks of it, without a date."""
        template.correct_category = category
        self._world.touch()
        self._templates.announce(template, _DETECTION, updates.template_detection_value(template, category))


def _next_month(now: float) -> float:
    first = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1).timestamp()
