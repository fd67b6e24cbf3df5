"""The one place where a send is judged: refused, accepted to fail later, or accepted."""

from dataclasses import dataclass, field

from app.sandbox import checks, magic
from app.sandbox.conditions import Conditions
from app.sandbox.errors import CATALOGUE, MAINTENANCE, GraphError, bad_value, invalid
from app.sandbox.fates import Fate, Fates
from app.sandbox.freeform import FreeForm
from app.sandbox.lifecycle import ENTRY_POINT_WINDOW, WINDOW, Lifecycle, window_open
from app.sandbox.magic import Course
from app.sandbox.media import MediaBook
from app.sandbox.numbers import dialled, wa_id_of
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Chat, Json, Message, Number, Template, Update
from app.sandbox.template_fill import TemplateFill
from app.sandbox.template_pacing import Pacing
from app.sandbox.template_quality import Quality
from app.sandbox.throttles import Throttles
from app.sandbox.world import World, new_wamid

TYPES = (
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
)
_ENVELOPE = {
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
}
_DIRECT_SEND = {"category", "ttl_seconds", "direct_send_config"}
_MARK_READ = {"messaging_product", "status", "message_id", "typing_indicator"}
_CALLBACK_DATA = 512
_TYPING = 25.0
LONG_AGO = 30 * WINDOW


@dataclass(slots=True)
class Recipient:
    wa_id: str
    bsuid: str | None = None
    """Set when the caller named the customer by it."""

    @property
    def known_as(self) -> str:
        return self.wa_id or self.bsuid or ""


@dataclass(slots=True)
class Verdict:
    """What becomes of a send that is accepted."""

    view: Json
    category: str
    course: Course
    failure: tuple[int, str] | None = None
    template: Template | None = None


@dataclass(slots=True)
class Reply:
    """What the caller is to hear, and what happens before."""

    body: Json
    fate: Fate
    receipts: list[Update] = field(default_factory=list)
    """That arrive before it."""


