"""Meta's error codes as a table: who must act, what it means, what to do next.

Source: Meta's page "Error codes" (developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes)
and, for codes that it no longer lists, the observations of maintained public clients. Nothing here branches on HTTP
statuses: Meta's page stopped printing them, and throttling arrives as 400 as well as 429.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class ErrorClass(StrEnum):
    AUTH = "auth"
    """The token or a permission: nothing of this sender can go out until a person acts."""
    BILLING = "billing"
    PAUSE = "pause"
    """The account or number is blocked or not ready: the sender rests until a person acts or Meta lifts it."""
    THROTTLE = "throttle"
    """The sender was too fast."""
    PAIR = "pair"
    """Too many messages to this one recipient; others are not affected."""
    RETRY = "retry"
    TEMPLATE = "template"
    RECIPIENT = "recipient"
    """Permanent for this recipient until something changes on their side."""
    PERMANENT = "permanent"


PAUSING = frozenset({ErrorClass.AUTH, ErrorClass.BILLING, ErrorClass.PAUSE})
"""Classes that say something of the sender rather than of the message: whatever it sends next fails alike."""


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    code: int
    title: str
    error_class: ErrorClass
    meaning: str
    next_step: str
    first_wait: float | None = None
    """Seconds before the first repetition, where the class's own would be too soon."""
    may_exist: bool = False
    """Whether the message may have left although this error was answered: then only a receipt may settle it."""
    lasts: bool = False
    """Until a person acts, although errors of its class may end by themselves."""
    last_code: int | None = None
    """The entry stands for a family of codes: from `code` up to this one."""

    @property
    def pauses_sender(self) -> bool:
        return self.error_class in PAUSING

    @property
    def may_lift(self) -> bool:
        """Of errors that pause a sender: whether trying now and then makes sense. A token does not mend itself."""
        return not self.lasts and self.error_class is not ErrorClass.AUTH


OUTSIDE_WINDOW = 131047
"""A free message to somebody who wrote nothing in the last 24 hours."""

MARKETING_STOPPED = 131050
"""The customer told Meta to let no marketing of this business through."""

_NUMBER_GONE = (100, 33)
"""Code and subcode: the number that sends does not exist, or the token may not see it."""


@dataclass(eq=False)
class GraphError(Exception):
    """An explicit refusal by Graph: the request arrived and was answered with an error envelope."""

    code: int
    message: str
    details: str | None = None
    subcode: int | None = None
    trace_id: str | None = None
    http_status: int = 400
    retry_after: float | None = None
    """Seconds, from the header Retry-After (undocumented by Meta for these calls, honoured if present)."""
    is_transient: bool = False
    date: str | None = None
    """The header Date of the answer."""

    def __str__(self) -> str:
        return f"({self.code}) {self.message}" + (f": {self.details}" if self.details else "")

    @property
    def entry(self) -> ErrorEntry:
        if (self.code, self.subcode) == _NUMBER_GONE:
            return describe(_NUMBER_GONE[1])
        return describe(self.code, is_transient=self.is_transient)


