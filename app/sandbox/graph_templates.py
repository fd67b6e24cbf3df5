"""Edges and nodes of message templates."""

import json
from datetime import UTC, datetime

from app.sandbox.accounts import MANAGEMENT, require
from app.sandbox.errors import invalid, unknown_object
from app.sandbox.graph import Call, Routes, select
from app.sandbox.paging import invalid_cursor, object_of, paging
from app.sandbox.state import Json, Template, Waba

_KIND = "WhatsAppBusinessHSM"
_DEFAULTS = ("name", "parameter_format", "components", "language", "status", "category", "sub_category", "id")
_PAGE, _LONGEST_PAGE = 25, 1_000
_MOST_IDS = 100
_NOT_ALLOWED = 200


def waba_of(call: Call, waba_id: str) -> Waba:
    waba = call.sandbox.accounts.waba(call.token, waba_id, call.request.method.lower())
    require(call.token, MANAGEMENT, _NOT_ALLOWED)
    call.manage(waba_id)
    return waba


def template_of(call: Call, template_id: str) -> Template:
    template = call.sandbox.world.state.templates[template_id]
    verb = call.request.method.lower()
    call.sandbox.accounts.waba(call.token, template.waba_id, verb, asked=template_id)
    require(call.token, MANAGEMENT, _NOT_ALLOWED)
    call.manage(template.waba_id)
    return template


def described(template: Template) -> Json:
    """Every field that can be asked for; None is one that has no value."""
    updated = datetime.fromtimestamp(template.updated_at, UTC)
    return {
        "id": template.template_id,
        "name": template.name,
        "status": template.status,
        "category": template.category,
        "previous_category": template.previous_category,
        "correct_category": template.correct_category,
        "sub_category": None,
        "language": template.language,
        "parameter_format": template.parameter_format,
        "components": template.components,
        "quality_score": {
            "score": template.quality,
            "date": int(template.quality_at or template.created_at),
            "reasons": _reasons(template),
        },
        "rejected_reason": template.rejected_reason,
        "message_send_ttl_seconds": template.ttl_seconds,
        "library_template_name": template.library_name,
        "source": "USER_GENERATED",
        "health_status": _health(template),
        "cta_url_link_tracking_opted_out": template.tracking_opted_out,
        "is_primary_device_delivery_only": False,
        "last_updated_time": f"{updated:%Y-%m-%dT%H:%M:%S}+0000",
        "display_format": None,
        "bid_spec": None,
        "degrees_of_freedom_spec": None,
    }


def _reasons(template: Template) -> list[str]:
    """What customers gave for blocking, the most frequent first; nothing while the quality is good."""
    if template.quality not in {"YELLOW", "RED"}:
        return []
    return sorted(template.block_reasons, key=template.block_reasons.__getitem__, reverse=True)


def _health(template: Template) -> Json:
    able = "AVAILABLE" if template.status == "APPROVED" else "BLOCKED"
    entity = {"entity_type": "MESSAGE_TEMPLATE", "id": template.template_id, "can_send_message": able}
    return {"can_send_message": able, "entities": [entity]}


async def create(call: Call, waba_id: str) -> Json:
    waba = waba_of(call, waba_id)
    ready_made = "library_template_name" in call.arguments
    maker = call.sandbox.library.create if ready_made else call.sandbox.templates.create
    template = maker(waba, call.arguments)
    return {"id": template.template_id, "status": template.status, "category": template.category}


async def get_template(call: Call, template_id: str) -> Json:
    return select(described(template_of(call, template_id)), call.argument("fields"), _DEFAULTS, _KIND)


async def edit(call: Call, template_id: str) -> Json:
    template = template_of(call, template_id)
    call.sandbox.templates.edit(template, call.arguments)
    return {"success": True, "id": template_id, "name": template.name, "category": template.category}


async def unpause(call: Call, template_id: str) -> Json:
    return call.sandbox.pauses.unpause(template_of(call, template_id))


