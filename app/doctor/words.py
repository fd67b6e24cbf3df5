"""What checks are called, what they found and what to do, in Turkish and English; values are told as people write them.

Names of Meta's pages and permissions stand as Meta's English console shows them, which is what one looks for there.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from babel.dates import format_datetime
from babel.numbers import format_decimal

from app.core.languages import OurLanguage
from app.doctor import words_en, words_tr
from app.doctor.outcomes import META_WORD, Check, Said

_CHECKS: dict[OurLanguage, dict[Check, str]] = {
    "en": {
        Check.DATABASE: "Database",
        Check.DATABASE_CLOCK: "Clock of the database",
        Check.SECRET_KEYS: "Secret keys",
        Check.WORKER: "Worker",
        Check.PUBLIC_URL: "Public address",
        Check.GRAPH: "Meta answers",
        Check.CLOCK: "Clock",
        Check.TOKEN: "Access token",
        Check.TOKEN_EXPIRY: "Life of the access token",
        Check.PERMISSIONS: "Permissions",
        Check.APP: "Meta app",
        Check.APP_SUBSCRIPTION: "Webhook address of the app",
        Check.WEBHOOK_FIELDS: "Webhook fields of the app",
        Check.SUBSCRIBED_APPS: "Webhooks of the account",
        Check.WEBHOOK_OVERRIDE: "Another webhook address",
        Check.WEBHOOK_DOOR: "Our door for webhooks",
        Check.WEBHOOKS_ARRIVE: "Webhooks arrive",
        Check.NUMBER_STATUS: "Number",
        Check.NUMBER_VERIFICATION: "Number verified",
        Check.QUALITY: "Quality",
        Check.PLATFORM: "Platform",
        Check.DISPLAY_NAME: "Display name",
        Check.ACCOUNT_REVIEW: "Review of the account",
        Check.BUSINESS_VERIFICATION: "Business verification",
        Check.PAYMENT: "Payment method",
        Check.HEALTH: "Health at Meta",
        Check.MESSAGING_LIMIT: "Messaging limit",
        Check.PAUSE: "Sending",
        Check.QUEUE: "Queue",
        Check.TEMPLATE_COVERAGE: "A template for each event type",
        Check.TEMPLATES: "State of the templates",
    },
    "tr": {
        Check.DATABASE: "Veritabanı",
        Check.DATABASE_CLOCK: "Veritabanının saati",
        Check.SECRET_KEYS: "Gizli anahtarlar",
        Check.WORKER: "Gönderici süreç (worker)",
        Check.PUBLIC_URL: "Dışarıya açık adres",
        Check.GRAPH: "Meta yanıt veriyor mu?",
        Check.CLOCK: "Saat",
        Check.TOKEN: "Erişim anahtarı",
        Check.TOKEN_EXPIRY: "Erişim anahtarının süresi",
        Check.PERMISSIONS: "İzinler",
        Check.APP: "Meta uygulaması",
        Check.APP_SUBSCRIPTION: "Uygulamanın webhook adresi",
        Check.WEBHOOK_FIELDS: "Uygulamanın webhook alanları",
        Check.SUBSCRIBED_APPS: "Hesabın webhook aboneliği",
        Check.WEBHOOK_OVERRIDE: "Farklı webhook adresi",
        Check.WEBHOOK_DOOR: "Bizim webhook adresimiz",
        Check.WEBHOOKS_ARRIVE: "Webhook’lar geliyor mu?",
        Check.NUMBER_STATUS: "Numara",
        Check.NUMBER_VERIFICATION: "Numaranın doğrulanması",
        Check.QUALITY: "Kalite",
        Check.PLATFORM: "Platform",
        Check.DISPLAY_NAME: "Görünen ad",
        Check.ACCOUNT_REVIEW: "Hesabın incelenmesi",
        Check.BUSINESS_VERIFICATION: "İşletme doğrulaması",
        Check.PAYMENT: "Ödeme yöntemi",
        Check.HEALTH: "Meta’daki sağlık durumu",
        Check.MESSAGING_LIMIT: "Mesajlaşma sınırı",
        Check.PAUSE: "Gönderim",
        Check.QUEUE: "Kuyruk",
        Check.TEMPLATE_COVERAGE: "Her olay türü için şablon",
        Check.TEMPLATES: "Şablonların durumu",
    },
}

WORDS: dict[OurLanguage, dict[str, str]] = {"en": words_en.WORDS, "tr": words_tr.WORDS}
_META: dict[OurLanguage, dict[str, str]] = {"en": words_en.META, "tr": words_tr.META}


def title(check: Check, language: OurLanguage) -> str:
    return _CHECKS[language][check]


def tell(one: Said, language: OurLanguage, zone: tzinfo) -> str:
    """Moments in the given zone."""
    if one.key == META_WORD:
        return _of_meta(str(one.values["word"]), language)
    values = {name: _written(value, language, zone) for name, value in one.values.items()}
    return WORDS[language][one.key].format(**values)


def sentence(one: Said, language: OurLanguage, zone: tzinfo) -> str:
    """By itself on a line: it begins with a capital, where it begins with a word of ours."""
    told = tell(one, language, zone)
    begins_with_ours = isinstance(one.values.get("status"), Said) and WORDS[language][one.key].startswith("{status}")
    return _capital(told, language) if begins_with_ours else told


def _capital(text: str, language: OurLanguage) -> str:
    first = "İ" if language == "tr" and text[0] == "i" else text[0].upper()
    return first + text[1:]


def _of_meta(word: str, language: OurLanguage) -> str:
    """With what it means, where we know that."""
    meaning = _META[language].get(word.upper())
    return f"{meaning} ({word})" if meaning is not None else word


def tell_all(several: Iterable[Said], language: OurLanguage, zone: tzinfo) -> list[str]:
    return [sentence(one, language, zone) for one in several]


def _written(value: object, language: OurLanguage, zone: tzinfo) -> str:
    match value:
        case Said():
            return tell(value, language, zone)
        case datetime():
            return format_datetime(value, "d MMM y HH:mm", tzinfo=zone, locale=language)
        case bool() | str():
            return str(value)
        case int():
            return format_decimal(value, locale=language)
        case list() | tuple():
            return ", ".join(_written(one, language, zone) for one in value) or "–"
        case _:
            return str(value)