def _rows() -> list[ErrorEntry]:
    e, c = ErrorEntry, ErrorClass
    renew = "Give the sender a new system-user token with both WhatsApp permissions."
    grant = "Grant whatsapp_business_messaging and whatsapp_business_management to the token's system user."
    support = "Look at Meta's status page; if it lasts, contact Meta Business Support."
    wait_receipt = "Wait for a receipt: the message may have left. Ulak does not send it again before that is settled."
    slow = "Nothing to do: Ulak slows the sender and tries again."
    wait = "Nothing to do: Ulak waits and tries again."
    fix_code = "Report it: Ulak should have refused this before sending."
    account_quality = "Open Account Quality in Business Manager, read the violation, fix it or ask for a review."
    other_channel = "Reach this customer by another channel."
    verify = "Follow the verification of the number in WhatsApp Manager."
    template_page = "Open the template: edit it or send its sibling."
    return [
        e(0, "AuthException", c.AUTH, "The token expired, was revoked, or the user blocked the app.", renew),
        e(1, "API Unknown", c.RETRY, "Bad request or a fault at Meta.", wait_receipt, may_exist=True),
        e(2, "API Service", c.RETRY, "Meta is down or overloaded.", wait_receipt, may_exist=True),
        e(3, "API Method", c.AUTH, "The app lacks a capability or permission.", grant),
        e(4, "API Too Many Calls", c.THROTTLE, "The app's call quota is used up.", slow, first_wait=60),
        e(10, "Permission Denied", c.AUTH, "A permission was not granted or was removed.", grant),
        e(33, "Parameter value is not valid", c.PAUSE, "The business number was deleted.", "Connect a number again.", lasts=True),
        e(100, "Invalid parameter", c.PERMANENT, "A parameter is unknown, misspelt, too long or not valid.", fix_code),
        e(104, "No token", c.AUTH, "The access token is missing.", renew),
        e(190, "Access token has expired", c.AUTH, "The access token expired or was revoked.", renew),
        e(200, "API Permission", c.AUTH, "A permission was not granted or was removed.", grant, last_code=299),
        e(368, "Temporarily blocked for policies violations", c.PAUSE, "The account is restricted or disabled.", account_quality),
        e(80007, "Rate limit issues", c.THROTTLE, "The account's hourly call quota is used up.", slow, first_wait=60),
        e(130403, "Business blocked user", c.RECIPIENT, "You blocked this customer.", "Unblock the customer first."),
        e(130429, "Rate limit hit", c.THROTTLE, "The number's throughput was exceeded.", slow),
        e(130472, "User's number is part of an experiment", c.RECIPIENT, "Meta withheld a marketing message as an experiment.", other_channel),
        e(130497, "Business restricted from messaging users in this country", c.RECIPIENT, "Your line of business may not message this country.", other_channel),
        e(131000, "Something went wrong", c.RETRY, "An unknown fault at Meta.", wait_receipt, may_exist=True),
        e(131005, "Access denied", c.AUTH, "A permission is missing.", grant),
        e(131008, "Required parameter is missing", c.PERMANENT, "A required parameter is missing.", fix_code),
        e(131009, "Parameter value is not valid", c.PERMANENT, "A value is not valid.", fix_code),
        e(131016, "Service unavailable", c.RETRY, "A service at Meta is away.", wait_receipt, may_exist=True),
        e(131020, "Group error", c.PERMANENT, "About groups, which Ulak does not send to.", fix_code),
        e(131021, "Recipient cannot be sender", c.RECIPIENT, "The recipient is the sending number itself.", "Correct the customer's number."),
        e(131026, "Message undeliverable", c.RECIPIENT, "Not on WhatsApp, terms not accepted, app too old, or a reason that Meta does not reveal.", other_channel),
        e(131030, "Recipient not in allowed list", c.RECIPIENT, "A test number reaches only its five verified recipients.", "Verify the recipient in Meta's dashboard or use a real number."),
        e(131031, "Account has been locked", c.PAUSE, "The account is restricted or disabled, or its PIN did not match.", account_quality),
        e(131037, "Display name approval needed", c.PAUSE, "The number's display name is not approved.", "Submit the display name for approval in WhatsApp Manager."),
        e(131041, "Group error", c.PERMANENT, "About groups, which Ulak does not send to.", fix_code),
        e(131042, "Business eligibility payment issue", c.BILLING, "No payment method, or the credit line is over its limit.", "Settle the payment method in Meta's billing settings, then resume the sender."),
        e(131044, "Payment issue", c.BILLING, "No payment method for calls.", "Settle the payment method in Meta's billing settings."),
        e(131045, "Incorrect certificate", c.PAUSE, "The number's registration is faulty.", "Register the number again."),
        e(OUTSIDE_WINDOW, "Re-engagement message", c.PERMANENT, "The 24-hour customer service window is closed.", "Send a template."),
        e(131048, "Spam rate limit hit", c.PAUSE, "The number is restricted because customers blocked or reported it.", account_quality),
        e(131049, "Withheld for healthy ecosystem engagement", c.RECIPIENT, "The customer gets no more marketing messages just now.", "Try after 24 hours at the earliest, or by another channel."),
        e(MARKETING_STOPPED, "User stopped marketing messages", c.RECIPIENT, "The customer stopped marketing messages of this business.", "Never send marketing to this customer again."),
        e(131051, "Unsupported message type", c.PERMANENT, "The message type is not supported.", fix_code),
        e(131052, "Media download error", c.PERMANENT, "Media that the customer sent could not be fetched.", "Ask the customer to send it again."),
        e(131053, "Media upload error", c.PERMANENT, "The media file is of a wrong kind or could not be fetched.", "Check the file's kind, size and address."),
        e(131055, "Method not allowed", c.PERMANENT, "This endpoint takes marketing templates only.", fix_code),
        e(131056, "Pair rate limit hit", c.PAIR, "Too many messages to this customer in a short time.", "Nothing to do: Ulak waits and tries again."),
        e(131057, "Account in maintenance mode", c.RETRY, "The number is being upgraded.", wait, first_wait=60),
        e(131059, "Group error", c.PERMANENT, "About groups, which Ulak does not send to.", fix_code),
        e(131062, "BSUID recipient not supported", c.PERMANENT, "This message needs a phone number.", "Ask the customer for the number."),
        e(131063, "Marketing templates disabled on Cloud API", c.TEMPLATE, "The account does not send marketing templates here.", template_page),
        e(131064, "Limit for template classification violations", c.PAUSE, "Meta capped utility messages because templates were marketing.", account_quality),
        e(131200, "Group errors", c.PERMANENT, "About groups, which Ulak does not send to.", fix_code, last_code=131299),
        e(132000, "Template Param Count Mismatch", c.TEMPLATE, "The number of values differs from the template's.", "Sync the template: it was changed at Meta."),
        e(132001, "Template does not exist", c.TEMPLATE, "Wrong name or language, or not approved.", "Submit the template, or sync to see its status."),
        e(132005, "Template Hydrated Text Too Long", c.PERMANENT, "The filled text is over the limit.", "Shorten the values."),
        e(132007, "Template Format Character Policy Violated", c.TEMPLATE, "The content breaks Meta's character policy.", template_page),
        e(132008, "Parameter value invalid", c.PERMANENT, "A value is not valid.", fix_code),
        e(132012, "Template Parameter Format Mismatch", c.TEMPLATE, "A value is of the wrong kind for the template.", "Sync the template: it was changed at Meta."),
        e(132015, "Template is Paused", c.TEMPLATE, "Paused for low quality.", template_page),
        e(132016, "Template is Disabled", c.TEMPLATE, "Paused too often, now disabled.", "Write a new template."),
        e(132018, "Template validation error", c.PERMANENT, "A value breaks the rules (new line, tab, many spaces, empty).", fix_code),
        e(132021, "Direct Send template name clash", c.TEMPLATE, "The name is taken.", "Choose another name."),
        e(132068, "Flow is blocked", c.TEMPLATE, "The Flow is blocked.", "Fix the Flow."),
        e(132069, "Flow is throttled", c.THROTTLE, "The Flow is throttled.", slow),
        e(133000, "Incomplete Deregistration", c.PAUSE, "An earlier deregistration did not finish.", "Deregister the number again."),
        e(133004, "Server Temporarily Unavailable", c.RETRY, "Meta is away.", support),
        e(133005, "Two step verification PIN Mismatch", c.PERMANENT, "The PIN is wrong.", "Use the right PIN."),
        e(133006, "Phone number re-verification needed", c.PAUSE, "The number must be verified.", "Verify the number, then register it."),
        e(133008, "Too Many two step PIN guesses", c.RETRY, "Too many wrong PINs.", "Wait as long as the details say.", first_wait=3600),
        e(133009, "PIN guessed too fast", c.RETRY, "PINs came too fast.", "Wait, then try again."),
        e(133010, "Phone number Not Registered", c.PAUSE, "The number is not registered with Cloud API.", "Register the number."),
        e(133015, "Wait before attempting to register", c.RETRY, "The number was deleted a moment ago.", "Wait five minutes.", first_wait=300),
        e(133016, "Register or deregister rate limit", c.PAUSE, "Registered too often.", "Wait 72 hours, then resume the sender.", lasts=True),
        e(134011, "WhatsApp Payments terms not accepted", c.BILLING, "The payment terms are not accepted.", "Accept them by the link in the message."),
        e(134100, "Template is not marketing", c.PERMANENT, "This endpoint takes marketing templates only.", fix_code),
        e(134101, "Template still syncing", c.RETRY, "The template is less than about ten minutes old.", wait, first_wait=120),
        e(134102, "Template unavailable", c.TEMPLATE, "The template cannot be used here.", template_page),
        e(135000, "Generic user error", c.PERMANENT, "An unknown fault in the parameters.", support),
        e(136000, "Number verification", c.PERMANENT, "About verifying a number; Meta's page does not list it.", verify, last_code=136023),
        e(136024, "Number already verified", c.PERMANENT, "The number is verified already.", "Register it."),
        e(136025, "Number verification", c.PERMANENT, "About verifying a number; Meta's page does not list it.", verify, last_code=136999),
        e(137000, "Recipient identity key hash mismatch", c.RECIPIENT, "The customer's identity changed.", "Verify the customer by another channel."),
        e(138000, "Calling error", c.PERMANENT, "About calls, which Ulak does not make.", fix_code, last_code=138999),
        e(139000, "Flow blocked", c.PERMANENT, "The Flow is blocked.", "Fix the Flow in WhatsApp Manager."),
        e(139001, "Flow not changed", c.PERMANENT, "Updating, publishing, deprecating or deleting a Flow failed.", "Fix the Flow in WhatsApp Manager.", last_code=139004),
        e(139100, "Block list failed for some", c.PERMANENT, "Some customers could not be blocked or unblocked.", "Read the details and repeat for those."),
        e(139101, "Block list limit reached", c.PERMANENT, "64,000 customers are blocked.", "Unblock some first."),
        e(139102, "Block list concurrent update", c.RETRY, "The block list is being changed.", wait),
        e(139103, "Block list internal error", c.RETRY, "A fault at Meta.", wait),
        e(139200, "Direct Send utility access blocked", c.PAUSE, "Direct Send is blocked.", account_quality),
        e(147001, "Business username error", c.PERMANENT, "About the business's username.", "See WhatsApp Manager.", last_code=147005),
        e(200005, "Template insights unavailable", c.PERMANENT, "Template insights do not exist for this account.", "Count from Ulak's own figures."),
        e(200006, "Template insights cannot be disabled", c.PERMANENT, "Enabling template insights is for ever.", "Nothing to do."),
        e(200007, "Template insights not enabled", c.PERMANENT, "Template insights are not enabled for this account.", "Enable them in WhatsApp Manager."),
        e(1752041, "Duplicate request", c.PERMANENT, "A partner's onboarding request was repeated.", "Nothing to do."),
        e(2494100, "Number in maintenance mode", c.RETRY, "The number is in maintenance for some minutes.", wait, first_wait=60),
        e(2593107, "Coexistence sync refused", c.PERMANENT, "About a number shared with the Business app.", "See WhatsApp Manager.", last_code=2593109),
    ]  # fmt: skip


