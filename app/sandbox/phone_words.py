"""The phone page's words in its two languages."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Sandbox phone",
        "subtitle": "What your customers see. Nothing here leaves this machine.",
        "new_chat": "New chat",
        "customer": "Customer's number",
        "business": "Business",
        "open": "Open",
        "back": "Back",
        "no_chats": "No chats yet. Send a message to any number through this sandbox, and it appears here.",
        "no_accounts": "No business number yet. Make one with POST /control/accounts.",
        "choose": "Choose a chat",
        "choose_hint": "Pick a customer on the left to see their phone.",
        "business_account": "Business account",
        "typing": "typing…",
        "message": "Message",
        "send": "Send",
        "notice": "This chat lives in a simulator. Taps and answers are reported to the business as WhatsApp would.",
        "window_open": "Service window open until",
        "window_closed": "Service window closed: only templates reach this customer",
        "you": "You",
        "photo": "Photo",
        "video": "Video",
        "audio": "Voice message",
        "document": "Document",
        "sticker": "Sticker",
        "location": "Location",
        "contact": "Contact",
        "failed": "Not delivered",
        "accepted": "Accepted",
        "sent": "Sent",
        "delivered": "Delivered",
        "read": "Read",
        "today": "Today",
        "copied": "Copied",
        "verified": "Verified",
        "close": "Close",
        "bad_number": "Write the number with its country code, such as +90 555 111 22 33.",
        "offline": "The sandbox does not answer. Trying again…",
        "other_language": "Türkçe",
        "other_code": "tr",
    },
    "tr": {
        "title": "Deneme telefonu",
        "subtitle": "Müşterilerinizin gördüğü. Buradaki hiçbir şey bu bilgisayardan çıkmaz.",
        "new_chat": "Yeni sohbet",
        "customer": "Müşterinin numarası",
        "business": "İşletme",
        "open": "Aç",
        "back": "Geri",
        "no_chats": "Henüz sohbet yok. Bu simülatör üzerinden bir numaraya mesaj gönderin, burada belirir.",
        "no_accounts": "Henüz işletme numarası yok. POST /control/accounts ile bir tane oluşturun.",
        "choose": "Bir sohbet seçin",
        "choose_hint": "Telefonunu görmek için soldan bir müşteri seçin.",
        "business_account": "İşletme hesabı",
        "typing": "yazıyor…",
        "message": "Mesaj",
        "send": "Gönder",
        "notice": "Bu sohbet bir simülatördedir. Dokunuşlar ve yanıtlar işletmeye WhatsApp'taki gibi bildirilir.",
        "window_open": "Yanıt penceresinin kapanışı:",
        "window_closed": "Yanıt penceresi kapalı: müşteriye yalnız şablonlar ulaşır",
        "you": "Siz",
        "photo": "Fotoğraf",
        "video": "Video",
        "audio": "Sesli mesaj",
        "document": "Belge",
        "sticker": "Çıkartma",
        "location": "Konum",
        "contact": "Kişi",
        "failed": "Teslim edilmedi",
        "accepted": "Kabul edildi",
        "sent": "Gönderildi",
        "delivered": "Teslim edildi",
        "read": "Okundu",
        "today": "Bugün",
        "copied": "Kopyalandı",
        "verified": "Doğrulanmış",
        "close": "Kapat",
        "bad_number": "Numarayı ülke koduyla yazın; örneğin +90 555 111 22 33.",
        "offline": "Simülatör yanıt vermiyor. Yeniden deneniyor…",
        "other_language": "English",
        "other_code": "en",
    },
}


def choose_language(asked: str | None, accept: str) -> str:
    """The one asked for by name, else the first of the browser's that is known, else English."""
    if asked in WORDS:
        return asked
    wanted = []
    for place, part in enumerate(accept.split(",")):
        tag, _, quality = part.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        wanted.append((-weight, place, tag.strip().split("-")[0].lower()))
    return next((tag for _, _, tag in sorted(wanted) if tag in WORDS), "en")
