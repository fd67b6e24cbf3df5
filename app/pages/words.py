"""What the pages say, in Turkish and English. `{business}` stands without a suffix: its vowels are not ours to know."""

from datetime import datetime, time

from babel.dates import format_date, format_datetime, format_time

from app.core.languages import OurLanguage

WORDING_VERSION = "page-2"
"""Of the texts below that customers agree to: to be counted up when one of them changes."""

_TR = {
    "other_language": "English",
    "privacy": "Aydınlatma metni",
    "skip": "İçeriğe geç",
    "error": "Hata: {title}",
    "errors": "Lütfen işaretli alanları düzeltin.",
    # Preference centre
    "preferences_title": "Mesaj tercihleriniz",
    "number": "Numaranız",
    "now": "Şu anki durum",
    "now_on": "{business} size WhatsApp üzerinden mesaj gönderebilir.",
    "now_some": "{business} size WhatsApp üzerinden yalnızca seçtiğiniz konularda mesaj gönderebilir.",
    "now_off": "{business} size WhatsApp üzerinden mesaj göndermiyor.",
    "now_pending": "Onayınız bekleniyor. Tamamlamak için WhatsApp’ta size gönderilen onay isteğini onaylayın.",
    "now_paused": "Mesajlara ara verdiniz. Yeniden başlayacağı zaman: {until}.",
    "now_topic_paused": "“{topic}” konusuna ara verdiniz. Yeniden başlayacağı zaman: {until}.",
    "now_topic_cap": "“{topic}” konusunda sınır: {cap}.",
    "choose": "Tercihlerinizi değiştirin",
    "topics": "{business} işletmesinin bana WhatsApp üzerinden mesaj göndermesine açık rıza verdiğim konular:",
    "promotional": "ticari elektronik ileti",
    "pending": "onayınız bekleniyor",
    "held_by_marketing": "kampanya mesajlarını kapattığınız için gönderilmiyor",
    "held_by_meta": "WhatsApp’ta bu işletmenin kampanya mesajlarını durdurduğunuz için gönderilmiyor",
    "frequency": "En çok kaç mesaj?",
    "frequency_hint": "Kesinti ve güvenlik uyarısı gibi acil bildirimler bu sınıra girmez.",
    "no_cap": "Sınır yok",
    "cap_day": "Günde en fazla {most} mesaj",
    "cap_week": "Haftada en fazla {most} mesaj",
    "cap_month": "30 günde en fazla {most} mesaj",
    "cap_days": "{days} günde en fazla {most} mesaj",
    "channel": "Size hangi kanaldan ulaşalım?",
    "channel_whatsapp": "WhatsApp",
    "channel_sms": "SMS",
    "channel_email": "E-posta",
    "quiet": "Sessiz saatler",
    "quiet_hint": "Bu saatler arasında acil bildirimler dışında mesaj gönderilmez.",
    "quiet_business": "İşletmenin ayarı geçerli olsun ({begins}–{ends})",
    "quiet_business_none": "İşletmenin ayarı geçerli olsun (sessiz saat yok)",
    "quiet_own": "Saatleri ben seçeyim",
    "quiet_begins": "Başlangıç",
    "quiet_ends": "Bitiş",
    "save": "Tercihleri kaydet",
    "pause_title": "Bir süre ara verin",
    "pause_text": "Ara verdiğinizde mesajlar bekletilir, zamanı geçenler hiç gönderilmez. "
    "Acil bildirimler de bekletilir.",
    "pause_until": "Mesajlar hangi gün yeniden başlasın?",
    "pause": "Ara ver",
    "resume": "Mesajları şimdi başlat",
    "resume_topic": "“{topic}” mesajlarını şimdi başlat",
    "leave_title": "Mesaj almayı bırakın",
    "leave_text": "{business} size WhatsApp üzerinden mesaj göndermeyi hemen bırakır; bekleyen mesajlar da iptal "
    "edilir. Dilediğiniz zaman geri dönebilirsiniz.",
    "leave": "Tüm mesajları durdur",
    "back_title": "Yeniden mesaj alın",
    "back_wording": "{business} işletmesinin aldığım ürün ve hizmetler hakkında beni bilgilendirmek amacıyla bana "
    "WhatsApp üzerinden mesaj göndermesine açık rıza veriyorum. Rızamı dilediğim zaman geri alabilirim.",
    "back": "Onaylıyorum, mesajları başlat",
    "done_saved": "Tercihleriniz kaydedildi.",
    "done_unchanged": "Tercihleriniz olduğu gibi kaldı; değişen bir şey yok.",
    "done_left": "Mesajlar durduruldu. {business} size artık WhatsApp üzerinden mesaj göndermeyecek. Yalnızca bu "
    "işlemi onaylayan bir mesaj alacaksınız.",
    "done_back": "Tekrar hoş geldiniz. Mesajlar yeniden başladı.",
    "done_requested": "Son bir adım kaldı: WhatsApp’ta size gönderilecek onay isteğini onaylayın.",
    "done_paused": "Mesajlara ara verildi.",
    "done_resumed": "Mesajlar yeniden başladı.",
    "error_pause_until": "Yarın ile bir yıl sonrası arasında bir gün seçin.",
    "error_quiet": "Başlangıç ve bitiş saatini seçin.",
    # Opt-in form
    "opt_in_title": "Bilgilendirmeleri WhatsApp’tan alın",
    "opt_in_intro": "{business} mesajlarını WhatsApp üzerinden alın. Dilediğiniz zaman DUR yazarak çıkabilirsiniz.",
    "phone": "WhatsApp numaranız",
    "phone_hint": "{country} numaraları başında ülke kodu olmadan da yazılabilir. Örnek: {example}",
    "name": "Adınız (isteğe bağlı)",
    "which_topics": "Hangi konularda mesaj almak istersiniz?",
    "send": "Kaydol",
    "trap": "Bu alanı boş bırakın",
    "error_phone": "Geçerli bir telefon numarası yazın. Örnek: {example}",
    "error_name": "Adınızı 100 karakteri geçmeden, özel işaretler kullanmadan yazın.",
    "error_topics": "En az bir konu seçin.",
    "error_agreed": "Devam etmek için onay kutusunu işaretleyin.",
    "error_form": "Form uzun süre açık kaldı ya da daha önce gönderildi. Lütfen yeniden gönderin.",
    "error_fast": "Form çok hızlı gönderildi. Lütfen bilgilerinizi gözden geçirip yeniden gönderin.",
    "error_many": "Kısa sürede çok fazla deneme yapıldı. Lütfen bir süre sonra yeniden deneyin.",
    "opted_in_title": "Kaydınız alındı",
    "opted_in_text": "{business} size WhatsApp üzerinden mesaj gönderecek.",
    "opted_in_leave": "Vazgeçerseniz gelen mesajı DUR yazarak yanıtlamanız yeterli.",
    "requested_title": "WhatsApp’ınızı kontrol edin",
    "requested_text": "Son bir adım kaldı: {business} size WhatsApp üzerinden bir onay isteği gönderiyor. "
    "Kaydınızın tamamlanması için o isteği onaylayın.",
    # Dead ends
    "expired_title": "Bu bağlantının süresi doldu",
    "expired_text": "Tercihlerinizi görmek için {business} işletmesinden yeni bir bağlantı isteyin.",
    "expired_stop": "Yalnızca mesajları durdurmak istiyorsanız yeni bağlantıya gerek yok: işletmenin WhatsApp "
    "sohbetine DUR yazmanız yeterli.",
    "website": "İşletmenin web sitesi",
    "chat": "WhatsApp sohbetini aç",
    "unknown_title": "Bu sayfa bulunamadı",
    "unknown_text": "Bağlantı eksik kopyalanmış olabilir. Lütfen size gönderilen bağlantıya yeniden dokunun ya da "
    "bağlantıyı gönderen işletmeyle iletişime geçin.",
    "no_link_title": "Bu bağlantı bulunamadı",
    "no_link_text": "Bağlantı eksik yazılmış ya da eksik kopyalanmış olabilir. Lütfen karekodu yeniden okutun veya "
    "bağlantıyı paylaşan işletmeyle iletişime geçin.",
    "closed_title": "Bu bağlantı artık kullanılmıyor",
    "closed_text": "{business} bu bağlantıyı kullanımdan kaldırdı. "
    "WhatsApp’tan mesaj almak istiyorsanız lütfen işletmeyle iletişime geçin.",
    "no_number_title": "Bu sayfa şu anda açılamıyor",
    "no_number_text": "{business} işletmesinin WhatsApp numarası şu anda kullanılamıyor. Lütfen daha sonra yeniden "
    "deneyin.",
    "unavailable_title": "Bu sayfa şu anda açılamıyor",
    "unavailable_text": "Bağlantınız geçerli olabilir, ancak şu anda açamıyoruz. Lütfen biraz sonra yeniden deneyin.",
    # Snippet
    "open_form": "Bilgilendirmeleri WhatsApp’tan alın",
    "open_chat": "WhatsApp’tan yazın",
    "close": "Kapat",
    "sending": "Gönderiliyor…",
    "failed": "Gönderilemedi. Lütfen biraz sonra yeniden deneyin.",
}