ENTRIES: tuple[ErrorEntry, ...] = tuple(_rows())
"""In the order of their codes."""

_SINGLE: Mapping[int, ErrorEntry] = {row.code: row for row in ENTRIES if row.last_code is None}
_FAMILIES = tuple(row for row in ENTRIES if row.last_code is not None)


def describe(code: int, *, is_transient: bool = False) -> ErrorEntry:
    """The table's row; for a code that is not in it, a permanent one (or one to retry, where Meta says transient)."""
    if code in _SINGLE:
        return _SINGLE[code]
    for family in _FAMILIES:
        if family.code <= code <= (family.last_code or 0):
            return replace(family, code=code, last_code=None)
    if is_transient:
        meaning = "Not in Meta's published list; Meta calls it transient."
        return ErrorEntry(code, "Unknown", ErrorClass.RETRY, meaning, _SINGLE[1].next_step, may_exist=True)
    return ErrorEntry(
        code,
        "Unknown",
        ErrorClass.PERMANENT,
        "Not in Meta's published list.",
        "Read the details; if they do not help, contact Meta Business Support with the trace id.",
    )


@dataclass(frozen=True, slots=True)
class SubcodeEntry:
    """What `error_subcode` adds to code 100 when a template is created or edited, or a number moved."""

    subcode: int
    meaning: str
    next_step: str


