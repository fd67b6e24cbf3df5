"""What a review reads in a text; the catalogue is what it must find nothing in."""

import pytest

from app.events.catalogue import catalogue
from app.sandbox import review
from app.sandbox.reading import is_written_in
from app.sandbox.review_words import fold
from app.templates.definition import Bases, submission

BASES = Bases("https://shop.example", "https://shop.example")
CATALOGUE = [submission(template, BASES) for event_type in catalogue().values() for template in event_type.templates]


def text(words, *buttons, footer=None):
    parts = [{"type": "BODY", "text": words}]
    parts += [{"type": "FOOTER", "text": footer}] if footer else []
    return parts + ([{"type": "BUTTONS", "buttons": list(buttons)}] if buttons else [])


def judged(components, language="en", **more):
    rules = {"duplicate": False, "judge_language": True, "reject_short_links": True}
    category = review.judged_category("UTILITY", components, language)
    return review.judge(components, category=category, language=language, **(rules | more))


@pytest.mark.parametrize("template", CATALOGUE, ids=lambda one: f"{one['name']}-{one['language']}")
def test_the_catalogue_is_approved_as_submitted(template):
    components, language = template["components"], template["language"]
    assert review.judged_category(template["category"], components, language) == template["category"]
    verdict = review.judge(
        components,
        category=template["category"],
        language=language,
        duplicate=False,
        judge_language=True,
        reject_short_links=True,
    )
    assert (verdict.reason, verdict.evidence) == (None, ())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        # Each kind that Meta's page on categories names.
        ("en", "Your order {{1}} is ready, and here is 10% off for the next one."),
        ("en", "We are sorry for the delay of your order. A gift card is waiting for you."),
        ("en", "Your plan ends on Friday. Renew today and keep your rate."),
        ("en", "Your account has been pre-approved for a credit card."),
        ("en", "You have not finished yet: complete your application in five minutes."),
        ("en", "Your cart is waiting, and the items in it are going fast."),
        ("en", "We miss you! Come back and see what is new."),
        ("en", "Happy birthday from all of us at the store."),
        ("en", "Our new app is here. Download our app to see your orders."),
        ("en", "You're invited to the opening of our shop on Friday."),
        ("en", "A flat that matches your search was listed."),
        ("en", "Meet our virtual assistant: it answers questions about your order."),
        ("en", "Refer a friend, and both of you get something."),
        ("en", "Thank you for choosing us. See you soon."),
        ("en", "Congratulations!"),
        ("en", "Hello {{1}}, a message for you."),
        ("tr", "Siparişiniz hazır, bir sonrakinde %15 indirim sizi bekliyor."),
        ("tr", "SİPARİŞİNİZ HAZIR. BÜYÜK İNDİRİM BAŞLADI."),
        ("tr", "Gecikme için üzgünüz, size bir hediye çeki tanımladık."),
        ("tr", "Paketinizi yükseltin, daha çok internetiniz olsun."),
        ("tr", "Krediniz önceden onaylı, hemen başvurun."),
        ("tr", "Sepetinizde ürünler kaldı, alışverişinizi tamamlayın."),
        ("tr", "Sizi özledik, yeniden bekleriz."),
        ("tr", "Doğum gününüz kutlu olsun."),
        ("tr", "Yeni mağazamız açıldı, açılışa davetlisiniz."),
        ("tr", "Bizi tercih ettiğiniz için teşekkür ederiz."),
        ("tr", "Merhaba {{1}}, size bir mesaj var."),
        ("tr", "İyi bayramlar dileriz, siparişiniz yolda."),
    ],
)
def test_promotion_is_marketing_even_beside_a_transaction(language, words):
    assert review.judged_category("UTILITY", text(words), language) == "MARKETING"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Your order {{1}} has been delivered. Thank you!"),
        ("en", "You will no longer receive promotions from us. Your request has been recorded."),
        ("en", "The results of the survey about your visit on {{1}} are in."),
        ("tr", "{{1}} numaralı siparişiniz teslim edildi. Teşekkür ederiz!"),
        ("tr", "Kampanya mesajları artık size gönderilmeyecek, talebiniz kaydedildi."),
        ("tr", "Harika haber: {{1}} numaralı siparişiniz yola çıktı."),
        ("de", "Hallo {{1}}"),
    ],
)
def test_what_is_about_a_transaction_stays_utility(language, words):
    assert review.judged_category("UTILITY", text(words), language) == "UTILITY"


def test_a_button_and_a_footer_are_read_too():
    plain = "Your order {{1}} is on its way to you."
    button = {"type": "URL", "text": "Shop now", "url": "https://ex.org"}
    assert review.judged_category("UTILITY", text(plain, button), "en") == "MARKETING"
    assert review.judged_category("UTILITY", text(plain, footer="See our services as well"), "en") == "MARKETING"
    assert review.judged_category("MARKETING", text(plain), "en") == "MARKETING"


