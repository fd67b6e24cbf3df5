"""Configuration of the sandbox: environment variables with the prefix ULAK_SANDBOX_.

What Meta does not state (or states twice, differently) is a setting here and not a constant in the code.
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.sandbox.faults import FaultDial

Seconds = Annotated[float, Field(ge=0)]


class SandboxSettings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="ULAK_SANDBOX_",
        env_nested_delimiter="__",
        env_parse_none_str="null",  # as in the control API
        extra="ignore",
        frozen=True,
    )

    data_dir: Path | None = None
    """Where the state is kept over a restart; without it everything lives in memory only."""
    snapshot_delay: Seconds = 1.0
    """A change is on disk at most this much later (longer when writing itself takes long)."""
    snapshot_messages: int = Field(default=5_000, ge=0)
    """Newest messages kept on disk; those still on their way are kept in any case."""
    message_history: int = Field(default=200_000, ge=100)
    """Newest messages kept in memory, both directions."""
    clock: Literal["real", "manual"] = "real"
    """`manual` stands still and moves only by POST /control/clock/advance."""
    seed: int = 0
    """Of the delays' jitter, so that a run can be repeated; the faults have their own. Identifiers are never taken
    from either."""

    faults: FaultDial = Field(default_factory=FaultDial)
    """What goes wrong, until changed by /control/faults: ULAK_SANDBOX_FAULTS__LOST_ANSWERS=0.05."""

    review_delay: Seconds = 1.0
    """From the submission of a template to its approval or rejection, unless the dial says otherwise."""
    sent_delay: Seconds = 0.3
    delivered_delay: Seconds = 0.8
    read_delay: Seconds = 1.5
    """The three are counted from the acceptance of the message."""
    delay_jitter: float = Field(default=0.1, ge=0, lt=1)
    """Each delay is stretched or shrunk by up to this share of itself."""
    auto_read: bool = True
    """Off: a message is read when its chat is opened on the phone page, or by the control API."""

    webhook_batch: int = Field(default=100, ge=1, le=1000)
    """Most updates in one POST."""
    webhook_shape: Literal["entries", "changes", "statuses"] = "changes"
    """How a batch is nested: one entry per update; one change per update; or statuses of a number merged."""
    webhook_flush: Seconds = 0.05
    """How long an update waits for others to share its POST."""
    webhook_concurrency: int = Field(default=16, ge=1)
    webhook_timeout: float = Field(default=10.0, gt=0)
    webhook_retry_first: Seconds = 1.0
    webhook_retry_factor: float = Field(default=3.0, ge=1)
    webhook_retry_longest: Seconds = 3600.0
    webhook_retry_for: Seconds = 7 * 86_400.0
    """Meta's pages disagree: 7 days or 36 hours."""
    webhook_backlog: int = Field(default=10_000, ge=1)
    """Undelivered POSTs kept; the oldest is dropped over it."""

    pricing_since: date = date(2026, 10, 1)
    """From this day utility inside the service window is charged and service messages have a free tier."""
    free_service_messages: int = Field(default=1_000, ge=0)
    """Free tier of service messages per number and calendar month."""

    rewrite_brazil: bool = True
    rewrite_mexico: bool = True
    rewrite_argentina: bool = True
    """wa_id differs from what was dialled, as these countries' numbers do."""
    plus_rule: Literal["prepend", "lenient"] = "prepend"
    """`to` without `+`: the business number's country code goes before it, as Meta's page says; `lenient` takes
    digits that already form a valid international number as they are."""
    bsuid: bool = True
    """Business-scoped user ids on every webhook."""
    unknown_bsuid_code: int = 131026

    http_statuses: dict[int, int] = Field(default_factory=dict)
    """HTTP status by error code, over the catalogue's: Meta prints them no more."""
    parameter_fault_code: int = 132018
    """New line, tab or run of spaces in a parameter, for calls of v23.0 and later; older ones answer 132012."""
    empty_parameter_code: int = 132018
    closed_window: Literal["async", "sync"] = "async"
    """How a free-form message outside the service window fails with 131047."""
    unknown_context: Literal["refuse", "drop"] = "refuse"
    """A send that quotes a message which is not of the chat: refused with 131009, or sent without the quote."""
    quiet_kinds: frozenset[str] = frozenset({"edit", "revoke", "system"})
    """What of customers does not open the service window; Meta only says that messages do."""
    edit_within: Seconds = 15 * 60.0
    revoke_within: Seconds = 2 * 86_400.0
    """How long after sending it a customer can change a message, and take it back."""
    amendments: Literal["told", "unsupported", "untold"] = "told"
    """How the business hears of that: by the webhooks `edit` and `revoke`, which Meta promises only to numbers shared
    with the Business app; as an unsupported message, as it once was for some weeks; or not at all."""
    inbound_media_url: bool = True
    """Whether webhooks of media carry the address of the bytes too; it may be absent."""
    request_welcome: bool = False
    """Whether the first opening of a chat on the phone page is reported; at Meta the feature is off by default."""
    message_status: bool = True
    """Whether template sends are answered with `message_status`: one page says only while pacing."""

    copy_code_length: int = Field(default=15, ge=1)
    payload_length: int = Field(default=128, ge=1)
    """Of a template's quick-reply button."""
    payload_fallback: Literal["label", "absent"] = "label"
    """What a tapped quick reply carries when the send gave it no payload."""
    words_per_variable: float = Field(default=2.0, ge=0)
    """A body with n variables needs this times n, and one, words; 0 turns the check off."""
    named_digits: bool = True
    """Whether a named parameter's name may hold digits."""
    alphanumeric_labels: bool = False
    """Whether button labels may hold letters, digits and spaces only."""
    reject_duplicate_content: bool = True
    """Whether a template with body and footer of another one is rejected."""
    judge_language: bool = True
    """Whether a template that is written in another language than it is filed under is rejected."""
    reject_short_links: bool = True
    """Whether a template whose button leads to a link shortener, or back to WhatsApp, is rejected."""
    disabled_editable: bool = False
    """One page lets disabled templates be edited and submitted again, another asks for a new one."""
    quality_sample: int = Field(default=20, ge=1)
    """Messages delivered, or complaints, before a template has a quality. Meta publishes none of these figures."""
    quality_yellow: float = Field(default=0.02, gt=0, le=1)
    quality_red: float = Field(default=0.05, gt=0, le=1)
    """Share of the customers who block or report, from which on a template's quality is that."""
    quality_days: int = Field(default=7, ge=1)
    """How long what customers do counts."""
    quality_recovery: Seconds = 3600.0
    """Quality gets better at the earliest so long after it last changed; worse at once."""
    first_pause: Seconds = 3 * 3600.0
    second_pause: Seconds = 6 * 3600.0
    unpause_lifts: Literal["any", "pacing"] = "any"
    """Which pauses POST /{template}/unpause lifts."""
    unpause_wait: Seconds = 300.0
    """How long a pause by pacing lasts at least."""
    pacing_utility_days: int = Field(default=7, ge=0)
    """How long an account's utility templates are paced after one of them was paused."""
    category_notice: Seconds = 86_400.0
    """From the notice of another category to its effect."""
    archive_after_days: int = Field(default=365, ge=1)
    archived_kept_days: int = Field(default=28, ge=1)
    archive_paths: Literal["both", "versioned", "bare"] = "both"
    """Whether archive and unarchive are called with a version before the account's id, or without, as a public client
    does on a host of its own."""
    pending_deletion_days: int = Field(default=30, ge=1)
    """How long a deleted template waits for messages that are not delivered yet."""
    compare_sends: int = Field(default=1_000, ge=0)
    """How often each of two templates must have been sent to be compared."""
    contact_cards: int = Field(default=257, ge=1)
    """Meta's page says 257, its OpenAPI document 5."""
    templates_per_waba: int = Field(default=250, ge=1)
    template_name_reuse_days: int = Field(default=30, ge=0)
    name_filter: Literal["part", "exact"] = "part"
    """How the list of templates takes its filter `name`."""
    message_history_available: bool = True
    """Whether numbers have the edge message_history; not every account does."""
    direct_send: bool = False
    """Direct Send (beta): `category` on a free-form message."""

    magic_pattern: str | None = r"(\d{5})$"
    """Its group, found in a recipient's digits, is looked up in the table of magic numbers. Empty: none is magic."""

    @field_validator("magic_pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        if not pattern:
            return None
        if re.compile(pattern).groups != 1:
            raise ValueError("must be a regular expression with exactly one group")
        return pattern
