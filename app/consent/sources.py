"""The doors through which consent comes, recorded as such. Pure."""

from enum import StrEnum


class Source(StrEnum):
    WEBSITE_MODAL = "website_modal"
    WEBSITE_FORM = "website_form"
    CHAT_WIDGET = "chat_widget"
    ACCOUNT_SETTINGS = "account_settings"
    CHECKOUT = "checkout"
    SMS_INVITATION = "sms_invitation"
    EMAIL_INVITATION = "email_invitation"
    QR_TILL = "qr_till"
    QR_PACKAGING = "qr_packaging"
    QR_PRINT = "qr_print"
    QR_EVENT_SCREEN = "qr_event_screen"
    QR_INVOICE = "qr_invoice"
    IN_APP_TRANSACTION = "in_app_transaction"
    IN_APP_SETTINGS = "in_app_settings"
    IN_APP_MOMENT = "in_app_moment"
    SHOP_SIGN = "shop_sign"
    SERVICE_DESK = "service_desk"
    BILL_INSERT = "bill_insert"
    LOYALTY_MATERIAL = "loyalty_material"
    PHONE_CALL = "phone_call"
    SUPPORT_AGENT = "support_agent"
    OTHER = "other"
    """Where none of these fits: the place says which."""
    WHATSAPP_MESSAGE = "whatsapp_message"
    WHATSAPP_BUTTON = "whatsapp_button"
    PREFERENCE_PAGE = "preference_page"
    IMPORT = "import"
    META = "meta"
    """What Meta says of the customer: marketing stopped there, another number."""
    ULAK = "ulak"
    """What it did itself: two contacts turned out to be one person, or a person was erased."""


WITNESSED = frozenset(
    {
        Source.WHATSAPP_MESSAGE,
        Source.WHATSAPP_BUTTON,
        Source.PREFERENCE_PAGE,
        Source.IMPORT,
        Source.META,
        Source.ULAK,
    }
)
"""Only Ulak itself records these: it was there."""

REPORTABLE = tuple(source for source in Source if source not in WITNESSED)
"""Those of which a business reports."""

LINKABLE = tuple(
    source for source in REPORTABLE if source not in (Source.SERVICE_DESK, Source.PHONE_CALL, Source.SUPPORT_AGENT)
)
"""Those at which a customer can come by a link: no staff member is in between."""

WITH_STAFF = frozenset({Source.SERVICE_DESK, Source.PHONE_CALL, Source.SUPPORT_AGENT})
"""Where a member of staff asks: an opt-in there names who."""

ON_WHATSAPP = frozenset({Source.WHATSAPP_MESSAGE, Source.WHATSAPP_BUTTON})
"""The customer wrote from the number itself: nothing remains to be confirmed, and the words are the proof."""