@pytest.mark.parametrize(
    ("language", "words", "reason"),
    [
        ("en", "Your verification code is {{1}}, please enter it.", "INCORRECT_CATEGORY"),
        ("en", "Your one-time code for the desk is 1234 today.", "INCORRECT_CATEGORY"),
        ("en", "Here is the passcode of your account. It expires in ten minutes.", "INCORRECT_CATEGORY"),
        ("tr", "Doğrulama kodunuz {{1}} olup 3 dakika geçerlidir.", "INCORRECT_CATEGORY"),
        ("tr", "Tek kullanımlık şifreniz: {{1}}. Kimseyle paylaşmayın.", "INCORRECT_CATEGORY"),
        ("en", "Reply with your card number and CVV to receive the refund.", "SCAM"),
        ("en", "You have won our lottery, click here to claim the money.", "SCAM"),
        ("tr", "Siparişiniz için lütfen kart numaranızı ve şifrenizi bu sohbete yazın.", "SCAM"),
        ("tr", "Tebrikler, kazandınız! Almak için tıklayın.", "SCAM"),
        ("en", "Pay your bill, you idiot, while you can.", "ABUSIVE_CONTENT"),
        ("tr", "Faturanızı ödemezseniz pişman olacaksınız.", "ABUSIVE_CONTENT"),
        ("en", "Our casino has a bonus for you tonight.", "PROMOTIONAL"),
        ("tr", "Bahis sitemizde size özel fırsatlar var.", "PROMOTIONAL"),
        ("fr", "Your parcel is waiting at the desk until Friday included.", "TAG_CONTENT_MISMATCH"),
        ("en", "Siparişiniz yola çıktı, lütfen aşağıdaki düğme ile takip edin.", "TAG_CONTENT_MISMATCH"),
        ("en", "Ваш заказ отправлен сегодня.", "TAG_CONTENT_MISMATCH"),
        ("ar", "Your parcel is waiting at the desk.", "TAG_CONTENT_MISMATCH"),
    ],
)
def test_each_reason_where_it_is_right(language, words, reason):
    verdict = judged(text(words), language)
    assert verdict.reason == reason
    assert review.points(verdict.evidence, reason) >= review.ENOUGH


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "For the security of your account: we never ask for your verification code {{1}}."),
        ("en", "Do not share your verification code with anyone."),
        ("en", "Your booking {{1}} is confirmed. Confirmation code: {{2}}."),
        ("en", "Your wine order {{1}} has been shipped."),
        ("en", "Your password was changed at {{1}}. Never share your password."),
        ("tr", "Şifreniz değiştirildi. Şifrenizi kimseyle paylaşmayın."),
        ("tr", "Hesabınızın güvenliği için kart numaranızı bizimle asla paylaşmayın."),
    ],
)
def test_what_only_speaks_of_it_is_approved(language, words):
    assert judged(text(words), language).reason is None


LINK = {"type": "URL", "text": "Track", "url": "https://bit.ly/{{1}}", "example": ["a"]}
SAMPLE = [{"type": "BODY", "text": "Your order {{1}} is here.", "example": {"body_text": [["{{1}}"]]}}]


@pytest.mark.parametrize(
    ("components", "cause"),
    [
        (text("Your order {{1}} {{2}} is waiting at the desk."), "adjacent"),
        (text("- {{1}} -"), "only_variables"),
        (text("Your order is here.\n\n\n\nSee you."), "blank_lines"),
        (SAMPLE, "sample"),
        (text("Your order {{1}} is on its way.", LINK), "short_link"),
        (text("Your order {{1}} is on its way.", LINK | {"url": "https://www.wa.me/905"}), "short_link"),
    ],
)
def test_an_invalid_format_has_a_cause(components, cause):
    verdict = judged(components)
    assert (verdict.reason, verdict.cause) == ("INVALID_FORMAT", cause)


def test_the_judgement_can_be_softened():
    assert judged(text("Your parcel is waiting at the desk."), "fr", judge_language=False).reason is None
    assert judged(text("Your order {{1}} is on its way.", LINK), reject_short_links=False).reason is None
    assert judged(text("Your order is on its way."), duplicate=True).cause == "duplicate"


@pytest.mark.parametrize(
    ("words", "language", "fits"),
    [
        ("Votre colis vous attend à la poste.", "fr_CA", True),
        ("Votre colis vous attend à la poste.", "de", False),
        ("Ihre Bestellung ist auf dem Weg zu Ihnen und wird am Freitag geliefert.", "de", True),
        ("Twoja paczka czeka na odbiór.", "pl", True),
        ("Siparişiniz yola çıktı.", "tr", True),
        ("IŞIK İLE İLGİLİ BİR BİLDİRİM VAR", "tr", True),
        ("DHL", "tr", True),
        ("طلبك في الطريق", "ar", True),
        ("您的订单已发货", "zh_CN", True),
        ("ご注文の品を発送しました", "ja", True),
        ("Vaša pošiljka je stigla.", "sr", True),
        ("", "en", True),
    ],
)
def test_only_what_is_plainly_another_language_does_not_fit(words, language, fits):
    assert is_written_in(words, language) is fits


def test_the_four_letters_of_i_are_one():
    assert fold("INDIRIM") == fold("İNDİRİM") == fold("indirim") == fold("ındırım")