def _matches(template: Template, call: Call) -> bool:
    """Filters compare without case; `content` and `name_or_content` look for a part of the text."""
    plain = {
        "status": template.status,
        "category": template.category,
        "language": template.language,
        "quality_score": template.quality,
        "source": "USER_GENERATED",
        "correct_category": template.correct_category or "",
    }
    for key, value in plain.items():
        asked = call.argument(key)
        if asked and value.lower() not in {one.strip().lower() for one in listed(asked)}:
            return False
    name = call.argument("name")
    part = call.sandbox.settings.name_filter == "part"
    if name and not (name in template.name if part else name == template.name):
        return False
    content = "\n".join(str(component.get("text", "")) for component in template.components).lower()
    in_content = call.argument("content").lower() in content
    either = call.argument("name_or_content").lower()
    return in_content and (either in content or either in template.name)


def listed(value: str) -> list[str]:
    """A filter is one word, several with commas, or a JSON array."""
    if value.startswith("["):
        try:
            return [str(one) for one in json.loads(value)]
        except ValueError:
            raise invalid(f"Invalid filter {value!r}.") from None
    return value.split(",")


def _place(found: list[Template], cursor: str) -> int:
    wanted = object_of(cursor)
    for place, template in enumerate(found):
        if template.template_id == wanted:
            return place
    raise invalid_cursor()


async def list_templates(call: Call, waba_id: str) -> Json:
    waba = waba_of(call, waba_id)
    owned = (each for each in call.sandbox.world.state.templates.values() if each.waba_id == waba.waba_id)
    found = [template for template in owned if _matches(template, call)]
    asked = call.argument("limit")
    if asked and not asked.isdecimal():
        raise invalid("Param limit must be a positive integer.")
    limit = min(max(int(asked or _PAGE), 1), _LONGEST_PAGE)
    start = 0
    if after := call.argument("after"):
        start = _place(found, after) + 1
    elif before := call.argument("before"):
        start = max(0, _place(found, before) - limit)
    page = found[start : start + limit]
    fields = call.argument("fields")
    answer: Json = {"data": [select(described(template), fields, _DEFAULTS, _KIND) for template in page]}
    if asked_summary := call.argument("summary"):
        answer["summary"] = _summary(call, waba, asked_summary)
    if page:
        ids = [template.template_id for template in page]
        answer["paging"] = paging(call, ids, before=start > 0, after=start + limit < len(found), limit=limit)
    return answer


def _summary(call: Call, waba: Waba, asked: str) -> Json:
    count = sum(each.waba_id == waba.waba_id for each in call.sandbox.world.state.templates.values())
    summary = {
        "total_count": count,
        "message_template_count": count,
        "message_template_limit": call.sandbox.settings.templates_per_waba,
        "are_translations_complete": True,
    }
    return {name: value for name, value in summary.items() if name in asked.split(",")}


async def delete(call: Call, waba_id: str) -> Json:
    waba = waba_of(call, waba_id)
    name, one, many = call.argument("name"), call.argument("hsm_id"), call.argument("hsm_ids")
    if many and (name or one):
        raise invalid("hsm_ids cannot be given together with name or hsm_id.")
    if many:
        return _delete_ids(call, waba, listed(many))
    if not name:
        raise invalid("The parameter name is required.")
    owned = (each for each in call.sandbox.world.state.templates.values() if each.waba_id == waba.waba_id)
    found = [each for each in owned if each.name == name and one in {"", each.template_id}]
    if not found:
        raise invalid(f"Message template {name!r} was not found.", subcode=2593002)
    return _delete_all(call, found, all_languages=not one)


def _delete_ids(call: Call, waba: Waba, ids: list[str]) -> Json:
    """All or nothing."""
    if len(ids) > _MOST_IDS:
        raise invalid(f"At most {_MOST_IDS} templates can be deleted at once.")
    templates = call.sandbox.world.state.templates
    found = [templates.get(each.strip()) for each in ids]
    present = [each for each in found if each is not None and each.waba_id == waba.waba_id]
    if len(present) != len(ids):
        raise unknown_object(ids[0], "delete")
    return _delete_all(call, present, all_languages=False)


def _delete_all(call: Call, found: list[Template], *, all_languages: bool) -> Json:
    if any(template.status == "DISABLED" for template in found):
        raise invalid("A disabled template cannot be deleted.")
    call.sandbox.templates.delete(found, all_languages=all_languages)
    return {"success": True}


ROUTES: Routes = {
    ("POST", "waba", "message_templates"): create,
    ("GET", "waba", "message_templates"): list_templates,
    ("DELETE", "waba", "message_templates"): delete,
    ("GET", "template", ""): get_template,
    ("POST", "template", ""): edit,
    ("POST", "template", "unpause"): unpause,
}
