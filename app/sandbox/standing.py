"""How a number stands at Meta, with its token, its app and its account: all well, or as somebody has set it.

What can be wrong before a message is ever sent. What it does to sends and webhooks it does here too.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Url = Annotated[str, Field(pattern=r"^https?://", max_length=200)]
Entity = Literal["PHONE_NUMBER", "WABA", "BUSINESS", "APP"]
Lasting = Annotated[float, Field(ge=0, le=10 * 366 * 86_400)]
NumberStatus = Literal[
    "CONNECTED",
    "PENDING",
    "FLAGGED",
    "RESTRICTED",
    "RATE_LIMITED",
    "BANNED",
    "DISCONNECTED",
    "MIGRATED",
    "DELETED",
]

_NOT_REGISTERED, _LOCKED, _UNPAID = 133010, 131031, 131042
_SENDS_FAIL_WITH = {
    "PENDING": _NOT_REGISTERED,
    "DISCONNECTED": _NOT_REGISTERED,
    "MIGRATED": _NOT_REGISTERED,
    "DELETED": _NOT_REGISTERED,
    "RESTRICTED": _LOCKED,
    "BANNED": _LOCKED,
}
_SENDS_FAIL_FOR = {141006: _UNPAID, 141014: _LOCKED}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class HealthFault(_Model):
    """Why an entity cannot send, or not all that it could."""

    can_send_message: Literal["LIMITED", "BLOCKED"]
    code: Annotated[int, Field(ge=1, le=999_999_999)]
    description: Annotated[str, Field(min_length=1, max_length=500)]
    solution: Annotated[str, Field(max_length=500)] = ""


class Standing(_Model):
    """Without a change of it all is well."""

    token: Literal["valid", "expired", "revoked"] = "valid"  # noqa: S105 - a state, not a secret
    """`expired` and `revoked`: every call that is made with it fails with 190."""
    token_expires_in: Lasting | None = None
    """Seconds from whenever it is asked; None: never, or as the account was made with."""
    data_access_expires_in: Lasting | None = None
    token_type: Literal["SYSTEM_USER", "USER", "PAGE"] = "SYSTEM_USER"  # noqa: S105
    token_app: Annotated[str, Field(pattern=r"^\d{1,32}$")] | None = None
    """Id of another app, which issued it; None: the account's own."""
    missing_permissions: frozenset[Literal["whatsapp_business_messaging", "whatsapp_business_management"]] = frozenset()
    covers_account: bool = True
    """Off: the token was given other accounts, and this one does not exist for it."""

    subscribed: bool = True
    """Whether the app is subscribed to the account."""
    subscription_active: bool = True
    callback_url: Url | None = None
    """Where the app's webhooks go instead."""
    missing_fields: frozenset[Annotated[str, Field(max_length=64)]] = frozenset()
    """Webhook fields that the app is not subscribed to."""
    override_url: Url | None = None
    """An address of the account's own, which goes before the app's for messages."""

    status: NumberStatus = "CONNECTED"
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] = "GREEN"
    name_status: Literal["APPROVED", "AVAILABLE_WITHOUT_REVIEW", "DECLINED", "EXPIRED", "PENDING_REVIEW", "NONE"] = (
        "APPROVED"
    )
    code_verification_status: Literal["VERIFIED", "NOT_VERIFIED", "EXPIRED"] = "VERIFIED"
    platform_type: Literal["CLOUD_API", "ON_PREMISE", "NOT_APPLICABLE"] = "CLOUD_API"
    on_business_app: bool = False
    """Whether the number is shared with the Business app."""

    account_review: Literal["APPROVED", "PENDING", "REJECTED"] = "APPROVED"
    business_verification: Literal[
        "verified", "not_verified", "pending", "pending_submission", "failed", "rejected", "expired", "revoked"
    ] = "verified"
    health: dict[Entity, HealthFault] = Field(default_factory=dict)

    @property
    def changed(self) -> dict[str, object]:
        """What is not as it should be."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def send_fault(self) -> int | None:
        """The code that every send fails with."""
        codes = [_SENDS_FAIL_FOR.get(one.code) for one in self.health.values() if one.can_send_message == "BLOCKED"]
        return _SENDS_FAIL_WITH.get(self.status) or next((code for code in codes if code), None)


WELL = Standing()

_PAYMENT = HealthFault(
    can_send_message="BLOCKED",
    code=141006,
    description="There is an error with the payment method. This will block business initiated conversations.",
    solution="There was an error with your payment method. Please add a new payment method to the account.",
)
_BANNED = HealthFault(
    can_send_message="BLOCKED",
    code=141014,
    description="The WABA is banned.",
    solution="Please visit Business Support Home for details on how to appeal the ban.",
)
_UNVERIFIED = HealthFault(
    can_send_message="LIMITED",
    code=141010,
    description="The Business has not passed business verification.",
    solution="Visit business settings and start or resolve the business verification request.",
)
_DAY = 86_400.0
_ELSEWHERE = "https://elsewhere.example/webhooks"

FAULTS: dict[str, Standing] = {
    "token_expired": Standing(token="expired"),  # noqa: S106 - a state, not a secret
    "token_revoked": Standing(token="revoked"),  # noqa: S106
    "token_expiring": Standing(token_expires_in=3 * _DAY),
    "data_access_expiring": Standing(data_access_expires_in=3 * _DAY),
    "token_of_person": Standing(token_type="USER"),  # noqa: S106
    "other_app": Standing(token_app="900000000000009"),  # noqa: S106
    "no_messaging": Standing(missing_permissions=frozenset({"whatsapp_business_messaging"})),
    "no_management": Standing(missing_permissions=frozenset({"whatsapp_business_management"})),
    "other_account": Standing(covers_account=False),
    "not_subscribed": Standing(subscribed=False),
    "subscription_inactive": Standing(subscription_active=False),
    "wrong_callback": Standing(callback_url=_ELSEWHERE),
    "no_messages_field": Standing(missing_fields=frozenset({"messages"})),
    "no_template_fields": Standing(
        missing_fields=frozenset({"message_template_status_update", "template_category_update"})
    ),
    "override_elsewhere": Standing(override_url=_ELSEWHERE),
    "disconnected": Standing(status="DISCONNECTED"),
    "flagged": Standing(status="FLAGGED"),
    "restricted": Standing(status="RESTRICTED"),
    "unverified_number": Standing(status="PENDING", code_verification_status="NOT_VERIFIED"),
    "quality_yellow": Standing(quality="YELLOW"),
    "quality_red": Standing(quality="RED"),
    "business_app": Standing(on_business_app=True),
    "name_declined": Standing(name_status="DECLINED"),
    "name_pending": Standing(name_status="PENDING_REVIEW"),
    "business_unverified": Standing(business_verification="not_verified"),
    "verification_rejected": Standing(business_verification="rejected"),
    "account_rejected": Standing(account_review="REJECTED"),
    "account_in_review": Standing(account_review="PENDING"),
    "no_payment": Standing(health={"WABA": _PAYMENT}),
    "account_banned": Standing(health={"WABA": _BANNED}),
    "business_limited": Standing(health={"BUSINESS": _UNVERIFIED}),
}
"""By name, those that the faults page offers: each changes nothing else."""
