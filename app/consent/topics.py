"""What customers call the topics of the catalogue: labels for pages on which they choose among them. Pure."""

from collections.abc import Mapping

from app.consent.rules import ALL_TOPICS

LABELS: dict[str, dict[str, str]] = {
    ALL_TOPICS: {"tr": "Tüm bilgilendirmeler", "en": "All updates"},
    "account": {"tr": "Hesap bilgileri", "en": "Account updates"},
    "aftercare": {"tr": "Ziyaret sonrası bakım", "en": "Care after a visit"},
    "appointments": {"tr": "Randevular", "en": "Appointments"},
    "bills": {"tr": "Faturalar ve ödemeler", "en": "Bills and payments"},
    "bookings": {"tr": "Rezervasyonlar", "en": "Bookings"},
    "conversations": {"tr": "Görüşmelerin devamı", "en": "Continued conversations"},
    "feedback": {"tr": "Görüşünüzü sorma", "en": "Requests for feedback"},
    "flight_status": {"tr": "Uçuş durumu", "en": "Flight status"},
    "insurance_claims": {"tr": "Sigorta talepleri", "en": "Insurance claims"},
    "lab_results": {"tr": "Tahlil sonuçları", "en": "Lab results"},
    "loyalty": {"tr": "Sadakat programı", "en": "Loyalty programme"},
    "marketing": {"tr": "Kampanyalar ve fırsatlar", "en": "Offers and promotions"},
    "medication": {"tr": "İlaç hatırlatmaları", "en": "Medication reminders"},
    "meter_readings": {"tr": "Sayaç okuma", "en": "Meter readings"},
    "orders": {"tr": "Siparişler ve kargo", "en": "Orders and deliveries"},
    "outages": {"tr": "Kesintiler ve bakım", "en": "Outages and maintenance"},
    "prescriptions": {"tr": "Reçeteler", "en": "Prescriptions"},
    "preventive_care": {"tr": "Koruyucu sağlık hatırlatmaları", "en": "Preventive care reminders"},
    "price_alerts": {"tr": "Fiyat düşüşü bildirimleri", "en": "Price drops"},
    "product_care": {"tr": "Ürün kullanımı ve bakımı", "en": "Product use and care"},
    "renewals": {"tr": "Sözleşme yenilemeleri", "en": "Contract renewals"},
    "security": {"tr": "Güvenlik uyarıları", "en": "Security alerts"},
    "stock_alerts": {"tr": "Stok bildirimleri", "en": "Back in stock"},
    "subscriptions": {"tr": "Abonelikler", "en": "Subscriptions"},
    "trip_reminders": {"tr": "Seyahat hatırlatmaları", "en": "Trip reminders"},
    "usage": {"tr": "Tüketim bildirimleri", "en": "Usage alerts"},
}


def label_of(topic: str, language: str, own: Mapping[str, Mapping[str, str]]) -> str:
    """The business's own label first, in the language or in whichever it has; then ours; else the name, spelt out."""
    given = own.get(topic, {})
    label = given.get(language) or LABELS.get(topic, {}).get(language) or next(iter(given.values()), None)
    return label or topic.replace("_", " ").capitalize()
