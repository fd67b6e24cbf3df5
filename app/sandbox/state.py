"""Everything the simulated Meta remembers, as plain records that become JSON as they are."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal

from app.sandbox.clock import Job
from app.sandbox.faults import FaultDial
from app.sandbox.standing import Standing

Json = dict[str, Any]


@dataclass(slots=True)
class MetaApp:
    app_id: str
    secret: str
    name: str
    callback_url: str | None = None
    verify_token: str = ""
    fields: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Override:
    """A callback address that goes before the app's own."""

    url: str
    verify_token: str


@dataclass(slots=True)
class Waba:
    waba_id: str
    business_id: str
    name: str
    currency: str = "EUR"
    subscribed: dict[str, Override | None] = field(default_factory=dict)
    """By app id."""
    deleted_names: dict[str, float] = field(default_factory=dict)
    """When a template that was once approved was deleted, by `name`, or by `name/language` for one language of it."""
    misuse_warned: bool = False
    """Of filing marketing as utility: from then on categories are changed without notice."""
    utility_paused_at: float | None = None
    """When a utility template of it was last paused: for a while its utility templates are paced too."""


@dataclass(slots=True)
class Number:
    number_id: str
    waba_id: str
    display_phone_number: str
    """E.164, with the plus sign."""
    verified_name: str
    override: Override | None = None
    service_sends: dict[str, int] = field(default_factory=dict)
    """Free-form messages by month (`2026-11`), for the free tier."""
    throughput: float | None = None
    """Messages per second; None: as the dial says."""
    maintenance_until: float = 0.0

    @property
    def digits(self) -> str:
        return "".join(filter(str.isdigit, self.display_phone_number))


@dataclass(slots=True)
class Condition:
    """What is the matter with a number: every send fails with it until it is lifted."""

    code: int
    details: str
    since: float
    until: float | None = None


@dataclass(slots=True)
class Portfolio:
    """What the numbers of one business share."""

    messaging_limit: int | None = None
    has_own_limit: bool = False
    """Otherwise the dial says it."""
    starts: OrderedDict[str, float] = field(default_factory=OrderedDict)
    """When each customer was last written to outside a service window, oldest first."""


@dataclass(slots=True)
class Token:
    value: str
    app_id: str
    business_id: str
    permissions: list[str]
    issued_at: float
    expires_at: float | None = None


@dataclass(slots=True)
class Day:
    """What became of a template's messages on one day."""

    sent: int = 0
    delivered: int = 0
    blocks: int = 0
    reports: int = 0


Pause = Literal["", "FIRST_PAUSE", "SECOND_PAUSE", "RATE_LIMITING_PAUSE"]


@dataclass(slots=True)
class Template:
    template_id: str
    waba_id: str
    name: str
    language: str
    category: str
    parameter_format: str
    components: list[Json]
    status: str = "PENDING"
    previous_category: str | None = None
    correct_category: str | None = None
    rejected_reason: str = "NONE"
    quality: str = "UNKNOWN"
    ttl_seconds: int | None = None
    tracking_opted_out: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    approved_once: bool = False
    edited_at: list[float] = field(default_factory=list)
    """Edits made while it was approved, for the daily and monthly limit."""
    library_name: str | None = None
    """Of the library's template that it was made from."""
    submissions: int = 0
    review_due: float | None = None
    judgement: list[str] = field(default_factory=list)
    """What the review found in it, in words."""
    cause: str = ""
    """Of an INVALID_FORMAT."""
    quality_at: float = 0.0
    """When its quality last changed."""
    days: dict[int, Day] = field(default_factory=dict)
    """Everything that is still counted, by day since 1970."""
    assessed: dict[int, Day] = field(default_factory=dict)
    """What its quality is computed from: it begins anew with a pause."""
    block_reasons: dict[str, int] = field(default_factory=dict)
    blocks: float | None = None
    reports: float | None = None
    """Chances that a customer who gets it blocks or reports the business; None: as the dial says."""
    pauses: int = 0
    pause: Pause = ""
    paused_at: float | None = None
    paused_until: float | None = None
    """None while it is paused: only an unpause lifts it."""
    pacing: Literal["", "on", "passed"] = ""
    """`on` holds every send until decided; `passed` holds none."""
    paced_sends: int = 0
    held: list[str] = field(default_factory=list)
    """Messages that wait for the decision of pacing."""
    category_due: float | None = None
    """When `correct_category` takes effect."""
    active_at: float = 0.0
    """Last creation, edit, send, appeal or unarchival."""
    archived_at: float | None = None
    archived_from: str = ""
    """Its status before."""
    undelivered: list[str] = field(default_factory=list)
    """Messages for whose delivery its deletion waits."""
    deletion_due: float | None = None


@dataclass(slots=True)
class Media:
    media_id: str
    number_id: str
    mime_type: str
    sha256: str
    size: int
    filename: str
    created_at: float
    inbound: bool = False


@dataclass(slots=True)
class Upload:
    """A resumable upload; its handle is what a template's header sample names."""

    upload_id: str
    app_id: str
    file_name: str
    file_type: str
    length: int
    received: int = 0
    handle: str | None = None


