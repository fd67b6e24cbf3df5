"""What the page of a proof says, in Turkish and English."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.languages import OurLanguage


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    lead: str
    test: str
    person: str
    erased: str
    contact: str
    phone: str
    bsuid: str
    wa_id: str
    ended: str
    holds: str
    nothing_holds: str
    topic: str
    marketing_at_meta: str
    state: str
    since: str
    preferences: str
    acts: str
    source: str
    place: str
    actor: str
    wording: str
    version: str
    language: str
    value: str
    known_as: str
    address: str
    recorded: str
    erased_evidence: str
    line: str
    authenticity: str
    issued: str
    issued_by: str
    ledger: str
    fingerprint: str
    signature: str
    check: str
    file: str
    signed: str
    customer: str
    system: str
    importer: str
    list: str
    list_line: str
    list_source: str
    list_actor: str
    merged_into: str
    merged_from: str
    number_passed: str
    held_then: str
    nothing_held: str
    until: str
    cap: str
    quiet: str
    channel: str
    channels: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


WORDS: dict[OurLanguage, Words] = {
    "tr": Words(
        title="WhatsApp onay kaydı",
        lead="Bu belge, {business} işletmesinin WhatsApp üzerinden mesaj göndermesine ilişkin olarak bir kişinin "
        "verdiği, değiştirdiği ve geri aldığı onayların tamamını gösterir.",
        test="Bu kayıt deneme ortamına aittir; gerçek bir müşteriyle ilgili değildir.",
        person="Kişi",
        erased="Bu kişinin kişisel verileri silinmiştir. Aşağıdaki kayıtlar yalnızca takma adla tutulmaktadır.",
        contact="Kayıt numarası",
        phone="Telefon",
        bsuid="WhatsApp kullanıcı kimliği",
        wa_id="WhatsApp numarası",
        ended="Kaydın sona erdiği tarih",
        holds="Şu anda geçerli olan",
        nothing_holds="Geçerli bir onay yoktur.",
        topic="Konu",
        marketing_at_meta="Pazarlama mesajları (WhatsApp’taki seçim)",
        state="Durum",
        since="Başlangıç",
        preferences="Tercihler",
        acts="İşlemler",
        source="Kaynak",
        place="Yer",
        actor="İşlemi yapan",
        wording="Gösterilen metin",
        version="Metin sürümü",
        language="Metnin dili",
        value="Ayrıntı",
        known_as="O tarihteki kimlik",
        address="IP adresi",
        recorded="Kayıt zamanı",
        erased_evidence="Bu işleme ait kişisel veriler silinmiştir.",
        line="Defter satırı",
        authenticity="Belgenin doğruluğu",
        issued="Düzenlenme zamanı",
        issued_by="Düzenleyen API anahtarı",
        ledger="Defterin o andaki sonu",
        fingerprint="Anahtar parmak izi (SHA-256)",
        signature="İmza (Ed25519)",
        check="Bu sayfa, imzalı belgeyi de içerir. Sayfayı dosya olarak kaydedip aşağıdaki komutla, internet "
        "bağlantısı olmadan doğrulayabilirsiniz. Anahtarın işletmeye ait olduğunu, işletmenin yayımladığı parmak "
        "iziyle karşılaştırarak kontrol ediniz.",
        file="belge",
        signed="İmzalı belge (JSON)",
        customer="Müşteri",
        system="Sistem",
        importer="Toplu aktarım",
        list="Liste",
        list_line="{list}, {line}. satır",
        list_source="Listedeki kaynak",
        list_actor="Listeye göre onayı alan",
        merged_into="{contact} kaydıyla birleştirildi",
        merged_from="{contact} kaydı bu kayda eklendi",
        number_passed="Numara {contact} kaydına geçti",
        held_then="Bundan sonra geçerli olan",
        nothing_held="Onay yok",
        until="{until} tarihine kadar ara verildi",
        cap="{days} günde en fazla {most} mesaj",
        quiet="{begins}–{ends} arası sessiz",
        channel="Tercih edilen kanal",
        channels={"whatsapp": "WhatsApp", "sms": "SMS", "email": "E-posta"},
        reasons={
            "customer_request": "Müşterinin talebi",
            "consent_withdrawn": "Onayın geri alınması",
            "no_longer_needed": "Verilere artık gerek kalmaması",
            "other": "Diğer",
        },
        states={
            "opted_in": "Onay verildi",
            "opted_out": "Onay geri alındı",
            "pending": "Onay bekleniyor",
            "stopped_at_meta": "Pazarlama mesajları WhatsApp’ta durduruldu",
        },
        kinds={
            "opt_in": "Onay verildi",
            "opt_out": "Onay geri alındı",
            "opt_in_request": "Onay istendi, yanıt bekleniyor",
            "pause": "Mesajlara ara verildi",
            "resume": "Mesajlar yeniden başlatıldı",
            "frequency": "Mesaj sıklığı belirlendi",
            "channel": "Kanal seçildi",
            "quiet_hours": "Sessiz saatler belirlendi",
            "marketing_stop": "Pazarlama mesajları WhatsApp’ta durduruldu",
            "marketing_resume": "Pazarlama mesajları WhatsApp’ta yeniden açıldı",
            "number_change": "Telefon numarası değişti",
            "merge": "Aynı kişiye ait kayıtlar birleştirildi",
            "erasure": "Kişisel veriler silindi",
        },
        sources={
            "website_modal": "Web sitesindeki pencere",
            "website_form": "Web sitesindeki form",
            "chat_widget": "Sohbet penceresi",
            "account_settings": "Hesap ayarları",
            "checkout": "Ödeme sayfası",
            "sms_invitation": "SMS daveti",
            "email_invitation": "E-posta daveti",
            "qr_till": "Kasadaki karekod",
            "qr_packaging": "Ambalajdaki karekod",
            "qr_print": "Basılı malzemedeki karekod",
            "qr_event_screen": "Etkinlik ekranındaki karekod",
            "qr_invoice": "Faturadaki karekod",
            "in_app_transaction": "Uygulama: işlem sonrası",
            "in_app_settings": "Uygulama: ayarlar",
            "in_app_moment": "Uygulama: kullanım sırasında",
            "shop_sign": "Mağazadaki tabela",
            "service_desk": "Müşteri hizmetleri masası",
            "bill_insert": "Fatura eki",
            "loyalty_material": "Sadakat programı malzemesi",
            "phone_call": "Telefon görüşmesi",
            "support_agent": "Müşteri temsilcisi",
            "other": "Diğer",
            "whatsapp_message": "WhatsApp mesajı",
            "whatsapp_button": "WhatsApp düğmesi",
            "preference_page": "Tercih sayfası",
            "import": "Toplu aktarım",
            "meta": "Meta’nın bildirimi",
            "ulak": "Ulak",
        },
    ),
    "en": Words(
        title="Record of consent for WhatsApp",
        lead="This document shows all consent that one person has given, changed or withdrawn concerning WhatsApp "
        "messages from {business}.",
        test="This record is from the test environment and concerns no real customer.",
        person="Person",
        erased="The personal data of this person has been erased. The records below are kept under a pseudonym only.",
        contact="Record number",
        phone="Phone",
        bsuid="WhatsApp user id",
        wa_id="WhatsApp number",
        ended="Record ended",
        holds="What holds now",
        nothing_holds="No consent is in force.",
        topic="Topic",
        marketing_at_meta="Marketing messages (choice on WhatsApp)",
        state="State",
        since="Since",
        preferences="Preferences",
        acts="Acts",
        source="Source",
        place="Place",
        actor="Done by",
        wording="Wording shown",
        version="Version of the wording",
        language="Language of the wording",
        value="Details",
        known_as="Known then as",
        address="IP address",
        recorded="Recorded",
        erased_evidence="The personal data of this act has been erased.",
        line="Ledger line",
        authenticity="Authenticity",
        issued="Issued",
        issued_by="Issued for the API key",
        ledger="End of the ledger at that time",
        fingerprint="Fingerprint of the key (SHA-256)",
        signature="Signature (Ed25519)",
        check="This page also holds the signed document. Save the page as a file and check it with the command below, "
        "without a network connection. Make sure that the key is the business’s own by comparing it with the "
        "fingerprint that the business publishes.",
        file="proof",
        signed="Signed document (JSON)",
        customer="Customer",
        system="System",
        importer="Import",
        list="List",
        list_line="{list}, line {line}",
        list_source="Source in the list",
        list_actor="Taken by, as the list says",
        merged_into="Joined with record {contact}",
        merged_from="Record {contact} was added to this one",
        number_passed="The number passed to record {contact}",
        held_then="In force since then",
        nothing_held="No consent",
        until="Paused until {until}",
        cap="At most {most} messages in {days} days",
        quiet="Quiet from {begins} to {ends}",
        channel="Preferred channel",
        channels={"whatsapp": "WhatsApp", "sms": "SMS", "email": "E-mail"},
        reasons={
            "customer_request": "The customer’s request",
            "consent_withdrawn": "Consent withdrawn",
            "no_longer_needed": "No longer needed",
            "other": "Other",
        },
        states={
            "opted_in": "Opted in",
            "opted_out": "Opted out",
            "pending": "Awaiting confirmation",
            "stopped_at_meta": "Marketing stopped on WhatsApp",
        },
        kinds={
            "opt_in": "Opted in",
            "opt_out": "Opted out",
            "opt_in_request": "Opt-in requested, awaiting confirmation",
            "pause": "Messages paused",
            "resume": "Messages resumed",
            "frequency": "Frequency set",
            "channel": "Channel chosen",
            "quiet_hours": "Quiet hours set",
            "marketing_stop": "Marketing stopped on WhatsApp",
            "marketing_resume": "Marketing allowed again on WhatsApp",
            "number_change": "Phone number changed",
            "merge": "Records of the same person merged",
            "erasure": "Personal data erased",
        },
        sources={
            "website_modal": "Website window",
            "website_form": "Website form",
            "chat_widget": "Chat widget",
            "account_settings": "Account settings",
            "checkout": "Checkout",
            "sms_invitation": "SMS invitation",
            "email_invitation": "E-mail invitation",
            "qr_till": "QR code at the till",
            "qr_packaging": "QR code on packaging",
            "qr_print": "QR code in print",
            "qr_event_screen": "QR code on an event screen",
            "qr_invoice": "QR code on an invoice",
            "in_app_transaction": "App: after a transaction",
            "in_app_settings": "App: settings",
            "in_app_moment": "App: in use",
            "shop_sign": "Shop sign",
            "service_desk": "Service desk",
            "bill_insert": "Bill insert",
            "loyalty_material": "Loyalty material",
            "phone_call": "Phone call",
            "support_agent": "Support agent",
            "other": "Other",
            "whatsapp_message": "WhatsApp message",
            "whatsapp_button": "WhatsApp button",
            "preference_page": "Preference page",
            "import": "Import",
            "meta": "Meta’s report",
            "ulak": "Ulak",
        },
    ),
}
