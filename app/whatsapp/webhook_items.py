"""What Meta's webhooks are made of: the shapes on the wire, as far as they are read, and the items taken from them.

Source: Meta's "webhook reference" pages. Whatever is not named here is skipped, and stays in an item's raw bytes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

StatusName = Literal["sent", "delivered", "read", "failed"]

Part = Literal["body", "entry", "change", "status", "message"]
"""Which part of a webhook some raw bytes are."""

EMPTY = Raw(b"[]")


class Envelope(Struct):
    entry: list[Raw]
    object: str


class Entry(Struct):
    changes: list[Raw]
    id: str | int
    time: Any = None


class Change(Struct):
    field: str
    value: Raw


class Metadata(Struct):
    phone_number_id: str


class MessagesValue(Struct):
    metadata: Metadata
    contacts: Raw = Raw()
    statuses: Raw = EMPTY
    messages: Raw = EMPTY
    errors: Raw = EMPTY


class Pricing(Struct):
    category: str | None = None
    type: str | None = None
    billable: bool | None = None
    pricing_model: str | None = None


class ErrorData(Struct):
    details: str | None = None


class StatusError(Struct):
    code: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    title: str | None = None
    message: str | None = None
    error_data: ErrorData | None = None


class Status(Struct):
    id: str
    status: str
    timestamp: str | int
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    recipient_parent_user_id: str | None = None
    biz_opaque_callback_data: str | None = None
    pricing: Pricing | None = None
    errors: list[StatusError] = []


class StatusCore(Struct):
    """What a receipt is worth without its trimmings, for the day when one of those changes its shape."""

    id: str
    status: str
    timestamp: str | int
    biz_opaque_callback_data: str | None = None


class Context(Struct):
    id: str | None = None


class Inbound(Struct):
    id: str
    type: str
    timestamp: str | int
    from_: str | None = msgspec.field(name="from", default=None)
    from_user_id: str | None = None
    from_parent_user_id: str | None = None
    context: Context | None = None
    system: Raw = Raw()


class Customer(Struct):
    """One of the `contacts` beside messages and preferences."""

    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class System(Struct):
    """Of a message by WhatsApp itself: that the customer has another number or user id now. Where the number may not be
    shared, only the latter is told."""

    type: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None
    """What `wa_id` was called once."""
    user_id: str | None = None
    parent_user_id: str | None = None
    previous_user_id: str | None = None
    previous_parent_user_id: str | None = None


class PreferencesValue(Struct):
    metadata: Metadata
    user_preferences: list[Raw]
    contacts: Raw = Raw()


class UserPreference(Struct):
    category: str
    value: str
    timestamp: str | int
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class RejectionInfo(Struct):
    reason: str | None = None
    recommendation: str | None = None


class OtherInfo(Struct):
    title: str | None = None


class DisableInfo(Struct):
    disable_date: str | float | None = None


class AboutTemplate(Struct):
    """What all webhooks about templates name; ids are integers here and strings in the API."""

    message_template_id: int | str
    message_template_name: str
    message_template_language: str


class TemplateStatus(AboutTemplate, kw_only=True):
    """`message_template_status_update`."""

    event: str
    reason: str | None = None
    message_template_category: str | None = None
    rejection_info: RejectionInfo | None = None
    other_info: OtherInfo | None = None
    disable_info: DisableInfo | None = None


class TemplateStatusCore(AboutTemplate, kw_only=True):
    """What it is worth without its trimmings, for the day when one of those changes its shape."""

    event: str


class TemplateQuality(AboutTemplate, kw_only=True):
    """`message_template_quality_update`."""

    new_quality_score: str


class TemplateCategory(AboutTemplate, kw_only=True):
    """`template_category_update`: a notice where there is a correct category, else that it took effect."""

    new_category: str
    correct_category: str | None = None
    previous_category: str | None = None
    category_update_timestamp: str | float | None = None


class TemplateDetection(AboutTemplate, kw_only=True):
    """`template_correct_category_detection`."""

    correct_category: str


class TemplateComponents(AboutTemplate, kw_only=True):
    """`message_template_components_update`, as far as it is read: the list says it all, and in the words of the API."""

    message_template_element: str | None = None
    message_template_title: str | None = None
    message_template_footer: str | None = None


class NumberQuality(Struct):
    """`phone_number_quality_update`; the number is named by what people dial."""

    display_phone_number: str
    event: str
    current_limit: str | int | None = None
    max_daily_conversations_per_business: str | int | None = None


class Capability(Struct):
    """`business_capability_update`: Meta's page types the limit as a tier's name and as a number."""

    max_daily_conversations_per_business: str | int | None = None


class BanInfo(Struct):
    waba_ban_state: str | None = None


class ViolationInfo(Struct):
    violation_type: str | None = None


class Restriction(Struct):
    restriction_type: str | None = None


class AccountUpdate(Struct):
    """`account_update`, as far as it says whether the account may send."""

    event: str
    ban_info: BanInfo | None = None
    violation_info: ViolationInfo | None = None
    restriction_info: list[Restriction] = []


@dataclass(slots=True)
class StatusItem:
    phone_number_id: str
    wamid: str
    status: StatusName
    at: datetime
    callback_data: str | None
    recipient_id: str | None
    recipient_user_id: str | None
    pricing: Pricing | None
    errors: list[StatusError]
    raw: bytes
    recipient_parent_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class InboundItem:
    phone_number_id: str
    wamid: str
    type: str
    at: datetime
    from_wa_id: str | None
    from_user_id: str | None
    context_wamid: str | None
    raw: bytes
    contacts: bytes | None
    from_parent_user_id: str | None = None
    renamed: System | None = None
    """That the customer goes by other names now."""


@dataclass(frozen=True, slots=True)
class PreferenceItem:
    """What a customer told Meta of the business's marketing."""

    field: ClassVar[str] = "user_preferences"
    waba_id: str
    phone_number_id: str
    value: Literal["stop", "resume"]
    at: datetime
    wa_id: str | None
    user_id: str | None
    parent_user_id: str | None
    raw: bytes
    """The whole change: as such it is taken again."""


