"""Words that Meta's review reads as promotion, and words that say nothing of what a message is about.

Source: Meta's pages "Template categorization" and "Utility templates", whose examples are English; the Turkish ones say
the same as Turkish businesses do. `*` stands for any ending: Turkish words have many.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

PROMOTIONAL: dict[str, tuple[str, ...]] = {
    "en": (
        "discount*", "promo", "promos", "promo code*", "promotion*", "coupon*", "voucher*", "gift*", "giveaway*",
        "free shipping", "free delivery", "free trial*", "special offer*", "exclusive offer*", "limited offer*",
        "new offer*", "our offers", "offers for you", "best offer*", "great deal*", "best deal*", "deals", "on sale",
        "flash sale*", "sale ends", "sale starts", "big sale", "limited time", "last chance", "don't miss", "hurry",
        "act now", "buy now", "shop now", "order now", "book now", "renew now", "renew today", "upgrade now",
        "upgrade today", "upgrade your", "upgrade to", "pre-approved", "preapproved", "finish your application",
        "complete your application", "your cart", "we miss you", "we missed you", "happy birthday", "merry christmas",
        "happy holidays", "happy new year", "season's greetings", "new arrival*", "new collection*", "new feature*",
        "new store*", "new branch", "our new app", "download our app", "get our app", "check out our", "browse our",
        "discover our", "explore our", "you are invited", "you're invited", "join us", "invite a friend",
        "invite friends", "refer a friend", "referral*", "earn points", "cashback", "cash back", "bonus*", "win a",
        "prize*", "other services", "other products", "virtual assistant", "matches your search", "save up to",
        "half price", "best price*", "price drop*", "lower price*", "back in stock",
    ),
    "tr": (
        "indirim*", "kampanya*", "promosyon*", "kupon*", "hediye*", "çekiliş*", "bedava", "ücretsiz kargo",
        "ücretsiz teslimat", "ücretsiz deneme*", "ücretsiz deneyin", "fırsatı", "fırsatını", "fırsatlar*",
        "fırsatımız", "avantajlı*", "avantajlar*", "ayrıcalık*", "size özel", "sana özel", "özel teklif*",
        "teklifimiz*", "tekliflerimiz*", "son şans*", "sınırlı süre*", "kısa süreliğine", "stoklarla sınırlı",
        "kaçırmayın", "kaçırma", "acele edin", "hemen al", "hemen alın", "hemen satın*", "hemen sipariş*",
        "hemen incele*", "hemen başvur*", "hemen yenile*", "hemen yükselt*", "bugün yenile*", "alışverişe başla*",
        "alışverişe devam*", "alışverişinizi tamamla*", "sepetiniz*", "sepetinde*", "sepette*", "keşfet*",
        "yeni sezon*", "yeni koleksiyon*", "yeni ürünler*", "yeni mağaza*", "yeni şube*", "yeni özellik*",
        "yeni uygulama*", "uygulamamızı indir*", "paketinizi yükselt*", "tarifenizi yükselt*", "üst pakete",
        "ön onaylı", "önceden onaylı", "başvurunuzu tamamla*", "sizi özledik", "seni özledik", "doğum gününüz kutlu",
        "doğum günün kutlu", "nice yıllara", "iyi bayramlar", "bayramınız*", "mutlu yıllar", "yeni yılınız*",
        "davetlisiniz", "davet ediyoruz", "etkinliğimiz*", "arkadaşını*", "arkadaşınızı*", "tavsiye edin",
        "puan kazan*", "kazanma şansı*", "sürpriz*", "diğer hizmetlerimiz*", "diğer ürünlerimiz*", "sanal asistan*",
        "dijital asistan*", "aramanıza uygun", "yarı fiyat*", "fiyatı düştü", "fiyat düştü", "yeniden stokta",
        "tekrar stokta",
    ),
}  # fmt: skip
"""What makes marketing of a text, whatever else it says."""

PERSUASIVE: dict[str, tuple[str, ...]] = {
    "en": (
        "congratulations", "thank you for choosing", "thanks for choosing", "thank you for shopping",
        "thanks for shopping", "thank you for being", "thanks for being", "exclusive*", "amazing", "great news",
    ),
    "tr": (
        "tebrikler", "tebrik ederiz", "tercih ettiğiniz için", "bizi seçtiğiniz için", "alışverişiniz için teşekkür*",
        "harika haber*", "müjde*", "sadece bugün", "bugüne özel", "muhteşem", "eşsiz",
    ),
}  # fmt: skip
"""What is no news to the customer, and lets a review doubt that the rest is."""

EMPTY = frozenset(
    """
    a about an and are dear for from good have hello hi important info information is it message name new note notice
    notification of on our please that the there this to update us we with you your day morning evening afternoon
    customer valued sir madam
    bilgi bilgilendirme bilginize bildirim bildirimi bir bu da de değerli duyuru duyurusu günler güncelleme haber
    hakkında hanım bey ile için iyi lütfen merhaba merhabalar mesaj mesajı müşterimiz müşteri önemli sayın selam sevgili
    size sizin ve var yeni
    """.split()  # noqa: SIM905 - a list of words reads better than one of strings
)
"""Words that may stand in any message, and so tell nobody what this one is about."""

ABOUT_CONSENT: dict[str, tuple[str, ...]] = {
    "en": ("opted in", "opted out", "unsubscribed", "subscribed", "your permission", "your consent", "stop messages",
           "message preferences", "no more messages", "messages from us"),
    "tr": ("aboneliğiniz*", "izniniz*", "onayınız*", "mesaj tercih*", "iletişim tercih*", "bildirim tercih*",
           "mesaj göndermeyeceğiz", "mesaj almayacaksınız", "mesaj gönderilmeyecek", "mesaj aboneliğ*"),
}  # fmt: skip
"""What a confirmation of a customer's choice says: it is about the messages themselves, and names no transaction."""

