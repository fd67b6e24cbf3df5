"""Edges that work on several templates at once: archive and unarchive, compare, the library, in bulk, from account to
account.
"""

import copy

from app.sandbox.accounts import MANAGEMENT, require
from app.sandbox.errors import GraphError, invalid
from app.sandbox.graph import Call, Routes
from app.sandbox.graph_templates import listed, template_of, waba_of
from app.sandbox.state import Day, Json, Template, Waba
from app.sandbox.template_quality import DAY
from app.sandbox.world import new_id

_MOST_IDS = 100
_LOOKBACKS = (7, 30, 60, 90)
_SLACK = 3_600.0
"""Of a caller's clock."""
_PAGE = 500
_NOT_ALLOWED = 200
_SWITCHES = {"add_security_recommendation", "code_expiration_minutes"}


def _ids(call: Call) -> list[str]:
    given = call.arguments.get("hsm_ids")
    named = [str(each) for each in given] if isinstance(given, list) else listed(call.argument("hsm_ids"))
    ids = [each.strip() for each in named if each.strip()]
    if not ids:
        raise invalid("The parameter hsm_ids is required.")
    if len(ids) > _MOST_IDS:
        raise invalid(f"At most {_MOST_IDS} templates can be named at once.")
    return list(dict.fromkeys(ids))


async def archive(call: Call, waba_id: str) -> Json:
    archived, failed = call.sandbox.archival.archive_all(waba_of(call, waba_id), _ids(call))
    return {"archived_templates": archived, "failed_templates": failed}


async def unarchive(call: Call, waba_id: str) -> Json:
    unarchived, failed = call.sandbox.archival.unarchive_all(waba_of(call, waba_id), _ids(call))
    return {"unarchived_templates": unarchived, "failed_templates": failed}


async def compare(call: Call, template_id: str) -> Json:
    """Block rate in increasing order, sends, and the reason given most."""
    one = template_of(call, template_id)
    others = [each.strip() for each in listed(call.argument("template_ids")) if each.strip()]
    if len(others) != 1 or others == [template_id]:
        raise invalid("Param template_ids must name one other template.")
    other = call.sandbox.world.state.templates.get(others[0])
    if other is None or other.waba_id != one.waba_id:
        raise invalid("Both templates must be of the same WhatsApp Business Account.")
    first, last = _timeframe(call)
    counted = {each.template_id: _counted(each, first, last) for each in (one, other)}
    least = call.sandbox.settings.compare_sends
    for key, day in counted.items():
        if day.sent < least:
            raise invalid(f"The template {key} was sent {day.sent} times in the timeframe, and must have been {least}.")
    rates = {key: day.blocks / max(day.sent, 1) for key, day in counted.items()}
    reasons = {each.template_id: _top_reason(each) for each in (one, other)}
    return {
        "data": [
            {
                "metric": "BLOCK_RATE",
                "type": "RELATIVE",
                "order_by_relative_metric": sorted(rates, key=rates.__getitem__),
            },
            {
                "metric": "MESSAGE_SENDS",
                "type": "NUMBER_VALUES",
                "number_values": [{"key": key, "value": day.sent} for key, day in counted.items()],
            },
            {
                "metric": "TOP_BLOCK_REASON",
                "type": "STRING_VALUES",
                "string_values": [{"key": key, "value": reason} for key, reason in reasons.items()],
            },
        ]
    }


