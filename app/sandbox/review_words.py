"""What a review reads in a text, in English and Turkish: phrases by what they tell of it.

`*` stands for any ending, which Turkish words have many of. The English ones are those of Meta's pages on categories
and on rejections, with their like; the Turkish ones say the same as Turkish businesses do.
"""

import re
from collections.abc import Iterable

PROMOTION = (
    # English
    "discount*", "promo*", "coupon*", "voucher*", "gift*", "giveaway*", "free shipping", "free delivery",
    "free trial*", "special offer*", "exclusive offer*", "limited offer*", "new offer*", "our offers", "best deal*",
    "great deal*", "deals", "on sale", "flash sale*", "sale ends", "limited time", "last chance", "don't miss*",
    "hurry", "act now", "buy now", "shop now", "order now", "book now", "renew now", "renew today", "renew early",
    "upgrade now", "upgrade today", "upgrade your", "upgrade to", "pre-approved", "preapproved",
    "finish your application", "complete your application", "your cart", "left in your basket", "we miss you",
    "we missed you", "happy birthday", "merry christmas", "happy holidays", "happy new year", "season's greetings",
    "new arrival*", "new collection*", "new feature*", "new store*", "new app", "download our app", "get our app",
    "check out our", "browse our", "discover our", "explore our", "visit our store", "come and see", "you're invited",
    "you are invited", "join us", "invite a friend", "refer a friend", "referral*", "earn points", "double points",
    "cashback", "cash back", "bonus*", "win a", "prize*", "our other services", "our other products",
    "see our services", "virtual assistant", "matches your search", "save up to", "half price", "best price*",
    "back in stock", "customers also bought", "you may also like", "recommended for you", "% off",
    # Turkish
    "indirim*", "kampanya*", "promosyon*", "kupon*", "hediye*", "çekiliş*", "bedava", "ücretsiz kargo",
    "ücretsiz deneme*", "ücretsiz deneyin", "fırsat*", "avantajlı*", "ayrıcalık*", "size özel", "sana özel",
    "özel teklif*", "teklifimiz*", "tekliflerimiz*", "son şans*", "sınırlı süre*", "kısa süreliğine",
    "stoklarla sınırlı", "kaçırmayın", "kaçırma", "acele edin", "hemen al", "hemen alın", "hemen satın al*",
    "hemen sipariş*", "hemen incele*", "hemen başvur*", "hemen yenile*", "hemen yükselt*", "bugün yenile*",
    "alışverişe başla*", "alışverişe devam*", "alışverişinizi tamamla*", "sepetiniz*", "sepetinde*", "keşfet*",
    "yeni sezon*", "yeni koleksiyon*", "yeni mağaza*", "yeni şube*", "yeni özellik*", "yeni uygulama*",
    "uygulamamızı indir*", "paketinizi yükselt*", "tarifenizi yükselt*", "ön onaylı", "önceden onaylı",
    "başvurunuzu tamamla*", "sizi özledik", "seni özledik", "doğum gününüz kutlu*", "doğum günün kutlu*",
    "nice yıllara", "iyi bayramlar", "bayramınız*", "mutlu yıllar", "yeni yılınız*", "davetlisiniz", "davet ediyoruz",
    "etkinliğimiz*", "arkadaşını*", "arkadaşınızı*", "puan kazan*", "kazanma şansı*", "sürpriz*",
    "diğer hizmetlerimiz*", "diğer ürünlerimiz*", "sanal asistan*", "aramanıza uygun", "yarı fiyat*", "fiyatı düştü",
    "yeniden stokta", "tekrar stokta", "beğenebileceğiniz", "sizin için seçtik", "mağazamıza bekliyoruz",
    "mağazalarımıza bekleriz",
)  # fmt: skip