SUBCODES: tuple[SubcodeEntry, ...] = (
    SubcodeEntry(33, "The object does not exist, or the token may not see it.", "Check the id and the token."),
    SubcodeEntry(463, "The access token has expired (with code 190).", "Give the sender a new system-user token."),
    SubcodeEntry(2388012, "About moving a number.", "Follow the migration in WhatsApp Manager."),
    SubcodeEntry(2388019, "The account holds as many templates as it may.", "Delete templates that are not used."),
    SubcodeEntry(2388023, "The template is being deleted in this language.", "Wait, or choose another name."),
    SubcodeEntry(2388024, "The template exists already in this language.", "Edit it, or choose another name."),
    SubcodeEntry(2388039, "In review, or edited too often today.", "Wait for the review, or for a day."),
    SubcodeEntry(2388040, "A part of the template is too long.", "Shorten it."),
    SubcodeEntry(2388047, "The header's format is wrong.", "Correct the header."),
    SubcodeEntry(2388072, "The body's format is wrong.", "Correct the body."),
    SubcodeEntry(2388073, "The footer's format is wrong.", "Correct the footer."),
    SubcodeEntry(2388091, "About moving a number.", "Follow the migration in WhatsApp Manager."),
    SubcodeEntry(2388093, "About moving a number.", "Follow the migration in WhatsApp Manager."),
    SubcodeEntry(2388103, "About moving a number.", "Follow the migration in WhatsApp Manager."),
    SubcodeEntry(2388293, "Too many variables for so few words.", "Write more text, or use fewer variables."),
    SubcodeEntry(2388299, "The body begins or ends with a variable.", "Put words before and after it."),
)


def parse_error(document: Any, http_status: int, retry_after: str | None = None) -> GraphError | None:
    """Reads Graph's error envelope loosely: `error_data` may be missing, an object or a bare string."""
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        return None
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else data
    subcode = error.get("error_subcode")
    return GraphError(
        code=error["code"],
        message=str(error.get("message", "")),
        details=str(details or error.get("error_user_msg") or "") or None,
        subcode=subcode if isinstance(subcode, int) else None,
        trace_id=str(error["fbtrace_id"]) if error.get("fbtrace_id") else None,
        http_status=http_status,
        retry_after=float(retry_after) if retry_after and re.fullmatch("[0-9]{1,9}", retry_after) else None,
        is_transient=error.get("is_transient") is True,
    )
