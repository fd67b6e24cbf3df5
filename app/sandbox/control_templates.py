"""The control API of templates: everything that Meta, its reviewers and the customers do to one, done at once."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox.control import SandboxDep
from app.sandbox.engine import Sandbox
from app.sandbox.faults import Chance
from app.sandbox.problems import ProblemError
from app.sandbox.state import Json, Template
from app.sandbox.template_quality import BlockReason, Complaint, Score

router = APIRouter()

_SOON = {"review": "review_due", "unpause": "paused_until", "category": "category_due", "deletion": "deletion_due"}
Category = Literal["UTILITY", "MARKETING", "AUTHENTICATION"]
Status = Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "ARCHIVED"]
Reason = Literal[
    "ABUSIVE_CONTENT", "INCORRECT_CATEGORY", "INVALID_FORMAT", "NONE", "PROMOTIONAL", "SCAM", "TAG_CONTENT_MISMATCH"
]


def template_of(sandbox: Sandbox, template_id: str) -> Template:
    template = sandbox.world.state.templates.get(template_id)
    if template is None:
        raise ProblemError(404, "unknown_template", f"No template has the id {template_id!r}.")
    return template


def described(sandbox: Sandbox, template: Template) -> Json:
    due = {name: moment for name, field in _SOON.items() if (moment := getattr(template, field)) is not None}
    if (idle := sandbox.archival.due_at(template)) is not None:
        due["removal" if template.status == "ARCHIVED" else "archival"] = idle
    days = template.assessed.values()
    return {
        "id": template.template_id,
        "waba_id": template.waba_id,
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "previous_category": template.previous_category,
        "correct_category": template.correct_category,
        "quality": template.quality,
        "rejected_reason": template.rejected_reason,
        "judgement": template.judgement,
        "pause": template.pause or None,
        "pauses": template.pauses,
        "pacing": template.pacing or None,
        "held": len(template.held),
        "assessed": {
            "delivered": sum(day.delivered for day in days),
            "blocks": sum(day.blocks for day in days),
            "reports": sum(day.reports for day in days),
        },
        "blocks": template.blocks,
        "reports": template.reports,
        "due": due,
        "text": next((str(each["text"]) for each in template.components if each["type"] == "BODY"), ""),
    }


@router.get("/control/templates")
async def list_templates(sandbox: SandboxDep, waba_id: str | None = None) -> Json:
    """Every template with what is due: `review`, `unpause`, `category`, `archival`, `removal`, `deletion`."""
    found = [each for each in sandbox.world.state.templates.values() if waba_id in {None, each.waba_id}]
    return {"now": sandbox.world.clock.now(), "data": [described(sandbox, each) for each in found]}


class TemplateRequest(BaseModel):
    """Only what is given changes."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    status: Status | None = None
    reason: Reason = "NONE"
    """Of a rejection."""
    category: Category | None = None
    """In force at once; with a notice: POST …/category."""
    quality: Score | None = None
    """RED pauses."""
    blocks: Chance | None = None
    reports: Chance | None = None
    """Of customers who get it, those who block or report the business; null: as the dial says."""


@router.post("/control/templates/{template_id}")
async def change_template(template_id: str, request: TemplateRequest, sandbox: SandboxDep) -> Json:
    """Meta decides something about a template, and says so by webhook."""
    template = template_of(sandbox, template_id)
    if request.reason != "NONE" and request.status != "REJECTED":
        raise ProblemError(422, "reason_without_rejection", "A reason is that of the status REJECTED.")
    for name in {"blocks", "reports"} & request.model_fields_set:
        setattr(template, name, getattr(request, name))
    if request.category is not None:
        sandbox.categories.change(template, request.category)
    if request.quality is not None:
        sandbox.quality.set(template, request.quality)
    if request.status is not None:
        _put_into(sandbox, template, request.status, request.reason)
    sandbox.world.touch()
    return described(sandbox, template)


def _put_into(sandbox: Sandbox, template: Template, status: Status, reason: Reason) -> None:
    """Each status comes with what belongs to it; one that a template has already is not entered again."""
    if status == template.status and status in {"PAUSED", "DISABLED", "ARCHIVED"}:
        return
    match status:
        case "PAUSED":
            template.pauses = min(template.pauses, 1)
            sandbox.pauses.by_quality(template)
        case "DISABLED":
            sandbox.pauses.disable(template)
        case "ARCHIVED":
            sandbox.archival.archive(template)
        case "APPROVED" if template.status == "PAUSED":
            sandbox.pauses.lift(template)
        case "APPROVED" if template.status == "ARCHIVED":
            sandbox.archival.unarchive(template)
        case "IN_APPEAL":
            template.active_at = sandbox.world.clock.now()
            sandbox.templates.set_status(template, status)
        case _:
            template.cause = "magic"
            sandbox.templates.set_status(template, status, reason)


@router.post("/control/templates/{template_id}/review")
async def review_now(template_id: str, sandbox: SandboxDep) -> Json:
    """What is in review is judged at once, however long it had still to wait."""
    template = template_of(sandbox, template_id)
    if template.status != "PENDING":
        raise ProblemError(409, "not_in_review", f"The template is {template.status}.")
    sandbox.templates.review(template)
    return described(sandbox, template)


