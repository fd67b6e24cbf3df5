"""What becomes of messages."""

WORDS: dict[str, tuple[str, str]] = {
    "status_scheduled": ("Planlandı", "Scheduled"),
    "status_queued": ("Sırada", "Queued"),
    "status_sending": ("Gönderiliyor", "Sending"),
    "status_accepted": ("Meta kabul etti", "Accepted by Meta"),
    "status_sent": ("Gönderildi", "Sent"),
    "status_delivered": ("Ulaştı", "Delivered"),
    "status_read": ("Okundu", "Read"),
    "status_suppressed": ("Gönderilmedi", "Suppressed"),
    "status_canceled": ("İptal edildi", "Canceled"),
    "status_expired": ("Süresi doldu", "Expired"),
    "status_failed": ("İletilemedi", "Failed"),
    "status_unconfirmed": ("Belirsiz", "Unconfirmed"),
}
