"""What Meta's webhooks say of templates, taken over within the transaction of the body that tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount
from app.core.database import announce
from app.templates import repository
from app.templates.book import CHANNEL
from app.templates.mirror import UNSAID, Seen, take
from app.templates.models import Template
from app.templates.service import Templates, modes_of
from app.templates.states import status_after
from app.whatsapp.webhook_items import (
    TemplateCategory,
    TemplateComponents,
    TemplateDetection,
    TemplateItem,
    TemplateQuality,
    TemplateStatus,
)

SYNC_CHANNEL = "ulak_templates_doubted"
"""Notified when Meta's list should be read soon: a webhook says less than it, or comes out of order."""


@dataclass(frozen=True, slots=True)
class Reports:
    templates: Templates

    async def apply(
        self, session: AsyncSession, business_id: UUID, business: BusinessAccount | None, items: Sequence[TemplateItem]
    ) -> list[TemplateItem]:
        """Takes over a body's items, to be given in the order in which all lock templates. Answers those of which the
        business has no such template, which the next sync will find if there is one.

        Messages are let go at the end: whoever changes one template locks it before any message, too.
        """
        strange, changed, doubted = [], [], False
        for item in items:
            row = await repository.one(session, business_id, item.waba_id, item.name, item.language)
            if row is None or row.meta_id != item.meta_id:
                strange.append(item)
                continue
            by = self.templates.by("webhook", modes_of(business, item.waba_id))
            if await take(session, row, _seen(row, item), by):
                changed.append(row.name)
            doubted = doubted or _says_too_little(row, item)
        await self.templates.let_go(session, business_id, changed)
        if strange or doubted:
            await announce(session, SYNC_CHANNEL, business_id)
        if len(strange) < len(items):
            await announce(session, CHANNEL, business_id)
        return strange


def _says_too_little(row: Template, item: TemplateItem) -> bool:
    """Of components it tells the texts alone. And Meta promises no order: what tells of an earlier moment than the last
    change that we know of may be overtaken, and what tells of another id is of another template, which had or has the
    same name."""
    if isinstance(item.update, TemplateComponents) or str(item.update.message_template_id) != row.meta_id:
        return True
    return item.at is not None and item.at < row.status_at


def _seen(row: Template, item: TemplateItem) -> Seen:
    match item.update:
        case TemplateStatus() as update:
            return _status_seen(update)
        case TemplateQuality(new_quality_score=score):
            return Seen(quality=score)
        case TemplateCategory() as update:
            return _category_seen(update)
        case TemplateDetection(correct_category=correct):
            return Seen(correct_category=correct)
        case TemplateComponents() as update:
            return Seen(components=_components_seen(row.components, update))


def _status_seen(update: TemplateStatus) -> Seen:
    info, more = update.rejection_info, update.other_info
    reason = update.reason if update.reason and update.reason != "NONE" else None
    said = {"explanation": info.reason, "recommendation": info.recommendation} if info is not None else {}
    seen: dict[str, Any] = {}
    if update.message_template_category:
        seen["category"] = update.message_template_category
    if more is not None and more.title:
        seen["pause"] = more.title
    if update.disable_info is not None and update.disable_info.disable_date is not None:
        seen["disabled_from"] = _moment(update.disable_info.disable_date)
    return Seen(
        status=status_after(update.event),
        rejected_reason=reason,
        rejection={key: value for key, value in said.items() if value} or None,
        **seen,
    )


def _category_seen(update: TemplateCategory) -> Seen:
    """A notice names the category that the template still has as the new one, beside the correct one; when it takes
    effect, the previous one is named instead."""
    if update.correct_category:
        effective_at = _moment(update.category_update_timestamp)
        return Seen(correct_category=update.correct_category, category_effective_at=effective_at)
    return Seen(category=update.new_category or UNSAID, previous_category=update.previous_category)


def _moment(timestamp: str | float | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(timestamp), UTC) if timestamp is not None else None
    except (ValueError, OverflowError, OSError):
        return None


def _components_seen(held: Sequence[dict[str, Any]], update: TemplateComponents) -> list[dict[str, Any]]:
    """What we hold, with the texts that are told; the list that is read next says the rest."""
    texts = {
        "HEADER": update.message_template_title,
        "BODY": update.message_template_element,
        "FOOTER": update.message_template_footer,
    }
    return [
        {**component, "text": text}
        if (text := texts.get(str(component.get("type", "")).upper())) and "text" in component
        else dict(component)
        for component in held
    ]