ONE_TIME_CODE: dict[str, tuple[str, ...]] = {
    "en": ("verification code*", "one-time code*", "one-time password*", "one-time passcode*", "one-time pin*",
           "one time code*", "one time password*", "login code*", "log-in code*", "sign-in code*", "security code*",
           "confirmation code*", "access code*", "authentication code*", "recovery code*", "passcode*", "otp",
           "reset your password", "reset the password", "code to log in", "code to sign in", "code to confirm",
           "code to approve", "code to reset", "code to verify"),
    "tr": ("doğrulama kod*", "doğrulama şifre*", "onay kod*", "onaylama kod*", "güvenlik kod*", "giriş kod*",
           "giriş şifre*", "erişim kod*", "kurtarma kod*", "tek kullanımlık", "tek seferlik", "şifre yenileme kod*",
           "geçici şifre*", "kodunu girin", "kodunu giriniz", "kodunu yazın", "otp"),
}  # fmt: skip
"""What comes with a code that proves who somebody is. Those of lockers and discounts are called otherwise."""

_MARKS = str.maketrans({"İ": "i", "I": "i", "ı": "i", "\u0307": None, "’": "'", "\u2018": "'", "\u02bc": "'"})
_BETWEEN_WORDS = r"[\s*_~]+"


def fold(text: str) -> str:
    """As words are compared: İ, I, ı and i are one letter. Capitals lose their dots on many keyboards, and no two words
    of the lists here differ in nothing else."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).translate(_MARKS).casefold())


_CLUSTER = re.compile(r".[\u0300-\u036f\ufe00-\ufe0f]*", re.DOTALL)
_fold_cluster = lru_cache(maxsize=4096)(fold)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text that knows where each of its characters came from."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """In the original text, of what stands at `start` to `end` here."""
        return self.starts[start], self.ends[end - 1]


def folded(text: str) -> Folded:
    """Folds letter by letter, each with the marks that stand on it, since folding changes lengths."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        piece = _fold_cluster(cluster[0])
        pieces.append(piece)
        starts += [cluster.start()] * len(piece)
        ends += [cluster.end()] * len(piece)
    return Folded("".join(pieces), tuple(starts), tuple(ends))


def matcher(phrases: Iterable[str]) -> re.Pattern[str]:
    """Finds each of the phrases, as whole words, in a folded text."""
    # The longest first: the name of what was found is to say as much as it can.
    words = sorted((fold(phrase) for phrase in phrases), key=len, reverse=True)
    forms = "|".join(re.escape(one).replace(r"\*", r"\w*").replace(r"\ ", _BETWEEN_WORDS) for one in words)
    return re.compile(rf"(?<!\w)(?:{forms})(?!\w)")
