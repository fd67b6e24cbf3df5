"""The check-up."""

WORDS: dict[str, tuple[str, str]] = {
    "doctor_title": ("Kurulum denetimi", "Check-up"),
    "doctor_about": (
        "Erişim anahtarı, izinler, webhook’lar, numara, hesap, sınırlar, şablonlar ve saatler Meta’ya sorulur.",
        "Token, permissions, webhooks, number, account, limits, templates and clocks, each asked of Meta.",
    ),
    "doctor_again": ("Yeniden denetle", "Check again"),
    "doctor_running": ("Meta’ya soruluyor …", "Asking Meta …"),
    "doctor_start": ("Denetle", "Check now"),
    "doctor_at": ("Denetim zamanı: {at}", "Checked at {at}"),
    "doctor_installation": ("Ulak", "Ulak"),
    "doctor_what_to_do": ("Yapılması gereken", "What to do"),
    "doctor_fine": ("{count} denetimde sorun yok", "{count} checks are fine"),
    "doctor_unknown": ("{count} şey bilinmiyor", "{count} things are not known"),
    "doctor_all_fine": ("Her şey yolunda.", "All is well."),
    "doctor_outcome_failed": ("Düzeltilmeli", "To be mended"),
    "doctor_outcome_warning": ("Dikkat", "Take note"),
    "doctor_outcome_ok": ("Sorun yok", "Fine"),
    "doctor_outcome_unknown": ("Bilinmiyor", "Not known"),
    "doctor_no_sender_title": ("Henüz bağlı bir numara yok", "No number is connected yet"),
    "doctor_no_sender_text": (
        "Bir numara bağladığınızda Meta’daki durumunu burada görürsünüz:",
        "Connect a number, and see here how it stands with Meta:",
    ),
}
