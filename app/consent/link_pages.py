"""What a customer sees who comes by an opt-in link that leads nowhere."""

from app.core.plain_pages import Words, plain_page

_UNKNOWN = {
    "tr": Words(
        "Bu bağlantı bulunamadı",
        "Bağlantı eksik yazılmış ya da eksik kopyalanmış olabilir. Lütfen karekodu yeniden okutun veya bağlantıyı "
        "paylaşan işletmeyle iletişime geçin.",
    ),
    "en": Words(
        "This link was not found",
        "It may have been typed or copied incompletely. Please scan the code again, or contact the business that "
        "shared it.",
    ),
}

_NO_LONGER_VALID = {
    "tr": Words(
        "Bu bağlantı artık geçerli değil",
        "{business} bu bağlantıyı kullanımdan kaldırdı. WhatsApp'tan bilgilendirme almak isterseniz lütfen işletmeden "
        "güncel bağlantıyı isteyin.",
    ),
    "en": Words(
        "This link is no longer valid",
        "{business} no longer uses it. If you would like to receive updates on WhatsApp, please ask the business for "
        "its current link.",
    ),
}

_NO_NUMBER = {
    "tr": Words(
        "Şu anda açılamıyor",
        "{business} işletmesinin WhatsApp numarası şu anda kullanılamıyor. Lütfen daha sonra yeniden deneyin.",
    ),
    "en": Words(
        "It cannot be opened just now",
        "The WhatsApp number of {business} is not available at the moment. Please try again later.",
    ),
}

_UNAVAILABLE = {
    "tr": Words(
        "Şu anda açılamıyor",
        "Bağlantınız geçerli olabilir, ancak şu anda açamıyoruz. Lütfen biraz sonra yeniden deneyin.",
    ),
    "en": Words(
        "It cannot be opened just now",
        "Your link may well be right, but we cannot open it. Please try again in a moment.",
    ),
}


def unknown_link(language: str) -> bytes:
    return plain_page(language, _UNKNOWN[language])


def no_longer_valid(language: str, business: str) -> bytes:
    return plain_page(language, _naming(_NO_LONGER_VALID[language], business))


def no_number(language: str, business: str) -> bytes:
    return plain_page(language, _naming(_NO_NUMBER[language], business))


def unavailable(language: str) -> bytes:
    return plain_page(language, _UNAVAILABLE[language])


def _naming(words: Words, business: str) -> Words:
    return Words(words.title, words.text.replace("{business}", business))
