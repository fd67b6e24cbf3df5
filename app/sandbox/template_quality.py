"""The quality of a template: what the customers who get it do to the business, counted over some days."""

from functools import lru_cache
from typing import Literal

from app.sandbox.magic import COMPLAINT_WORD
from app.sandbox.state import Day, Message, Template
from app.sandbox.template_pauses import Pauses
from app.sandbox.templates import Templates
from app.sandbox.world import World

Complaint = Literal["block", "report"]
Score = Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]
BlockReason = Literal[
    "NO_LONGER_NEEDED", "NO_REASON", "NO_REASON_GIVEN", "NO_SIGN_UP", "OFFENSIVE_MESSAGES", "OTHER", "SPAM"
]
DAY = 86_400.0
KEPT_DAYS = 90
"""As far back as templates can be compared."""
_RANK = {"RED": 0, "YELLOW": 1, "GREEN": 2}


@lru_cache(maxsize=4_096)
def _asked_for(body: str) -> tuple[tuple[str, float], ...]:
    """The chances that magic words ask for; every message that is delivered looks for them."""
    return tuple((match[1], min(int(match[2] or 100), 100) / 100) for match in COMPLAINT_WORD.finditer(body))


class Quality:
    def __init__(self, world: World, templates: Templates, pauses: Pauses) -> None:
        self._world = world
        self._templates = templates
        self._pauses = pauses

    def sent(self, template: Template) -> None:
        template.active_at = self._world.clock.now()
        self._today(template.days).sent += 1

    def reached(self, message: Message, status: str) -> None:
        """A customer who has got a template may block or report the business for it."""
        template = self._world.state.templates.get(message.template_id or "")
        if template is None or status != "delivered":
            return
        self._today(template.days).delivered += 1
        self._today(template.assessed).delivered += 1
        for kind, chance in self._chances(template):
            if self._world.strikes(f"{kind}s", chance, message.key, message.attempt):
                message.faults.append(f"{kind}s")
                self._count(template, kind, 1, "SPAM")
        self._assess(template)

    def _chances(self, template: Template) -> tuple[tuple[Complaint, float], tuple[Complaint, float]]:
        dial = self._world.dial
        blocks = dial.blocks if template.blocks is None else template.blocks
        reports = dial.reports if template.reports is None else template.reports
        body = next(str(each.get("text", "")) for each in template.components if each["type"] == "BODY")
        for kind, chance in _asked_for(body):
            blocks, reports = (chance, reports) if kind == "BLOCKED" else (blocks, chance)
        return ("block", blocks), ("report", reports)

    def complain(self, template: Template, kind: Complaint, *, count: int = 1, reason: BlockReason = "SPAM") -> None:
        self._count(template, kind, count, reason)
        self._assess(template)

    def _count(self, template: Template, kind: Complaint, count: int, reason: str) -> None:
        for days in (template.days, template.assessed):
            today = self._today(days)
            if kind == "block":
                today.blocks += count
            else:
                today.reports += count
        if kind == "block":
            template.block_reasons[reason] = template.block_reasons.get(reason, 0) + count
        self._world.touch()

    def _today(self, days: dict[int, Day]) -> Day:
        number = int(self._world.clock.now() // DAY)
        today = days.get(number)
        if today is None:
            today = days[number] = Day()
            for old in [each for each in days if each <= number - KEPT_DAYS]:
                del days[old]
        return today

    def score(self, template: Template) -> Score:
        settings = self._world.settings
        oldest = int(self._world.clock.now() // DAY) - settings.quality_days
        days = [day for number, day in template.assessed.items() if number > oldest]
        complaints = sum(day.blocks + day.reports for day in days)
        seen = max(sum(day.delivered for day in days), complaints)
        if seen < settings.quality_sample:
            return "UNKNOWN"
        share = complaints / seen
        return "RED" if share >= settings.quality_red else "YELLOW" if share >= settings.quality_yellow else "GREEN"

    def share(self, template: Template) -> float:
        """Of those who got it, how many complained; for a sample of any size."""
        complaints = sum(day.blocks + day.reports for day in template.assessed.values())
        return complaints / max(sum(day.delivered for day in template.assessed.values()), complaints, 1)

    def _assess(self, template: Template) -> None:
        """Worse at once, better after a while: or a score on the edge would change with every message."""
        score = self.score(template)
        if score in {template.quality, "UNKNOWN"}:
            return
        better = _RANK[score] > _RANK.get(template.quality, -1)
        rested = self._world.clock.now() - template.quality_at >= self._world.settings.quality_recovery
        if template.quality == "UNKNOWN" or not better or rested:
            self.set(template, score)

    def set(self, template: Template, score: Score) -> None:
        """Says so; a template that has turned red is paused, if it could be sent at all."""
        self._templates.set_quality(template, score)
        if score == "RED" and template.status == "APPROVED":
            self._pauses.by_quality(template)
