"""What a customer sees whose link leads nowhere: a page in Turkish or English."""

from app.core.plain_pages import Words, plain_page

_UNKNOWN = {
    "tr": Words(
        "Bu bağlantı bulunamadı",
        "Bağlantı eksik kopyalanmış ya da süresi dolmuş olabilir. Lütfen WhatsApp’taki mesajda yer alan düğmeye "
        "yeniden dokunun ya da mesajı gönderen işletmeyle iletişime geçin.",
    ),
    "en": Words(
        "This link was not found",
        "It may have been copied incompletely, or have expired. Please tap the button in the WhatsApp message again, "
        "or contact the business that sent it.",
    ),
}

_UNAVAILABLE = {
    "tr": Words(
        "Bu sayfa şu anda açılamıyor",
        "Bağlantınız geçerli olabilir, ancak şu anda açamıyoruz. Lütfen biraz sonra yeniden deneyin.",
    ),
    "en": Words(
        "This page cannot be opened right now",
        "Your link may well be right, but we cannot open it. Please try again in a moment.",
    ),
}


def unknown_page(language: str) -> bytes:
    return plain_page(language, _UNKNOWN[language])


def unavailable_page(language: str) -> bytes:
    return plain_page(language, _UNAVAILABLE[language])
