"""Meta's library of ready-made utility templates: a few of each topic, searched, and made one's own unreviewed."""

import json
from dataclasses import dataclass
from typing import Any

from app.sandbox import checks, template_rules
from app.sandbox.errors import GraphError, invalid, template_refused
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json, Template, Waba
from app.sandbox.template_buttons import checked_buttons
from app.sandbox.templates import Templates
from app.sandbox.world import new_id

_KEYS = {
    "name",
    "category",
    "language",
    "library_template_name",
    "library_template_button_inputs",
    "library_template_body_inputs",
    "message_send_ttl_seconds",
    "parameter_format",
}
_FILTERS = ("topic", "usecase", "industry", "language", "name")


@dataclass(frozen=True, slots=True)
class Item:
    """One text in one language; `values` are its parameters' kinds and examples, in order."""

    name: str
    language: str
    topic: str
    usecase: str
    industry: tuple[str, ...]
    header: str
    body: str
    values: tuple[tuple[str, str], ...]
    buttons: tuple[tuple[str, str], ...] = ()
    """Kind and label of each."""

    def described(self) -> Json:
        return {
            "id": f"{self.name}:{self.language}",
            "name": self.name,
            "language": self.language,
            "category": "UTILITY",
            "topic": self.topic,
            "usecase": self.usecase,
            "industry": list(self.industry),
            "header": self.header,
            "body": self.body,
            "body_params": [example for _, example in self.values],
            "body_param_types": [kind for kind, _ in self.values],
            "buttons": [{"type": kind, "text": label} for kind, label in self.buttons],
        }


_SHOP, _BANK = ("E_COMMERCE",), ("FINANCIAL_SERVICES",)
_BOTH = _SHOP + _BANK
ITEMS = (
    Item(
        "shipment_confirmation_1",
        "en",
        "ORDER_MANAGEMENT",
        "SHIPMENT_CONFIRMATION",
        _SHOP,
        "Your order is on its way",
        "Hello {{1}}, your order {{2}} has been shipped. It should reach you by {{3}}.",
        (("TEXT", "Ana"), ("TEXT", "A-1043"), ("DATE", "12 March")),
        (("URL", "Track shipment"),),
    ),
    Item(
        "shipment_confirmation_1",
        "tr",
        "ORDER_MANAGEMENT",
        "SHIPMENT_CONFIRMATION",
        _SHOP,
        "Siparişiniz yola çıktı",
        "Merhaba {{1}}, {{2}} numaralı siparişiniz kargoya verildi. Tahmini teslimat: {{3}}. İyi günler dileriz.",
        (("TEXT", "Ayşe"), ("TEXT", "A-1043"), ("DATE", "12 Mart")),
        (("URL", "Kargoyu takip et"),),
    ),
    Item(
        "delivery_update_1",
        "en",
        "ORDER_MANAGEMENT",
        "DELIVERY_UPDATE",
        _SHOP,
        "Delivery update",
        "Hello {{1}}, the delivery of your order {{2}} has moved to {{3}}. We are sorry for the wait.",
        (("TEXT", "Ana"), ("TEXT", "A-1043"), ("DATE", "12 March")),
    ),
    Item(
        "delivery_update_1",
        "tr",
        "ORDER_MANAGEMENT",
        "DELIVERY_UPDATE",
        _SHOP,
        "Teslimat güncellemesi",
        "Merhaba {{1}}, {{2}} numaralı siparişinizin teslimatı {{3}} gününe alındı. Gecikme için özür dileriz.",
        (("TEXT", "Ayşe"), ("TEXT", "A-1043"), ("DATE", "12 Mart")),
    ),
    Item(
        "payment_due_reminder_1",
        "en",
        "PAYMENTS",
        "PAYMENT_DUE_REMINDER",
        _BOTH,
        "Payment reminder",
        "Hello {{1}}, your payment of {{2}} is due on {{3}}. If you have paid already, please disregard this message.",
        (("TEXT", "Ana"), ("AMOUNT", "€25.00"), ("DATE", "12 March")),
        (("URL", "See the bill"), ("PHONE_NUMBER", "Call us")),
    ),
    Item(
        "payment_due_reminder_1",
        "tr",
        "PAYMENTS",
        "PAYMENT_DUE_REMINDER",
        _BOTH,
        "Ödeme hatırlatması",
        "Merhaba {{1}}, {{2}} tutarındaki ödemenizin son günü {{3}}. Ödeme yapıldıysa bu mesajı dikkate almayınız.",
        (("TEXT", "Ayşe"), ("AMOUNT", "250,00 TL"), ("DATE", "12 Mart")),
        (("URL", "Faturayı gör"), ("PHONE_NUMBER", "Bizi arayın")),
    ),
    Item(
        "feedback_survey_1",
        "en",
        "CUSTOMER_FEEDBACK",
        "FEEDBACK_SURVEY",
        _BOTH,
        "About your order",
        "Hello {{1}}, please tell us how the delivery of your order {{2}} went. The survey has three questions.",
        (("TEXT", "Ana"), ("TEXT", "A-1043")),
        (("URL", "Open survey"),),
    ),
    Item(
        "fraud_alert_1",
        "en",
        "ACCOUNT_UPDATE",
        "FRAUD_ALERT",
        _BANK,
        "Unusual activity",
        "Hello {{1}}, we saw unusual activity on your account ending in {{2}}: {{3}}. If it was not you, call us.",
        (("TEXT", "Ana"), ("NUMBER", "1234"), ("TEXT", "a payment of €25.00")),
        (("PHONE_NUMBER", "Call us"),),
    ),
)