class Feedback(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Complaint
    count: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    reason: BlockReason = "SPAM"
    """That customers gave for blocking."""


@router.post("/control/templates/{template_id}/feedback")
async def give_feedback(template_id: str, request: Feedback, sandbox: SandboxDep) -> Json:
    """Customers block the business for a template, or report it; its quality is computed anew."""
    template = template_of(sandbox, template_id)
    sandbox.quality.complain(template, request.kind, count=request.count, reason=request.reason)
    return described(sandbox, template)


class MessageFeedback(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Complaint
    reason: BlockReason = "SPAM"


@router.post("/control/messages/{wamid}/feedback")
async def complain_of(wamid: str, request: MessageFeedback, sandbox: SandboxDep) -> Json:
    """The customer who got this message blocks the business for it, or reports it."""
    message = sandbox.world.state.messages.get(wamid)
    template = sandbox.world.state.templates.get(message.template_id or "") if message is not None else None
    if message is None or template is None:
        raise ProblemError(404, "unknown_message", f"No message of a template was accepted as {wamid!r}.")
    message.faults.append(f"{request.kind}s")
    sandbox.quality.complain(template, request.kind, reason=request.reason)
    return described(sandbox, template)


class Pacing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    decision: Literal["hold", "release", "drop"]


@router.post("/control/templates/{template_id}/pacing")
async def pace(template_id: str, request: Pacing, sandbox: SandboxDep) -> Json:
    """`hold`: every send from now on; `release`: what is held goes out, and no more is held; `drop`: what is held fails
    with 132015, and the template is paused until POST /{template}/unpause.
    """
    template = template_of(sandbox, template_id)
    if request.decision != "release" and template.status != "APPROVED":
        raise ProblemError(409, "not_approved", f"The template is {template.status}.")
    match request.decision:
        case "hold":
            sandbox.pacing.start(template)
        case "release":
            sandbox.pacing.release(template)
        case "drop":
            sandbox.pacing.fail(template)
    return described(sandbox, template)


@router.post("/control/templates/{template_id}/unpause")
async def unpause(template_id: str, sandbox: SandboxDep) -> Json:
    """The pause ends now, whichever it is."""
    template = template_of(sandbox, template_id)
    if template.status != "PAUSED":
        raise ProblemError(409, "not_paused", f"The template is {template.status}.")
    sandbox.pauses.lift(template)
    return described(sandbox, template)


class CategoryRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    correct_category: Category


@router.post("/control/templates/{template_id}/category")
async def give_notice(template_id: str, request: CategoryRequest, sandbox: SandboxDep) -> Json:
    """Meta gives notice of another category, and changes it a day later; at once where the account was warned."""
    template = template_of(sandbox, template_id)
    if request.correct_category == template.category:
        raise ProblemError(409, "same_category", f"The template is {template.category} already.")
    sandbox.categories.announce(template, request.correct_category)
    return described(sandbox, template)


@router.post("/control/templates/{template_id}/category/effect")
async def take_effect(template_id: str, sandbox: SandboxDep) -> Json:
    """What a notice said comes true now."""
    template = template_of(sandbox, template_id)
    if template.category_due is None:
        raise ProblemError(409, "no_notice", "No change of category was announced.")
    sandbox.categories.take_effect(template)
    return described(sandbox, template)


@router.delete("/control/templates/{template_id}/category")
async def withdraw_notice(template_id: str, sandbox: SandboxDep) -> Json:
    """The business asked for a review of the category, and was right; nothing happens where there was no notice."""
    template = template_of(sandbox, template_id)
    sandbox.categories.withdraw(template)
    return described(sandbox, template)


@router.post("/control/templates/{template_id}/detection")
async def detect_category(template_id: str, request: CategoryRequest, sandbox: SandboxDep) -> Json:
    """Meta tells which category it takes for right, without a date."""
    template = template_of(sandbox, template_id)
    sandbox.categories.detect(template, request.correct_category)
    return described(sandbox, template)


@router.post("/control/templates/{template_id}/archive")
async def archive(template_id: str, sandbox: SandboxDep) -> Json:
    """As after twelve months in which nobody used it."""
    template = template_of(sandbox, template_id)
    if sandbox.archival.due_at(template) is None or template.status == "ARCHIVED":
        raise ProblemError(409, "not_archivable", f"The template is {template.status}.")
    sandbox.archival.archive(template)
    return described(sandbox, template)


@router.post("/control/templates/{template_id}/unarchive")
async def unarchive(template_id: str, sandbox: SandboxDep) -> Json:
    template = template_of(sandbox, template_id)
    if template.status != "ARCHIVED":
        raise ProblemError(409, "not_archived", f"The template is {template.status}.")
    sandbox.archival.unarchive(template)
    return described(sandbox, template)


class MisuseWarning(BaseModel):
    model_config = ConfigDict(extra="forbid")

    misuse: bool


@router.put("/control/wabas/{waba_id}/warning")
async def warn(waba_id: str, request: MisuseWarning, sandbox: SandboxDep) -> Json:
    """Meta warned the account of filing marketing as utility: from now on categories change without notice."""
    waba = sandbox.world.state.wabas.get(waba_id)
    if waba is None:
        raise ProblemError(404, "unknown_account", f"No account has the waba_id {waba_id!r}.")
    waba.misuse_warned = request.misuse
    sandbox.world.touch()
    return {"waba_id": waba_id, "misuse": waba.misuse_warned}