def _timeframe(call: Call) -> tuple[int, int]:
    """Days since 1970, of a lookback that Meta knows."""
    start, end = call.argument("start"), call.argument("end")
    if not start.isdecimal() or not end.isdecimal():
        raise invalid("Params start and end must be Unix timestamps.")
    seconds = int(end) - int(start)
    if not any(abs(seconds - days * DAY) <= _SLACK for days in _LOOKBACKS):
        raise invalid(f"The timeframe must be one of {_LOOKBACKS} days.")
    return int(int(start) // DAY), int(int(end) // DAY)


def _counted(template: Template, first: int, last: int) -> Day:
    days = [day for number, day in template.days.items() if first <= number <= last]
    return Day(sent=sum(day.sent for day in days), blocks=sum(day.blocks for day in days))


def _top_reason(template: Template) -> str:
    reasons = template.block_reasons
    return max(reasons, key=reasons.__getitem__) if reasons else "NO_REASON_GIVEN"


async def library(call: Call, _: str) -> Json:
    require(call.token, MANAGEMENT, _NOT_ALLOWED)
    wanted = {name: call.argument(name) for name in ("search", "topic", "usecase", "industry", "language", "name")}
    return {"data": call.sandbox.library.search(wanted)}


async def upsert(call: Call, waba_id: str) -> Json:
    """One authentication template in many languages: made where it is missing, edited where it is there.

    All are checked before the first is touched.
    """
    waba = waba_of(call, waba_id)
    body = call.arguments
    languages = body.get("languages")
    if not isinstance(languages, list) or not languages:
        raise invalid("Param languages must be a non-empty array.")
    if str(body.get("category", "")).upper() != "AUTHENTICATION":
        raise invalid("Param category must be AUTHENTICATION.")
    rest = {key: value for key, value in body.items() if key != "languages"}
    rest["components"] = _filled(rest.get("components"))
    name, templates = str(rest.get("name", "")), call.sandbox.templates
    found = {str(each): call.sandbox.world.state.template(waba_id, name, str(each)) for each in languages}
    changes = {key: value for key, value in rest.items() if key not in {"name", "language"}}
    for language, template in found.items():
        if template is None:
            templates.check(waba, copy.deepcopy(rest) | {"language": language})
        else:
            templates.check_edit(template, copy.deepcopy(changes))
    made = []
    for language, template in found.items():
        if template is None:
            made.append(templates.create(waba, copy.deepcopy(rest) | {"language": language}))
        else:
            templates.edit(template, copy.deepcopy(changes))
            made.append(template)
    return {
        "data": [
            {
                "id": each.template_id,
                "status": each.status,
                "language": each.language,
                "category": each.category,
            }
            for each in made
        ]
    }


def _filled(components: object) -> object:
    """A switch that is not set is left out, as an expiry that is not given is no footer."""
    if not isinstance(components, list):
        return components
    made = []
    for component in components:
        if not isinstance(component, dict):
            return components
        kept = {key: value for key, value in component.items() if value is not None or key not in _SWITCHES}
        if str(kept.get("type", "")).upper() != "FOOTER" or "code_expiration_minutes" in kept:
            made.append(kept)
    return made


async def migrate(call: Call, waba_id: str) -> Json:
    """Copies what is approved, and of no bad quality, from another account of the same business."""
    waba = waba_of(call, waba_id)
    source = call.sandbox.accounts.waba(call.token, call.argument("source_waba_id"), "post")
    if source.waba_id == waba_id:
        raise invalid("Param source_waba_id must be another account.")
    asked = call.argument("page_number") or "0"
    if not asked.isdecimal():
        raise invalid("Param page_number must be a number from 0.")
    owned = [each for each in call.sandbox.world.state.templates.values() if each.waba_id == source.waba_id]
    migrated, failed = [], []
    for template in owned[int(asked) * _PAGE : (int(asked) + 1) * _PAGE]:
        fault = _copied(call, waba, template)
        if fault is None:
            migrated.append(template.template_id)
        else:
            failed.append({"id": template.template_id, "reason": fault})
    return {"migrated_templates": migrated} | ({"failed_templates": failed} if failed else {})


def _copied(call: Call, waba: Waba, template: Template) -> str | None:
    """Why it was not, if so."""
    if template.status != "APPROVED":
        return f"The template is {template.status}."
    if template.quality not in {"GREEN", "UNKNOWN"}:
        return f"The quality of the template is {template.quality}."
    copied = Template(
        template_id=new_id(),
        waba_id=waba.waba_id,
        name=template.name,
        language=template.language,
        category=template.category,
        parameter_format=template.parameter_format,
        components=copy.deepcopy(template.components),
        ttl_seconds=template.ttl_seconds,
        tracking_opted_out=template.tracking_opted_out,
        library_name=template.library_name,
    )
    try:
        call.sandbox.templates.add(waba, copied)
    except GraphError as refusal:
        return refusal.user_msg or refusal.message
    call.sandbox.templates.submit(copied)
    return None


ROUTES: Routes = {
    ("POST", "waba", "message_templates/archive"): archive,
    ("POST", "waba", "message_templates/unarchive"): unarchive,
    ("GET", "template", "compare"): compare,
    ("GET", "message_template_library", ""): library,
    ("POST", "waba", "upsert_message_templates"): upsert,
    ("POST", "waba", "migrate_message_templates"): migrate,
}