_EN = {
    "other_language": "Türkçe",
    "privacy": "Privacy notice",
    "skip": "Skip to content",
    "error": "Error: {title}",
    "errors": "Please correct the marked fields.",
    "preferences_title": "Your message preferences",
    "number": "Your number",
    "now": "Right now",
    "now_on": "{business} may send you messages on WhatsApp.",
    "now_some": "{business} may send you messages on WhatsApp, only about the topics that you chose.",
    "now_off": "{business} does not send you messages on WhatsApp.",
    "now_pending": "Waiting for you to confirm. Confirm the request that you were sent on WhatsApp to finish.",
    "now_paused": "You paused messages. They start again: {until}.",
    "now_topic_paused": "You paused “{topic}”. It starts again: {until}.",
    "now_topic_cap": "Limit for “{topic}”: {cap}.",
    "choose": "Change your preferences",
    "topics": "I explicitly consent to messages from {business} on WhatsApp about:",
    "promotional": "commercial messages",
    "pending": "waiting for you to confirm",
    "held_by_marketing": "not sent, because you switched offers off",
    "held_by_meta": "not sent, because you stopped offers of this business in WhatsApp",
    "frequency": "How many messages at most?",
    "frequency_hint": "Urgent ones, such as outages and security alerts, are not counted.",
    "no_cap": "No limit",
    "cap_day": "At most {most} a day",
    "cap_week": "At most {most} a week",
    "cap_month": "At most {most} in 30 days",
    "cap_days": "At most {most} in {days} days",
    "channel": "How should we reach you?",
    "channel_whatsapp": "WhatsApp",
    "channel_sms": "Text message (SMS)",
    "channel_email": "E-mail",
    "quiet": "Quiet hours",
    "quiet_hint": "Between these times you get urgent messages only.",
    "quiet_business": "As the business sets them ({begins}–{ends})",
    "quiet_business_none": "No quiet hours (as the business sets them)",
    "quiet_own": "I choose the times",
    "quiet_begins": "From",
    "quiet_ends": "To",
    "save": "Save preferences",
    "pause_title": "Take a break",
    "pause_text": "While you pause, messages wait; those that are out of date by then are never sent. "
    "Urgent ones wait, too.",
    "pause_until": "On which day should messages start again?",
    "pause": "Pause messages",
    "resume": "Start messages now",
    "resume_topic": "Start “{topic}” now",
    "leave_title": "Stop getting messages",
    "leave_text": "{business} stops sending you messages on WhatsApp at once, and those that wait are cancelled. "
    "You can come back at any time.",
    "leave": "Stop all messages",
    "back_title": "Start messages again",
    "back_wording": "I explicitly consent to {business} sending me messages on WhatsApp to keep me informed about the "
    "products and services that I get from it. I can withdraw my consent at any time.",
    "back": "I consent, start messages",
    "done_saved": "Your preferences are saved.",
    "done_unchanged": "Nothing was changed; your preferences are as before.",
    "done_left": "Messages are stopped. {business} will not send you messages on WhatsApp any more. You will only get "
    "one message that confirms this.",
    "done_back": "Welcome back. Messages have started again.",
    "done_requested": "One more step: confirm the request that you are being sent on WhatsApp.",
    "done_paused": "Messages are paused.",
    "done_resumed": "Messages have started again.",
    "error_pause_until": "Choose a day between tomorrow and a year from now.",
    "error_quiet": "Choose both times.",
    "opt_in_title": "Get updates on WhatsApp",
    "opt_in_intro": "Get messages from {business} on WhatsApp. You can leave at any time by writing STOP.",
    "phone": "Your WhatsApp number",
    "phone_hint": "Numbers in {country} may be written without the country code. Example: {example}",
    "name": "Your name (optional)",
    "which_topics": "What would you like messages about?",
    "send": "Sign up",
    "trap": "Leave this field empty",
    "error_phone": "Enter a valid phone number. Example: {example}",
    "error_name": "Enter your name with at most 100 characters and no special characters.",
    "error_topics": "Choose at least one topic.",
    "error_agreed": "Tick the box to go on.",
    "error_form": "The form was open for too long, or was sent before. Please send it again.",
    "error_fast": "The form was sent very quickly. Please look it over and send it again.",
    "error_many": "There were too many attempts in a short time. Please try again later.",
    "opted_in_title": "You are signed up",
    "opted_in_text": "{business} will send you messages on WhatsApp.",
    "opted_in_leave": "If you change your mind, just answer a message with STOP.",
    "requested_title": "Check your WhatsApp",
    "requested_text": "One more step: {business} is sending you a request on WhatsApp. Confirm it to finish.",
    "expired_title": "This link has expired",
    "expired_text": "To see your preferences, ask {business} for a new link.",
    "expired_stop": "If you only want messages to stop, you need no new link: just write STOP in the WhatsApp chat "
    "with the business.",
    "website": "Website of the business",
    "chat": "Open the WhatsApp chat",
    "unknown_title": "This page was not found",
    "unknown_text": "The link may have been copied incompletely. Please tap the link that you were sent again, or "
    "contact the business that sent it.",
    "no_link_title": "This link was not found",
    "no_link_text": "It may have been typed or copied incompletely. Please scan the code again, or contact the "
    "business that shared it.",
    "closed_title": "This link is no longer in use",
    "closed_text": "{business} has withdrawn this link. If you want to get messages on WhatsApp, please contact the "
    "business.",
    "no_number_title": "This page cannot be opened right now",
    "no_number_text": "The WhatsApp number of {business} is not available at the moment. Please try again later.",
    "unavailable_title": "This page cannot be opened right now",
    "unavailable_text": "Your link may well be right, but we cannot open it. Please try again in a moment.",
    "open_form": "Get updates on WhatsApp",
    "open_chat": "Chat on WhatsApp",
    "close": "Close",
    "sending": "Sending…",
    "failed": "It could not be sent. Please try again later.",
}

WORDS: dict[OurLanguage, dict[str, str]] = {"tr": _TR, "en": _EN}


def say(language: OurLanguage, key: str, **given: object) -> str:
    return WORDS[language][key].format(**given)


def said_moment(moment: datetime, language: OurLanguage) -> str:
    """Of a local time; the day alone where it is the day's beginning."""
    if moment.time() == time():
        return format_date(moment.date(), "d MMMM y, EEEE", locale=language)
    return format_datetime(moment, "d MMMM y HH:mm", locale=language)


def said_time(at: time, language: OurLanguage) -> str:
    return format_time(at, "HH:mm", locale=language)