class Library:
    def __init__(self, settings: SandboxSettings, templates: Templates) -> None:
        self._settings = settings
        self._templates = templates

    def search(self, wanted: dict[str, str]) -> list[Json]:
        """`search` looks into name, header and body; the other filters compare without case."""
        found = []
        for item in ITEMS:
            told = item.described()
            filters = {name: wanted[name].lower() for name in _FILTERS if wanted.get(name)}
            if not all(value in _listed(told[name]) for name, value in filters.items()):
                continue
            text = f"{item.name}\n{item.header}\n{item.body}".lower()
            if wanted.get("search", "").lower() in text:
                found.append(told)
        return found

    def create(self, waba: Waba, body: Json) -> Template:
        """What comes from the library unchanged is approved at once."""
        checks.only(body, _KEYS)
        name = template_rules.template_name(body.get("name"))
        language = template_rules.language(body.get("language"))
        if template_rules.category(body.get("category")) != "UTILITY":
            raise invalid("Param category must be UTILITY for a template of the library.")
        item = _item(body.get("library_template_name"), language)
        template = Template(
            template_id=new_id(),
            waba_id=waba.waba_id,
            name=name,
            language=language,
            category="UTILITY",
            parameter_format="POSITIONAL",
            components=self._components(item, _inputs(body.get("library_template_button_inputs"))),
            ttl_seconds=template_rules.time_to_live(body.get("message_send_ttl_seconds"), "UTILITY"),
            library_name=item.name,
        )
        self._templates.add(waba, template)
        self._templates.set_status(template, "APPROVED")
        return template

    def _components(self, item: Item, inputs: list[Json]) -> list[Json]:
        """The fixed text, with the business's own addresses and numbers on the buttons."""
        body: Json = {"type": "BODY", "text": item.body}
        body["example"] = {"body_text": [[example for _, example in item.values]]}
        made: list[Json] = [{"type": "HEADER", "format": "TEXT", "text": item.header}, body]
        if [str(each.get("type", "")).upper() for each in inputs] != [kind for kind, _ in item.buttons]:
            wanted = ", ".join(kind for kind, _ in item.buttons) or "none"
            raise template_refused(None, "Button inputs do not match", f"The template's buttons are: {wanted}.")
        if item.buttons:
            buttons = [_button(kind, label, each) for (kind, label), each in zip(item.buttons, inputs, strict=True)]
            made.append({"type": "BUTTONS", "buttons": checked_buttons(buttons, self._settings)})
        return made


def _listed(value: Any) -> list[str]:
    return [str(each).lower() for each in value] if isinstance(value, list) else [str(value).lower()]


def _item(name: Any, language: str) -> Item:
    for item in ITEMS:
        if (item.name, item.language) == (name, language):
            return item
    raise invalid(f"Param library_template_name: there is no {name!r} in {language}.")


def _inputs(raw: Any) -> list[Json]:
    """A list, or a list as JSON."""
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            raise _bad_inputs() from None
    raw = raw or []
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise _bad_inputs()
    return raw


def _bad_inputs() -> GraphError:
    return invalid("Param library_template_button_inputs must be an array of JSON objects.")


def _button(kind: str, label: str, given: Json) -> Json:
    button = {"type": kind, "text": label}
    if kind == "PHONE_NUMBER":
        return button | {"phone_number": given.get("phone_number")}
    url = given.get("url")
    if not isinstance(url, dict):
        raise template_refused(None, "Button URL is invalid", "A URL button needs an input with base_url.")
    example = url.get("url_suffix_example")
    return button | {"url": url.get("base_url")} | ({"example": [example]} if example else {})