@dataclass(slots=True)
class StatusEntry:
    status: str
    at: float
    code: int | None = None
    details: str | None = None
    delivery_id: str | None = None
    """The webhook POST that tells of it, once there is one; empty where none ever will."""


@dataclass(slots=True)
class Message:
    wamid: str
    direction: Literal["out", "in"]
    number_id: str
    wa_id: str
    type: str
    at: float
    content: Json
    """As sent (out) or as reported by webhook (in)."""
    view: Json
    """What the customer sees: header, body, footer, buttons."""
    input: str = ""
    """The recipient exactly as the caller wrote it."""
    context_id: str | None = None
    context: Json | None = None
    """Of a customer's message beside that: that it is forwarded, or the product it is about."""
    callback_data: str | None = None
    template_id: str | None = None
    category: str = "service"
    pricing: Json | None = None
    failure: tuple[int, str] | None = None
    """Code and details that the message is going to fail with."""
    statuses: list[StatusEntry] = field(default_factory=list)
    seen_by_business: bool = False
    edited_at: float | None = None
    revoked_at: float | None = None
    """Of a customer's message that was changed or taken back; `content` stays as it was first reported."""
    key: str = ""
    attempt: int = 0
    """What the chances of this message are taken from: which try it was of which key."""
    faults: list[str] = field(default_factory=list)
    """Names of those that were injected into it."""

    @property
    def status(self) -> str:
        return self.statuses[-1].status if self.statuses else "accepted"

    @property
    def stands_alone(self) -> bool:
        """A bubble of the chat, and nothing that is done to another or told of the customer."""
        return self.type not in {"reaction", "system", "request_welcome"} and "amends" not in self.view

    @property
    def takes_reactions(self) -> bool:
        return self.stands_alone and self.revoked_at is None

    def has(self, status: str) -> bool:
        return any(entry.status == status for entry in self.statuses)

    def told(self, status: str) -> bool:
        """The business can know of it."""
        return any(entry.status == status and entry.delivery_id != "" for entry in self.statuses)


@dataclass(slots=True)
class Chat:
    """One customer with one business number; opened by the first message in either direction."""

    number_id: str
    wa_id: str
    profile_name: str = ""
    username: str = ""
    last_inbound_at: float | None = None
    entry_point_at: float | None = None
    """When the customer came by an advertisement."""
    free_until: float | None = None
    """End of the free entry point window, once the business has answered in it."""
    typing_until: float = 0.0
    last_at: float = 0.0
    wamids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Delivery:
    """One webhook POST that has not been answered with 200 yet."""

    delivery_id: str
    app_id: str
    url: str
    body: str
    updates: int
    created_at: float
    attempts: int = 0
    error: str = ""
    """Why the last attempt failed."""


@dataclass(slots=True)
class Update:
    """One thing to tell the subscribers of an account."""

    waba_id: str
    field: str
    value: Json
    at: int
    number_id: str | None = None
    key: str = ""
    attempt: int = 0
    """What its chances are taken from."""
    wamid: str | None = None
    entry: int | None = None
    """The message that it is of, and which of its statuses."""
    alone: bool = False
    """Leaves in a POST of its own."""


@dataclass(slots=True)
class State:
    apps: dict[str, MetaApp] = field(default_factory=dict)
    wabas: dict[str, Waba] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)
    bsuids: dict[str, str] = field(default_factory=dict)
    """wa_id by business-scoped user id."""
    hidden: dict[str, bool] = field(default_factory=dict)
    """By wa_id, whether the number is withheld; where nothing is said, the dial's chance decides."""
    stopped: dict[str, float] = field(default_factory=dict)
    """Since when a customer lets no marketing of a number through, by `number id:wa_id`."""
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    dropped: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """Why a webhook POST was given up, by its id."""
    held_updates: dict[str, Update] = field(default_factory=dict)
    """Those that leave later, by the subject of their job."""
    dial: FaultDial | None = None
    """Set once it was changed; the settings' own holds otherwise."""
    injected: dict[str, int] = field(default_factory=dict)
    """How often each fault was, by name."""
    attempts: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """How often each key was tried."""
    conditions: dict[str, Condition] = field(default_factory=dict)
    """By phone number id."""
    standings: dict[str, Standing] = field(default_factory=dict)
    """By phone number id, of those that do not stand well."""
    portfolios: dict[str, Portfolio] = field(default_factory=dict)
    """By business id."""
    jobs: list[Job] = field(default_factory=list)
    """Filled when a snapshot is taken; the scheduler owns them otherwise."""
    now: float = 0.0

    def chat(self, number_id: str, wa_id: str) -> Chat:
        key = f"{number_id}:{wa_id}"
        chat = self.chats.get(key)
        if chat is None:
            chat = self.chats[key] = Chat(number_id, wa_id)
        return chat

    def portfolio(self, business_id: str) -> Portfolio:
        return self.portfolios.setdefault(business_id, Portfolio())

    def template(self, waba_id: str, name: str, language: str) -> Template | None:
        for template in self.templates.values():
            if template.name == name and template.language == language and template.waba_id == waba_id:
                return template
        return None