PERSUASION = (
    "congratulations", "thank you for choosing", "thanks for choosing", "thank you for shopping", "thanks for shopping",
    "thank you for being", "exclusive*", "amazing", "incredible", "great news", "only today", "you will love",
    "tebrikler", "tebrik ederiz", "tercih ettiğiniz için", "bizi seçtiğiniz için", "alışverişiniz için teşekkür*",
    "harika*", "müjde*", "sadece bugün", "bugüne özel", "muhteşem", "eşsiz", "çok seveceksiniz",
)  # fmt: skip
"""What doubts come from, where nothing says what the message is about."""

TRANSACTION = (
    "order*", "parcel*", "package*", "deliver*", "shipment*", "appointment*", "booking*", "reservation*", "invoice*",
    "bill*", "payment*", "refund*", "return*", "account*", "subscription*", "contract*", "ticket*", "flight*", "trip*",
    "check-in", "claim*", "request*", "case*", "balance*", "receipt*", "statement*", "prescription*", "result*",
    "visit*", "survey*", "outage*", "maintenance", "security", "fraud*", "recall*", "warranty", "membership*",
    "consent", "password*", "document*", "policy", "reading", "meter*", "medicine", "purchase*",
    "sipariş*", "kargo*", "paket*", "gönderi*", "teslim*", "randevu*", "rezervasyon*", "fatura*", "ödeme*", "iade*",
    "hesab*", "hesap*", "abonelik*", "aboneliğ*", "sözleşme*", "bilet*", "uçuş*", "seyahat*", "check-in*", "talep*",
    "talebi*", "başvuru*", "kayıt*", "bakiye*", "makbuz*", "ekstre*", "reçete*", "sonuc*", "sonuç*", "muayene*",
    "anket*", "kesinti*", "bakım*", "güvenlik*", "dolandırıcılık*", "geri çağırma*", "garanti*", "üyelik*",
    "üyeliğ*", "onay*", "şifre*", "belge*", "poliçe*", "sayaç*", "ilaç*", "ilac*",
    "alışveriş*", "satın al*", "görüşme*",
)  # fmt: skip
"""What a message to one customer is about."""

NO_MORE = (
    "no longer receive*", "no longer send", "will not receive", "won't receive", "will not send", "won't send",
    "unsubscribed", "opted out", "stop receiving", "to stop", "göndermeyeceğiz", "almayacaksınız", "gönderilmeyecek*",
    "iletilmeyecek*", "durdurmak", "durduruldu", "çıkış talebi*", "aboneliğinizi sonlandır*",
)  # fmt: skip
"""A sentence that ends promotion names it, and is none."""

CODES = (
    "verification code*", "one-time code*", "one time code*", "one-time password*", "one time password*",
    "one-time pin", "otp", "login code*", "sign-in code*", "authentication code*", "passcode*",
    "doğrulama kod*", "tek kullanımlık*", "giriş kod*", "otp kod*", "sms şifre*",
)  # fmt: skip
MAYBE_CODES = ("security code*", "confirmation code*", "access code*", "your code", "güvenlik kod*", "onay kod*",
               "kodunuz")  # fmt: skip
EXPIRES = ("expires in", "valid for", "within minutes", "dakika geçerli*", "dakika içinde", "süreyle geçerli*")
NOT_TO_TELL = ("do not share", "don't share", "never share", "paylaşmayın", "kimseye söylemeyin")
NEVER_ASKED = ("never ask", "will not ask", "do not ask", "istemeyiz", "istemez", "talep etmeyiz", "sormayız")

INSULTS = (
    "idiot*", "stupid", "moron*", "loser*", "shut up", "damn you", "you will regret", "or else", "we know where you",
    "we will find you", "you will be sorry", "bitch*", "bastard*", "aptal*", "salak*", "gerizekalı*", "geri zekalı*",
    "ahmak*", "şerefsiz*", "defol*", "pişman olacaksın*", "pişman ederiz", "seni buluruz", "sizi buluruz",
    "başınıza gelecek*",
)  # fmt: skip

