"""Meta's error codes as the sandbox answers them, and the Graph error that carries one to the caller."""

import secrets
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["sync", "async"]
"""Where a code normally shows: in the HTTP answer, or in a `failed` status. Codes seen in both are taken as sync."""

AUTH, INVALID, UNKNOWN = 190, 100, 131000
UNKNOWN_OBJECT, EXPIRED = 33, 463
THROUGHPUT, PAIR_LIMIT, SPAM_LIMIT, MANAGEMENT_LIMIT = 130429, 131056, 131048, 80007
MAINTENANCE, TEMPLATE_PAUSED = 131057, 132015
HREF = "/documentation/business-messaging/whatsapp/support/error-codes"


@dataclass(frozen=True, slots=True)
class Fault:
    code: int
    title: str
    status: int
    mode: Mode = "sync"


def _table(*faults: Fault) -> dict[int, Fault]:
    return {fault.code: fault for fault in faults}


CATALOGUE = _table(
    Fault(0, "AuthException", 401),
    Fault(1, "API Unknown", 500),
    Fault(2, "API Service", 503),
    Fault(3, "API Method", 500),
    Fault(4, "API Too Many Calls", 400),
    Fault(10, "Permission Denied", 403),
    Fault(15, "App token required", 400),
    Fault(33, "Parameter value is not valid", 400),
    Fault(100, "Invalid parameter", 400),
    Fault(104, "Missing access token", 401),
    Fault(190, "Access token has expired", 401),
    Fault(200, "API Permission", 403),
    Fault(368, "Temporarily blocked for policies violations", 403),
    Fault(2200, "Callback verification failed", 400),
    Fault(2500, "Unknown path components", 400),
    Fault(80007, "Rate limit issues", 400),
    Fault(130403, "Business has blocked this user", 400),
    Fault(130429, "Rate limit hit", 400),
    Fault(130472, "User's number is part of an experiment", 400, "async"),
    Fault(130497, "Business account is restricted from messaging users in this country.", 403),
    Fault(131000, "Something went wrong", 500),
    Fault(131005, "Access denied", 403),
    Fault(131008, "Required parameter is missing", 400),
    Fault(131009, "Parameter value is not valid", 400),
    Fault(131016, "Service unavailable", 500),
    Fault(131021, "Recipient cannot be sender", 400),
    Fault(131026, "Message undeliverable", 400, "async"),
    Fault(131030, "Recipient phone number not in allowed list", 400),
    Fault(131031, "Account has been locked", 403),
    Fault(131037, "WhatsApp provided number needs display name approval before message can be sent.", 400),
    Fault(131042, "Business eligibility payment issue", 400),
    Fault(131045, "Incorrect certificate", 500),
    Fault(131047, "Re-engagement message", 400, "async"),
    Fault(131048, "Spam rate limit hit", 400),
    Fault(131049, "This message was not delivered to maintain healthy ecosystem engagement.", 400, "async"),
    Fault(131050, "User has stopped marketing messages from this business", 400, "async"),
    Fault(131051, "Unsupported message type", 400),
    Fault(131052, "Media download error", 400, "async"),
    Fault(131053, "Media upload error", 400, "async"),
    Fault(131055, "Method not allowed", 400),
    Fault(131056, "(Business Account, Consumer Account) pair rate limit hit", 400),
    Fault(131057, "Account in maintenance mode", 500),
    Fault(131062, "Business-scoped user id recipient not supported for this message", 400),
    Fault(131063, "Marketing templates disabled on Cloud API", 400),
    Fault(131064, "Messaging limit due to template classification violations", 400),
    Fault(132000, "Template Param Count Mismatch", 400),
    Fault(132001, "Template name does not exist in the translation", 404),
    Fault(132005, "Template Hydrated Text Too Long", 400),
    Fault(132007, "Template Format Character Policy Violated", 400),
    Fault(132008, "Parameter value is invalid", 400),
    Fault(132012, "Template Parameter Format Mismatch", 400),
    Fault(132015, "Template is Paused", 400),
    Fault(132016, "Template is Disabled", 400),
    Fault(132018, "Template validation error", 400),
    Fault(132021, "Direct Send template name clash", 400, "async"),
    Fault(132068, "Flow is blocked", 400),
    Fault(132069, "Flow is throttled", 400),
    Fault(133000, "Incomplete Deregistration", 500),
    Fault(133004, "Server Temporarily Unavailable", 503),
    Fault(133005, "Two step verification PIN Mismatch", 400),
    Fault(133006, "Phone number re-verification needed", 400),
    Fault(133008, "Too Many two step verification PIN Guesses", 400),
    Fault(133009, "Two step verification PIN Guessed Too Fast", 400),
    Fault(133010, "Phone number Not Registered", 400),
    Fault(133015, "Please wait a few minutes before attempting to register this phone number", 400),
    Fault(133016, "Account register/deregister rate limit exceeded", 400),
    Fault(134011, "WhatsApp Payments terms of service has not been accepted", 400),
    Fault(134100, "Only marketing messages supported", 400),
    Fault(134101, "Template is still syncing", 400),
    Fault(134102, "Template unavailable", 500),
    Fault(135000, "Generic user error", 400),
    Fault(137000, "Recipient identity key hash mismatch", 400, "async"),
    Fault(139101, "Block list limit reached", 400),
    Fault(139200, "Direct Send utility access blocked", 400),
    Fault(2494100, "Business phone number in maintenance mode", 400),
)


