"""Bodies of the operations on businesses, senders and alerts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from app.accounts.models import FeedType, LinkStyle, OnCategoryNotice, WordingCheck
from app.core.languages import OurLanguage

ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]


LanguageCode = Annotated[
    str,
    Field(pattern=r"^[a-z]{2,3}([-_][A-Z][A-Za-z]{1,3})?$", examples=["tr"]),
    AfterValidator(lambda code: code.replace("-", "_")),
]
"""As Meta writes it, with an underscore; taken with a hyphen too."""


def all_different(languages: list[str]) -> list[str]:
    if len(set(languages)) < len(languages):
        raise ValueError("must name each language once")
    return languages


FallbackLanguages = Annotated[list[LanguageCode], Field(max_length=10), AfterValidator(all_different)]


def _each_once(types: list[FeedType]) -> list[FeedType]:
    if len(set(types)) < len(types):
        raise ValueError("must name each type once")
    return types


FeedTypes = Annotated[list[FeedType], AfterValidator(_each_once)]


TopicName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
TopicLabel = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
OfferedTopics = Annotated[dict[TopicName, dict[OurLanguage, TopicLabel]], Field(max_length=50)]
Days = Annotated[int, Field(ge=1, le=3650, strict=True)]
ClickParameter = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$", examples=["ulak_click"])]


class Retention(BaseModel):
    """Days after which content is forgotten, counted from when it came. What is forgotten leaves who, when, what kind
    and what became of it; the consent ledger stays."""

    model_config = ConfigDict(extra="forbid")

    messages: Days | None = Field(default=None, description="What messages said, and to which number or user")
    replies: Days | None = Field(default=None, description="What customers answered")
    webhooks: Days | None = Field(default=None, description="What Meta reported, as it came")


class QuietHoursIn(BaseModel):
    """From `begins` to `ends` on the customer's clock, over midnight where `ends` is the earlier; the same time twice
    turns them off."""

    model_config = ConfigDict(extra="forbid")

    begins: ClockTime
    ends: ClockTime


class BusinessChange(BaseModel):
    """Only what is given changes. Null brings back what holds where nothing was ever said, of what has such a thing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"quiet_hours": {"begins": "22:00", "ends": "08:00"}, "critical_share": 20},
                {"language": "tr", "fallback_languages": ["en", "tr"], "link_style": "tracked"},
            ]
        },
    )

    language: LanguageCode | None = Field(
        default=None, description="Of customers whose own neither they nor the request says"
    )
    fallback_languages: FallbackLanguages | None = Field(
        default=None,
        description="Tried in this order where there is no usable template in the language that was chosen, nor in its "
        "base language (`en` for `en_GB`); none where the list is empty",
    )
    link_style: LinkStyle | None = Field(
        default=None,
        description="How the buttons of templates that are submitted from now on lead on: `plain` straight to "
        "the business's website, `tracked` by way of a short link of ours, which counts clicks and may lead anywhere. "
        "Meta fixes the beginning of a button's link in the template, so this changes no template that Meta has: each "
        "goes on as it was approved until it is edited (`ulak templates apply`), which Meta reviews",
    )

    on_category_notice: OnCategoryNotice | None = Field(
        default=None,
        description="What messages do whose template Meta is about to file as marketing, which it says a day before. "
        "`switch`: they take another variant of their event type; without one they go on as what the template still "
        "is. `hold`: they wait until a person decides. `continue`: they go on until the change takes effect. From then "
        "on none of the three sends by it: another variant is taken, or the message waits",
    )
    quiet_hours: QuietHoursIn | None = None
    critical_share: int | None = Field(default=None, ge=0, le=100, strict=True)
    wording_check: WordingCheck | None = Field(
        default=None,
        description="What an opt-in must prove. `strict`: exactly what the customer was shown, which names the "
        "business and WhatsApp. `shown`: what the customer was shown. `off`: nothing",
    )
    double_opt_in: bool | None = Field(
        default=None,
        strict=True,
        description="Whether every opt-in from outside WhatsApp waits for the customer's confirmation on WhatsApp; "
        "those of imported lists, which were given before, do not",
    )
    ask_when_unsure: bool | None = Field(
        default=None,
        strict=True,
        description="Whether a customer whose answer may be a wish to get no more messages is asked what was meant, "
        "with two buttons, at most once in 24 hours",
    )
    feed_types: FeedTypes | None = Field(
        default=None,
        description="Which of these events stand in the feed, too. Each message has several of them, so they are "
        "stored only from when somebody wants them; none where the list is empty, as it is at first",
        examples=[["message.failed", "message.expired"]],
    )
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$", examples=["#0b6b4f"])] | None = Field(
        default=None, description="Of the pages that customers see; null for ours"
    )
    privacy_url: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")] | None = Field(
        default=None, description="Of the privacy notice that those pages lead to; null where there is none"
    )
    offered_topics: OfferedTopics | None = Field(
        default=None,
        description="What those pages let customers choose, in this order: by topic its label by language (`tr`, "
        "`en`); without one, our own of the topic. None where it is null",
        examples=[{"orders": {}, "price_alerts": {"tr": "Fiyat alarmları", "en": "Price alerts"}}],
    )
    retention: Retention | None = Field(
        default=None, description="Days after which content is forgotten; kept for ever where nothing is said, or null"
    )
    click_parameter: ClickParameter | None = Field(
        default=None,
        description="By which name tracked links add the id of the click (`clk_…`) to the query of the address that "
        "they lead to, for the website to give back with a conversion; null adds nothing",
    )
    conversion_window_days: int | None = Field(
        default=None,
        ge=1,
        le=90,
        strict=True,
        description="How many days after a click or a message a conversion counts as come of it; for conversions that "
        "are reported from now on",
    )

    @field_validator(
        "language",
        "fallback_languages",
        "link_style",
        "on_category_notice",
        "quiet_hours",
        "critical_share",
        "wording_check",
        "double_opt_in",
        "ask_when_unsure",
        "feed_types",
        "conversion_window_days",
        mode="before",
    )
    @classmethod
    def _needed(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("null_not_allowed", "cannot be null: without it, it stays as it is")
        return value


class PortfolioOut(BaseModel):
    """How many customers all numbers together may begin to message in 24 hours."""

    messaging_limit: int | None = Field(description="By Meta; null where it is unlimited or not known")
    used: int = Field(description="Customers counted in the last 24 hours")
    known_at: datetime | None = Field(description="When Meta last said so")


class BusinessOut(BaseModel):
    id: str = Field(examples=["biz_019a8f3c2b7d7c31a4e5f60718293a4b"])
    name: str
    country: str
    language: str = Field(description="Of customers whose own neither they nor the request says")
    fallback_languages: list[str] = Field(
        description="Tried in this order where there is no usable template in the customer's language"
    )
    time_zone: str
    website: str
    link_style: LinkStyle = Field(
        description="What the links of templates begin with that are submitted from now on; how a message's own links "
        "lead, its approved template decides"
    )
    on_category_notice: OnCategoryNotice = Field(
        description="What messages do whose template Meta is about to file as marketing"
    )
    quiet_hours: QuietHoursIn
    critical_share: int = Field(description="Percentage of the daily new customers kept for critical event types")
    wording_check: WordingCheck = Field(description="What an opt-in must prove")
    double_opt_in: bool = Field(
        description="Whether every opt-in from outside WhatsApp, but for those of lists, is confirmed on WhatsApp"
    )
    ask_when_unsure: bool = Field(description="Whether customers who may want no more messages are asked")
    feed_types: list[FeedType] = Field(description="Which events of messages and links stand in the feed")
    colour: str = Field(description="Of the pages that customers see")
    privacy_url: str | None = Field(description="Of the privacy notice that those pages lead to")
    offered_topics: dict[str, dict[str, str]] = Field(description="What those pages let customers choose, with labels")
    retention: Retention
    click_parameter: str | None = Field(description="By which tracked links tell the website of the click")
    conversion_window_days: int = Field(description="How many days after it a conversion counts as come of a message")
    portfolio: PortfolioOut


class SenderChange(BaseModel):
    """Only what is given changes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"throughput": 80}]})

    throughput: int | None = Field(
        default=None, ge=1, le=1000, strict=True, description="Messages per second; null lets Meta's figure hold again"
    )


class PauseIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Stock-taking"}]})

    reason: str | None = Field(default=None, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")


class AlertOut(BaseModel):
    """What a person must know of a sender, and usually mend."""

    id: str = Field(examples=["alr_019a8f3c2b7d7c31a4e5f60718293a4b"])
    kind: Literal["sender_paused"]
    sender: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    code: int = Field(description="Meta's error code; 0 where a person paused the sender")
    error_class: str | None
    title: str
    meaning: str
    next_step: str
    details: str | None = Field(description="In Meta's words, or the person's reason")
    occurrences: int
    raised_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolution: Literal["person", "credentials", "probe"] | None = Field(
        description="A person resumed the sender; its token was renewed; a probe reached its customer"
    )


class AlertPage(BaseModel):
    alerts: list[AlertOut]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")


class SenderOut(BaseModel):
    """A WhatsApp number of the business, and whether and how fast it may send."""

    id: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    phone_number_id: str
    waba_id: str
    display_phone_number: str
    verified_name: str
    state: Literal["active", "paused"]
    paused_at: datetime | None
    paused_by: Literal["meta", "person"] | None
    probe_at: datetime | None = Field(
        description="When one message may try whether the obstacle is gone; null while only a person can end the pause"
    )
    throughput: int = Field(description="Messages per second that it may send")
    throughput_at_meta: int = Field(description="What Meta says")
    rate: float = Field(
        description="Messages per second just now: less than `throughput` after Meta said it is too fast"
    )
    status: str | None = Field(description="At Meta", examples=["CONNECTED"])
    quality: str | None = Field(description="At Meta", examples=["GREEN"])
    checked_at: datetime = Field(description="When Meta last confirmed all this")
    alerts: list[AlertOut] = Field(description="Those that are open")


class Senders(BaseModel):
    senders: list[SenderOut]