SECRETS = (
    "password*", "pin", "pin code", "cvv", "cvc", "card number*", "card details", "bank details", "national id*",
    "identity number*", "social security*", "verification code*", "one-time code*", "account credentials",
    "şifre*", "parola*", "kart numara*", "kart bilgi*", "banka bilgi*", "kimlik numara*", "tc kimlik*", "t.c. kimlik*",
    "doğrulama kod*", "sms kod*", "onay kod*",
)  # fmt: skip
ASKED_FOR = (
    "send us", "send me", "reply with", "reply to this message with", "share your", "provide your", "tell us your",
    "give us your", "confirm your", "enter your", "write your", "text us", "gönderin*", "yazın*", "paylaşın*",
    "iletin*", "girin*", "bildirin*", "yanıtlayın*", "söyleyin*",
)  # fmt: skip
NOT_ASKED = ("do not", "don't", "never", "not to", "asla", "sakın", "hiçbir zaman", "kimseyle", "paylaşmayın",
             "göndermeyin", "istemeyiz", "istemez")  # fmt: skip
LURES = (
    "you have won", "you've won", "you are a winner", "lottery", "jackpot", "inheritance", "double your money",
    "guaranteed profit*", "guaranteed income", "guaranteed loan*", "risk-free investment*", "risk free investment*",
    "easy money", "bitcoin*", "crypto*", "western union", "kazandınız", "piyango*", "miras*", "paranızı ikiye katla*",
    "garantili kazanç*", "kesin kazanç*", "risksiz yatırım*", "kolay para", "kripto*", "evden kazan*",
)  # fmt: skip
HOOKS = (
    "claim", "claim it", "click the link", "click here", "pay a fee", "processing fee", "invest*", "transfer",
    "talep edin", "tıklayın", "tıklayarak", "yatırım yap*", "yatırın", "masraf ücreti*", "işlem ücreti*", "havale*",
)  # fmt: skip

FORBIDDEN = (
    "casino*", "betting", "bet now", "gambling", "poker", "cigarette*", "tobacco", "vape*", "whisky", "whiskey",
    "vodka", "beer*", "wine*", "liquor", "firearm*", "ammunition", "cannabis", "viagra", "escort*",
    "bahis*", "kumarhane*", "iddaa*", "kumar*", "sigara*", "tütün*", "nargile*", "rakı*", "viski*", "votka*", "bira",
    "şarap*", "tabanca*", "tüfek*", "mermi*", "esrar*",
)  # fmt: skip
"""What Meta's commerce policy lets nobody promote."""

SHORTENERS = frozenset(
    "bit.ly tinyurl.com t.co goo.gl ow.ly is.gd cutt.ly rebrand.ly t.ly shorturl.at wa.me api.whatsapp.com".split()  # noqa: SIM905
)

EMPTY = frozenset(
    """
    a about an and are at be dear for from good have hello here hi important in info information is it just message my
    name new news note notice of on our please thank thanks that the there this to today update us we with you your day
    morning evening customer valued sir madam
    bilgi bilgilendirme bir bu da de degerli duyuru gunler guncelleme haber hakkinda hanim bey ile icin iyi lutfen
    merhaba mesaj musterimiz musteri onemli sayin selam sevgili size sizin tesekkurler ve var yeni bugun
    """.split()  # noqa: SIM905 - a list of words reads better than one of strings
)

_FOLDED = str.maketrans("İIıâîûçğöşü’\u2018", "iiiaiucgosu''")
_BETWEEN = r"[\s*_~]+"


def fold(text: str) -> str:
    """As words are compared: letters without the marks that many keyboards leave out."""
    return text.translate(_FOLDED).casefold().replace("\u0307", "").translate(_FOLDED)


def matcher(phrases: Iterable[str]) -> re.Pattern[str]:
    """Finds each of the phrases as whole words in a folded text, the longest first."""
    words = sorted({fold(phrase) for phrase in phrases}, key=len, reverse=True)
    forms = "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", _BETWEEN) for word in words)
    return re.compile(rf"(?<!\w)(?:{forms})(?!\w)")