class GraphError(Exception):
    """A refusal in the HTTP answer.

    `details` is what the caller is to read; `message` replaces the catalogue's `(#code) title`, and the two user texts
    are what template creation adds.
    """

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        subcode: int | None = None,
        message: str | None = None,
        user_title: str | None = None,
        user_msg: str | None = None,
        kind: str = "OAuthException",
    ) -> None:
        super().__init__(f"{code}: {details or message}")
        self.code = code
        self.subcode = subcode
        self.details = details
        self.message = message or f"(#{code}) {CATALOGUE[code].title}"
        self.user_title = user_title
        self.user_msg = user_msg
        self.kind = kind

    @property
    def status(self) -> int:
        return CATALOGUE[self.code].status

    def envelope(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.user_title is not None:
            error |= {"is_transient": False, "error_user_title": self.user_title, "error_user_msg": self.user_msg}
        elif self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
        return {"error": error}


def invalid(message: str, details: str = "", *, subcode: int | None = None) -> GraphError:
    """Code 100, whose message says what is wrong instead of its title."""
    return GraphError(INVALID, details, message=f"(#{INVALID}) {message}", subcode=subcode)


def expired_token() -> GraphError:
    return GraphError(AUTH, subcode=EXPIRED, message="Error validating access token: Session has expired.")


def of_code(code: int, details: str) -> GraphError:
    """An error that the sandbox was told to answer; an expired token has its own wording and no details."""
    return expired_token() if code == AUTH else GraphError(code, details)


def missing(details: str) -> GraphError:
    return GraphError(131008, details)


def bad_value(details: str) -> GraphError:
    return GraphError(131009, details)


def unknown_object(object_id: str, verb: str = "get") -> GraphError:
    return GraphError(
        INVALID,
        subcode=UNKNOWN_OBJECT,
        kind="GraphMethodException",
        message=(
            f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
            "permissions, or does not support this operation. Please read the Graph API documentation at "
            "https://developers.facebook.com/docs/graph-api"
        ),
    )


def template_refused(subcode: int | None, title: str, text: str) -> GraphError:
    """The shape that template creation and editing answer with."""
    return GraphError(
        INVALID,
        subcode=subcode,
        message="Invalid parameter",
        user_title=title,
        user_msg=text,
    )


def webhook_error(code: int, details: str) -> dict[str, Any]:
    """The other shape of an error: title equals message, and neither is prefixed."""
    title = CATALOGUE[code].title if code in CATALOGUE else "Unknown error"
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or f"{title.rstrip('.')}."},
        "href": HREF,
    }
