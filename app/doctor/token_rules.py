"""What is made of a token's facts: whether it works, for how long, for what, and whose app's it is. Pure.

Source: Meta's pages "Access tokens" (kinds, life) and "debug_token".
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.doctor.outcomes import Check, Finding, Said, failed, meta, ok, said, unknown, warning
from app.doctor.readings import TOKEN_CODES, Known, Reading, Refused, cannot_tell, refuses_token
from app.whatsapp.errors import ErrorClass
from app.whatsapp.examining import MANAGEMENT, MESSAGING, AppSubscription, Examined, TokenFacts

_EXPIRED = 463
_OF_OTHER_APP = TOKEN_CODES | {1, 101}
"""Codes with which Graph refuses an app's id together with a secret that is not its own."""

_LASTING = frozenset({"SYSTEM_USER"})
_AGAIN = said("renew_token")


def token_finding(reading: Reading[Examined]) -> Finding:
    check = Check.TOKEN
    if isinstance(reading, Refused) and refuses_token(reading):
        error = reading.error
        if error.subcode == _EXPIRED:
            return failed(check, said("token_expired"), _AGAIN)
        return failed(check, said("token_refused", code=str(error.code), words=error.details or error.message), _AGAIN)
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    token = reading.value.token
    if not token.is_valid:
        return failed(check, said("token_invalid", words=token.problem or "–"), _AGAIN)
    if token.kind is not None and token.kind not in _LASTING:
        return warning(check, said("token_kind", kind=meta(token.kind)), said("use_system_user"))
    return ok(check, said("token_valid", kind=meta(token.kind)))


def expiry_finding(reading: Reading[Examined], now: datetime, warn_before: timedelta) -> Finding:
    check = Check.TOKEN_EXPIRY
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    token = reading.value.token
    ends = (("token_ends", token.expires_at), ("data_access_ends", token.data_access_expires_at))
    dated = [(key, at) for key, at in ends if isinstance(at, datetime)]
    near = [(key, at) for key, at in dated if at - now <= warn_before]
    told = [said(key, at=at, days=max(0, (at - now).days)) for key, at in near or dated]
    if any(at <= now for _, at in near):
        return failed(check, told, _AGAIN)
    if near:
        return warning(check, told, _AGAIN, said("make_it_last"))
    if dated:
        return ok(check, *told)
    if token.expires_at is None:
        return unknown(check, said("not_said"))
    return ok(check, said("token_lasts"))


def permissions_finding(reading: Reading[Examined], waba_id: str) -> Finding:
    check = Check.PERMISSIONS
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    token = reading.value.token
    if token.permissions is None:
        return unknown(check, said("not_said"))
    wrong = list(_lacking(token, waba_id))
    if not wrong:
        return ok(check, said("permissions_there", permissions=sorted({MESSAGING, MANAGEMENT})))
    is_other = all(one.key == "permission_for_others" for one in wrong)
    return failed(check, wrong, said("give_account" if is_other else "give_permission", waba=waba_id))


def _lacking(token: TokenFacts, waba_id: str) -> Iterator[Said]:
    for permission in (MESSAGING, MANAGEMENT):
        if permission not in (token.permissions or ()):
            yield said("permission_missing", permission=permission)
        elif not token.covers(permission, waba_id):
            yield said("permission_for_others", permission=permission, waba=waba_id)


def app_finding(token: Reading[Examined], subscription: Reading[AppSubscription | None]) -> Finding:
    """Webhooks are believed by the secret that is stored with the sender: it must be that of the token's app."""
    check = Check.APP
    if not isinstance(token, Known):
        return cannot_tell(check, token)
    facts = token.value.token
    if facts.app_id is None:
        return unknown(check, said("not_said"))
    name = facts.app_name or "–"
    if isinstance(subscription, Refused) and _is_secret_refused(subscription):
        return failed(check, said("app_other", app=facts.app_id, name=name), said("use_one_app", app=facts.app_id))
    if not isinstance(subscription, Known):
        return cannot_tell(check, subscription)
    return ok(check, said("app_own", app=facts.app_id, name=name))


def _is_secret_refused(reading: Refused) -> bool:
    error = reading.error
    return error.code in _OF_OTHER_APP or error.entry.error_class is ErrorClass.AUTH
