"""The pages of replies."""

WORDS: dict[str, tuple[str, str]] = {
    "replies_title": ("Yanıtlar", "Replies"),
    "replies_unread": ("Okunmadı", "Not read yet"),
    "replies_all": ("Tüm yanıtlar", "All replies"),
    "replies_empty_title": ("Yanıt yok", "No reply"),
    "replies_empty_text": (
        "Müşteriler WhatsApp’ta yazdığında ya da bir düğmeye dokunduğunda burada görünür.",
        "What customers write or tap on WhatsApp stands here.",
    ),
    "field_kind": ("Tür", "Kind"),
    "field_unread": ("Okunma", "Read"),
    "reply_title": ("Yanıt", "Reply"),
    "reply_window": ("Serbest yanıt süresi: {left} bitiyor", "May be answered freely: ends {left}"),
    "reply_gone": ("İçerik silinmiş ya da geri alınmış.", "What it said was erased or taken back."),
    "reply_to": ("Yanıtladığı mesaj", "In answer to"),
    "reply_reaction_gone": ("Tepki geri alındı", "The reaction was taken back"),
    "reply_mark_read": ("Okundu olarak işaretle", "Mark as read"),
    "reply_answer": ("Yanıt yaz", "Answer"),
    "reply_answer_until": (
        "Müşteriye serbestçe yazabilirsiniz. Süre {left} doluyor ({until}).",
        "You may write freely until {until} ({left}).",
    ),
    "reply_text": ("Yanıtınız", "Your answer"),
    "reply_text_missing": ("Yanıtınızı yazın.", "Write your answer."),
    "reply_quote": ("Müşterinin mesajını alıntıla", "Quote what the customer wrote"),
    "reply_send": ("Gönder", "Send"),
    "reply_window_closed": (
        "24 saatlik yanıt süresi dolmuş. Bu müşteriye yalnızca onaylı bir şablonla yazılabilir: bir olay bildirin.",
        "The 24 hours for an answer are over. This customer can only be written to by an approved template: report an "
        "event.",
    ),
    "reply_about": ("Ayrıntılar", "Details"),
    "reply_who": ("Yazan", "From"),
    "reply_nobody": ("Bilinmiyor", "Unknown"),
    "reply_at": ("Yazıldığı zaman", "Written at"),
    "reply_number": ("Gelen numara", "To"),
    "reply_tied": ("Nereden belli?", "How that is known"),
    "reply_changes": ("Değiştirdiği yanıt", "Changes"),
    "reply_edited_at": ("Değiştirildi", "Changed"),
    "reply_deleted_at": ("Geri alındı", "Taken back"),
    "reply_read": ("Okundu bilgisi", "Read"),
    "done_answered": ("Yanıtınız alındı ve gönderiliyor.", "Your answer was taken and is being sent."),
    "done_marked_read": (
        "Okundu olarak işaretlendi; müşteri mavi tikleri görür.",
        "Marked as read: the customer sees blue ticks.",
    ),
    "problem_window_closed": (
        "24 saatlik yanıt süresi dolmuş. Bu müşteriye yalnızca onaylı bir şablonla yazılabilir.",
        "The 24 hours for an answer are over. This customer can only be written to by an approved template.",
    ),
    "problem_reply_gone": ("Yanıtın içeriği silinmiş.", "What the reply said was erased."),
    "problem_not_marked_read": (
        "Meta bunu kabul etmedi. Biraz sonra yeniden deneyin.",
        "Meta did not take it. Try again later.",
    ),
    "problem_sender_missing": ("Bu numara artık bağlı değil.", "This number is no longer connected."),
    "problem_meta_unreachable": (
        "Meta’ya ulaşılamadı. Biraz sonra yeniden deneyin.",
        "Meta could not be reached. Try again later.",
    ),
    "problem_idempotency_mismatch": (
        "Bu form daha önce başka bir metinle gönderildi. Sayfayı yenileyip yeniden deneyin.",
        "This form was sent before with another text. Reload the page and try again.",
    ),
}
