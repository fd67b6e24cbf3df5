"""The overview."""

WORDS: dict[str, tuple[str, str]] = {
    "glance_title": ("Genel bakış", "Overview"),
    "today": ("Bugün", "Today"),
    "yesterday": ("Dün", "Yesterday"),
    "last_week_then": ("Geçen hafta bu saatte", "Last week by now"),
    "against_yesterday": ("dün bu saatte {number}", "{number} by now yesterday"),
    "between": ("{low} ile {high} arasında", "between {low} and {high}"),
    "interval_hint": (
        "Gerçek oran yüzde 95 olasılıkla bu iki değerin arasındadır.",
        "The true rate lies between these two with 95 per cent certainty.",
    ),
    "as_of": ("{at} itibarıyla", "as of {at}"),
    "figure_messages": ("Mesaj", "Messages"),
    "figure_delivered_rate": ("Ulaşma oranı", "Delivery rate"),
    "figure_read_rate": ("Okunma oranı", "Read rate"),
    "figure_failed": ("İletilemedi", "Failed"),
    "figure_kept": ("Gönderilmedi", "Not sent"),
    "figure_kept_about": (
        "{suppressed} engellendi, {canceled} iptal, {expired} süresi doldu",
        "{suppressed} suppressed, {canceled} canceled, {expired} expired",
    ),
    "figure_waiting": ("Bekleyen", "Waiting"),
    "figure_accepted": ("Meta kabul etti", "Accepted by Meta"),
    "figure_sent": ("Gönderildi", "Sent"),
    "figure_delivered": ("Ulaştı", "Delivered"),
    "figure_read": ("Okundu", "Read"),
    "figure_suppressed": ("Engellendi", "Suppressed"),
    "figure_canceled": ("İptal edildi", "Canceled"),
    "figure_expired": ("Süresi doldu", "Expired"),
    "figure_unconfirmed": ("Belirsiz", "Unconfirmed"),
    "funnel_title": ("Bugünün akışı", "Today’s funnel"),
    "funnel_caption": (
        "Bugün her adıma ulaşan mesaj sayısı, geçen hafta aynı saatteki sayıyla birlikte",
        "Messages that came to each step today, beside those of last week by the same time",
    ),
    "funnel_step": ("Adım", "Step"),
    "hours_title": ("Saat saat", "By the hour"),
    "hours_caption": (
        "Bugün ve dün her saatte gönderilecek mesaj sayısı",
        "Messages that were to leave in each hour of today and of yesterday",
    ),
    "hour": ("Saat", "Hour"),
    "no_messages_title": ("Bugün henüz mesaj yok", "No message yet today"),
    "no_messages_text": (
        "Bir olay bildirdiğinizde mesajın yolculuğunu burada görürsünüz. Örneğin:",
        "Report an event, and watch its message here. For example:",
    ),
    "no_figures": (
        "Rakamları görmek için anahtarınızın “analytics:read” yetkisi olmalıdır.",
        "To see figures, the key of your session needs the scope “analytics:read”.",
    ),
    "concerns_title": ("İlgilenmeniz gerekenler", "Needs your attention"),
    "no_concerns_title": ("Her şey yolunda", "All is well"),
    "no_concerns_text": (
        "Duraklatılmış numara, sorunlu şablon ya da ulaşılamayan adres yok.",
        "No number is paused, no template is in trouble, every endpoint answers.",
    ),
    "concern_meta_says": ("Meta hatası {code}", "Meta’s error {code}"),
    "concern_sender_paused": ("{number} duraklatıldı", "{number} is paused"),
    "concern_sender_paused_step": (
        "Bekleyen mesajlar gönderilmiyor. Sorunu giderdikten sonra numarayı yeniden başlatın.",
        "What waits is not sent. Resume the number once the obstacle is gone.",
    ),
    "concern_sender_person": ("{number} elle duraklatıldı", "{number} was paused by a person"),
    "concern_sender_person_step": (
        "Yeniden göndermeye hazır olduğunda numarayı başlatın.",
        "Resume it when it may send again.",
    ),
    "concern_template_paused": (
        "“{name}” ({language}) şablonu duraklatıldı",
        "Template “{name}” ({language}) is paused",
    ),
    "concern_template_paused_step": (
        "Meta, düşük kalite nedeniyle duraklattı. Şablonu gözden geçirin; bekleyen mesajlar için başka bir şablon seçin.",
        "Meta paused it for its quality. Look it over, or let another variant take its place meanwhile.",
    ),
    "concern_template_rejected": (
        "“{name}” ({language}) şablonu reddedildi",
        "Template “{name}” ({language}) was rejected",
    ),
    "concern_template_rejected_step": (
        "Ret gerekçesini okuyup metni düzeltin ve yeniden onaya gönderin.",
        "Read Meta’s reason, correct the text and submit it again.",
    ),
    "concern_template_disabled": (
        "“{name}” ({language}) şablonu kapatıldı",
        "Template “{name}” ({language}) is disabled",
    ),
    "concern_template_disabled_step": (
        "Meta bu şablonu kalıcı olarak kapattı. Yerine geçecek yeni bir şablon hazırlayın.",
        "Meta disabled it for good. Write another to take its place.",
    ),
    "concern_template_flagged": (
        "“{name}” ({language}) şablonu işaretlendi",
        "Template “{name}” ({language}) is flagged",
    ),
    "concern_template_flagged_step": (
        "Kalitesi düşük. Düzelmezse Meta şablonu kapatır.",
        "Its quality is low. If it does not rise, Meta disables the template.",
    ),
    "concern_template_category": (
        "“{name}” ({language}) şablonunun kategorisi değişecek: {category}",
        "Template “{name}” ({language}) will become {category}",
    ),
    "concern_template_category_step": (
        "Değişiklik {at} tarihinde yürürlüğe girer. Yeni kategoriyi kabul edin ya da metni düzeltip yeniden onaya gönderin.",
        "It takes effect at {at}. Accept the category, or correct the text and submit it again.",
    ),
    "concern_template_category_soon": (
        "Meta, “{name}” ({language}) şablonunun kategorisini {category} olarak görüyor",
        "Meta takes template “{name}” ({language}) for {category}",
    ),
    "concern_template_category_soon_step": (
        "Kategoriyi kabul edin ya da metni düzeltip yeniden onaya gönderin.",
        "Accept the category, or correct the text and submit it again.",
    ),
    "concern_endpoint_gone": ("{url} kapatıldı", "{url} is disabled"),
    "concern_endpoint_gone_step": (
        "Adres “410 Gone” yanıtını verdi. Doğru adresi girip yeniden açın.",
        "It answered “410 Gone”. Enter the right address and enable it again.",
    ),
    "concern_endpoint_failing": ("{url} kapatıldı", "{url} is disabled"),
    "concern_endpoint_failing_step": (
        "Günlerce yalnızca hata verdi ({error}). Düzelttikten sonra açın ve kaçırılanları yeniden gönderin.",
        "For days it only failed ({error}). Mend it, enable it, and replay what it missed.",
    ),
    "concern_endpoint_fails": ("{url} yanıt vermiyor", "{url} does not answer as it should"),
    "concern_endpoint_fails_step": (
        "Art arda {failures} hata, sonuncusu: {error}. Yeniden denemeler sürüyor.",
        "{failures} failures in a row, the last: {error}. It is tried again by itself.",
    ),
    "concern_template_missing": (
        "{count} mesaj kullanılabilir bir şablon bekliyor",
        "Messages that wait for a template that can be used: {count}",
    ),
    "concern_template_missing_step": (
        "Süreleri dolmadan bir şablon onaylanmazsa gönderilmezler. Eksik olanı Kurulum denetimi gösterir.",
        "They are not sent unless one is approved before they expire. The check-up shows which is missing.",
    ),
    "concern_shop_refused": ("{shop}: {count} bildirim reddedildi", "{shop}: {count} webhooks were refused"),
    "concern_shop_refused_step": (
        "Son 24 saatte mağazadan gelen bildirimler reddedildi. Entegrasyonun kayıtlarına bakın.",
        "In the last 24 hours webhooks of this shop were refused. Look at the deliveries of its integration.",
    ),
    "waiting_title": ("Neler bekliyor, neden?", "What waits, and why"),
    "waiting_caption": (
        "Bekleyen mesajlar: neyi bekledikleri, durumları ve gönderen numara",
        "Messages that wait: for what, their status and the number that sends them",
    ),
    "waiting_for": ("Neyi bekliyor?", "Waits for"),
    "waiting_queue": ("yalnızca sırasını", "its turn"),
    "waiting_count": ("Mesaj", "Messages"),
    "waiting_next": ("Sıradaki", "Next at"),
    "waiting_more": (
        "Numara başına en çok {most} mesaj sayılır; bekleyenler bundan fazla.",
        "No more than {most} are counted of each number; there are more.",
    ),
    "no_waiting_title": ("Bekleyen mesaj yok", "Nothing waits"),
    "no_waiting_text": ("Kabul edilen her mesaj yola çıktı.", "All that was accepted has left."),
    "failures_title": ("Neden iletilemedi?", "Why messages did not arrive"),
    "failures_caption": (
        "Bugün iletilemeyen ve gönderilmeyen mesajlar, nedenine göre",
        "Messages of today that failed or were not sent, by reason",
    ),
    "failure_reason": ("Neden", "Reason"),
    "failure_messages": ("Mesaj", "Messages"),
}