class Sending:
    def __init__(
        self,
        world: World,
        lifecycle: Lifecycle,
        media: MediaBook,
        throttles: Throttles,
        conditions: Conditions,
        quality: Quality,
        pacing: Pacing,
    ) -> None:
        self._world = world
        self._lifecycle = lifecycle
        self._media = media
        self._throttles = throttles
        self._conditions = conditions
        self._quality = quality
        self._pacing = pacing
        self._fates = Fates(world)
        self._freeform = FreeForm(world.settings, media)

    @property
    def _settings(self) -> SandboxSettings:
        return self._world.settings

    def post(self, number: Number, body: Json, *, version: int) -> Reply:
        """POST /{pnid}/messages in all its meanings."""
        if self._world.clock.now() < number.maintenance_until:
            raise GraphError(MAINTENANCE, "The business account is in maintenance mode.")
        if body.get("messaging_product") != "whatsapp":
            raise invalid("The parameter messaging_product is required.", "messaging_product must be 'whatsapp'.")
        if "status" in body:
            return Reply(self._mark_read(number, body), Fate())
        return self._send(number, body, version=version)

    def _mark_read(self, number: Number, body: Json) -> Json:
        """The customer's ticks turn blue, up to that message; and sees that an answer is being written."""
        checks.only(body, _MARK_READ)
        checks.one_of(body, "status", "", {"read"})
        wamid = checks.text(body, "message_id", "")
        if "typing_indicator" in body:
            checks.one_of(checks.mapping(body, "typing_indicator"), "type", "typing_indicator", {"text"})
        now = self._world.clock.now()
        message = self._world.state.messages.get(wamid)
        if message is None or message.direction != "in" or message.number_id != number.number_id:
            raise invalid("Invalid parameter", f"message_id: {wamid} is not a message received by this number.")
        if now - message.at > LONG_AGO:
            raise invalid("Invalid parameter", f"message_id: {wamid} was received more than 30 days ago.")
        chat = self._world.state.chat(number.number_id, message.wa_id)
        for earlier in chat.wamids[: chat.wamids.index(wamid) + 1]:
            self._world.state.messages[earlier].seen_by_business = True
        if "typing_indicator" in body:
            chat.typing_until = now + _TYPING
        self._world.touch()
        return {"success": True}

    def _send(self, number: Number, body: Json, *, version: int) -> Reply:
        """Refusals first, as they take nothing; then what the dial wants; then the message itself."""
        self._conditions.check(number)
        self._throttles.check_throughput(number)
        kind = self._envelope(body)
        recipient = self._recipient(number, body)
        quoted = self._quoted(number, recipient, body)
        self._throttles.check_pair(number, recipient.known_as)
        fate = self._fates.begin(body)
        wanted = self._fates.before(fate)
        verdict = self._judge(number, recipient, body, kind, version=version)
        verdict.failure = wanted or verdict.failure
        limited = None if verdict.failure else self._throttles.check_start(number, recipient.known_as)
        verdict.failure = verdict.failure or limited
        if verdict.template is not None and verdict.failure is None:
            self._hold(verdict.template, fate)
        self._throttles.take(number, recipient.known_as, started=limited is None)
        message = self._accept(number, recipient, body, kind, verdict, fate)
        message.context_id = quoted
        return Reply(self._answer(message, recipient), fate, self._set_out(message, verdict, fate))

    def _hold(self, template: Template, fate: Fate) -> None:
        """By the dial's chance, or because the template is paced."""
        if not self._fates.strikes(fate, "held", self._world.dial.held) and self._pacing.holds(template):
            fate.faults.append("paced")

    def _answer(self, message: Message, recipient: Recipient) -> Json:
        contact: Json = {"input": message.input}
        if recipient.bsuid is None:
            contact["wa_id"] = recipient.wa_id
        else:
            contact["user_id"] = recipient.bsuid
        answer: Json = {"id": message.wamid}
        if "held" in message.faults or "paced" in message.faults:
            answer["message_status"] = "held_for_quality_assessment"
        elif message.type == "template" and self._settings.message_status:
            answer["message_status"] = "accepted"
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [answer]}

    def _set_out(self, message: Message, verdict: Verdict, fate: Fate) -> list[Update]:
        """The message goes its way, unless it is held; gives the receipts that go before the answer."""
        self._fates.after(fate)
        if "held" in message.faults:
            self._lifecycle.hold(message)
        elif verdict.template is not None and "paced" in message.faults:
            self._pacing.hold(verdict.template, message)
        elif fate.early:
            return self._lifecycle.at_once(message, verdict.course)
        else:
            self._lifecycle.begin(message, verdict.course)
        return []

    def _envelope(self, body: Json) -> str:
        recipient_type = body.get("recipient_type", "individual")
        if recipient_type != "individual":
            raise bad_value(f"recipient_type: {recipient_type!r} must be 'individual'.")
        kind = body.get("type", "text")
        if not isinstance(kind, str) or kind.lower() not in TYPES:
            raise invalid(f"Param type must be one of {{{', '.join(kind.upper() for kind in TYPES)}}} - got {kind!r}.")
        kind = kind.lower()
        direct = _DIRECT_SEND if self._settings.direct_send else set()
        checks.only(body, _ENVELOPE | {kind} | direct)
        checks.optional_text(body, "biz_opaque_callback_data", "", limit=_CALLBACK_DATA)
        return kind

    def _recipient(self, number: Number, body: Json) -> Recipient:
        """If both are given the phone number wins."""
        written = body.get("to")
        if written:
            if not isinstance(written, str):
                raise invalid("Param to must be a string.")
            return Recipient(wa_id_of(dialled(written, number.digits, self._settings), self._settings))
        bsuid = checks.optional_text(body, "recipient", "")
        if not bsuid:
            raise invalid("The parameter to is required.")
        return Recipient(self._world.state.bsuids.get(bsuid, ""), bsuid)

    def _quoted(self, number: Number, recipient: Recipient, body: Json) -> str | None:
        """The message of this chat that the send answers."""
        if "context" not in body:
            return None
        context = checks.mapping(body, "context")
        checks.only(context, {"message_id"}, "context")
        wamid = checks.text(context, "message_id", "context")
        message = self._world.state.messages.get(wamid)
        if message is not None and (message.number_id, message.wa_id) == (number.number_id, recipient.wa_id):
            return wamid
        if self._settings.unknown_context == "drop":
            return None
        raise bad_value(f"context.message_id: {wamid} is not a message of this chat.")

    def _judge(self, number: Number, recipient: Recipient, body: Json, kind: str, *, version: int) -> Verdict:
        code, course = magic.lookup(recipient.wa_id, self._settings.magic_pattern)
        if code is not None and CATALOGUE[code].mode == "sync":
            raise GraphError(code, f"Recipient ending in {magic.suffix_of(code)} asks for this error.")
        if recipient.wa_id == number.digits:
            raise GraphError(131021, "Sender and recipient are the same number.")
        if kind == "template":
            verdict = self._judge_template(number, recipient, body, course, version=version)
        else:
            verdict = self._judge_freeform(number, recipient, body, kind, course)
        if code is not None:
            verdict.failure = code, ""
        elif not recipient.wa_id:
            verdict.failure = self._fail(
                self._settings.unknown_bsuid_code, "The user id is not known to this portfolio."
            )
        return verdict

    def _fail(self, code: int, details: str) -> tuple[int, str]:
        """A fault at the time its code shows: now, or in a status later."""
        if CATALOGUE[code].mode == "sync":
            raise GraphError(code, details)
        return code, details

    def _judge_template(
        self, number: Number, recipient: Recipient, body: Json, course: Course, *, version: int
    ) -> Verdict:
        content = checks.mapping(body, "template")
        checks.only(content, {"name", "language", "components", "namespace"}, "template")
        name = checks.text(content, "name", "template", limit=512)
        language = checks.mapping(content, "language", "template")
        checks.only(language, {"code", "policy"}, "template.language")
        locale = checks.text(language, "code", "template.language")
        if language.get("policy", "deterministic") != "deterministic":
            raise bad_value("template.language.policy: must be 'deterministic'.")
        template = self._sendable(number, name, locale)
        if recipient.bsuid is not None and template.category == "AUTHENTICATION":
            raise GraphError(131062, "Authentication templates need a phone number.")
        components = checks.objects(content, "components", "template") if content.get("components") else []
        filling = TemplateFill(template, self._settings, self._media, number_id=number.number_id, version=version)
        view = filling.view(components)
        verdict = Verdict(view, template.category.lower(), course, template=template)
        if filling.fault is not None:
            verdict.failure = self._fail(131053, filling.fault)
        if template.category == "MARKETING" and f"{number.number_id}:{recipient.wa_id}" in self._world.state.stopped:
            verdict.failure = self._fail(131050, "The customer stopped marketing messages of this business.")
        return verdict

    def _sendable(self, number: Number, name: str, locale: str) -> Template:
        template = self._world.state.template(number.waba_id, name, locale)
        if template is None:
            raise GraphError(132001, f"template name ({name}) does not exist in {locale}")
        match template.status:
            case "APPROVED":
                return template
            case "PAUSED":
                raise GraphError(132015, f"template name ({name}) is paused in {locale} due to low quality")
            case "DISABLED":
                raise GraphError(132016, f"template name ({name}) is disabled in {locale}")
            case _:
                raise GraphError(132001, f"template name ({name}) is not approved in {locale}")

    def _judge_freeform(self, number: Number, recipient: Recipient, body: Json, kind: str, course: Course) -> Verdict:
        view, fault = self._freeform.view(body, kind, number.number_id)
        verdict = Verdict(view, "service", course)
        if fault is not None:
            verdict.failure = self._fail(131053, fault)
        if self._is_direct_send(body):
            verdict.category = "utility"
            return verdict
        chat = self._world.state.chats.get(f"{number.number_id}:{recipient.wa_id}")
        if chat is None or not window_open(chat, self._world.clock.now()):
            details = "Message failed to send because more than 24 hours have passed since the customer last replied."
            if self._settings.closed_window == "sync":
                raise GraphError(131047, details)
            verdict.failure = 131047, details
        elif kind == "reaction":
            verdict.failure = verdict.failure or self._bad_reaction(view, chat)
        return verdict

    def _bad_reaction(self, view: Json, chat: Chat) -> tuple[int, str] | None:
        target = self._world.state.messages.get(view["reaction"]["message_id"])
        age = self._world.clock.now() - target.at if target is not None else 0.0
        pair = chat.number_id, chat.wa_id
        if target is None or (target.number_id, target.wa_id) != pair or not target.takes_reactions or age > LONG_AGO:
            return 131009, "reaction.message_id: not a message of this chat that can be reacted to."
        return None

    def _is_direct_send(self, body: Json) -> bool:
        if "category" not in body:
            return False
        category = str(body["category"]).upper()
        if category not in {"AUTHENTICATION", "SERVICE", "UTILITY"}:
            raise invalid(f"Param category must be one of {{AUTHENTICATION, SERVICE, UTILITY}} - got {category!r}.")
        if category == "AUTHENTICATION":
            raise GraphError(10, "Direct Send of authentication messages is restricted.")
        return category == "UTILITY"

    def _accept(
        self, number: Number, recipient: Recipient, body: Json, kind: str, verdict: Verdict, fate: Fate
    ) -> Message:
        now = self._world.clock.now()
        message = Message(
            wamid=new_wamid(),
            direction="out",
            number_id=number.number_id,
            wa_id=recipient.wa_id,
            type=kind,
            at=now,
            content={kind: body[kind]},
            view=verdict.view,
            input=recipient.bsuid or body["to"],
            callback_data=body.get("biz_opaque_callback_data"),
            template_id=verdict.template.template_id if verdict.template else None,
            category=verdict.category,
            failure=verdict.failure,
            key=fate.key,
            attempt=fate.attempt,
            faults=fate.faults,
        )
        chat = self._world.remember(message)
        if verdict.template is not None:
            self._quality.sent(verdict.template)
        chat.typing_until = 0.0
        entered = chat.entry_point_at
        if entered is not None and chat.free_until is None and now - entered < WINDOW:
            chat.free_until = now + ENTRY_POINT_WINDOW
        return message


def rendered_text(view: Json) -> str:
    """One text of everything the customer can read, part by part."""
    header = view.get("header", {})
    parts = [header.get("text", ""), view.get("body", ""), view.get("footer", "")]
    parts += [f"[{button['text']}]" for button in view.get("buttons", [])]
    if "list" in view:
        parts += [f"[{view['list']['button']}]"]
        parts += [f"- {row['title']}" for section in view["list"]["sections"] for row in section["rows"]]
    if "location" in view:
        parts += [view["location"]["name"], view["location"]["address"]]
    if "reaction" in view:
        parts += [view["reaction"]["emoji"]]
    if "event" in view:
        parts += [f"[{view['event']}]"]
    parts += view.get("contacts", [])
    parts += view.get("order", [])
    return "\n".join(part for part in parts if part)