TemplateUpdate = TemplateStatus | TemplateQuality | TemplateCategory | TemplateDetection | TemplateComponents


@dataclass(frozen=True, slots=True)
class TemplateItem:
    field: str
    waba_id: str
    update: TemplateUpdate
    at: datetime | None
    raw: bytes

    @property
    def meta_id(self) -> str:
        return str(self.update.message_template_id)

    @property
    def name(self) -> str:
        return self.update.message_template_name

    @property
    def language(self) -> str:
        """As the API writes it; webhooks write it with a hyphen, too."""
        return self.update.message_template_language.replace("-", "_")


@dataclass(frozen=True, slots=True)
class NumberItem:
    field: ClassVar[str] = "phone_number_quality_update"
    waba_id: str
    update: NumberQuality
    raw: bytes


@dataclass(frozen=True, slots=True)
class CapabilityItem:
    field: ClassVar[str] = "business_capability_update"
    waba_id: str
    update: Capability
    raw: bytes


@dataclass(frozen=True, slots=True)
class AccountItem:
    field: ClassVar[str] = "account_update"
    waba_id: str
    update: AccountUpdate
    at: datetime | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class OtherItem:
    """Readable but not acted on: a field or status that this version does not know."""

    field: str
    waba_id: str | None
    phone_number_id: str | None
    part: Part
    raw: bytes


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    field: str | None
    waba_id: str | None
    phone_number_id: str | None
    error: str
    part: Part
    raw: bytes


AboutSenders = NumberItem | CapabilityItem | AccountItem
"""What says how much, or whether, a number or an account may send."""

Item = StatusItem | InboundItem | PreferenceItem | TemplateItem | AboutSenders | OtherItem | UnreadableItem
