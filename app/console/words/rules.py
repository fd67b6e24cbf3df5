"""The rules that decide about a message, the reasons of its status, and what it waits for."""

WORDS: dict[str, tuple[str, str]] = {
    "rule_consent_opted_in": ("Müşterinin “{topic}” için izni var.", "The customer agreed to “{topic}”."),
    "rule_consent_opted_out": ("Müşteri “{topic}” için iznini geri almış.", "The customer opted out of “{topic}”."),
    "rule_consent_confirms": (
        "Müşteri ayrılmış; bu mesaj yalnızca bunu doğruluyor.",
        "The customer opted out; this message only confirms that.",
    ),
    "rule_consent_not_confirmed": (
        "“{topic}” izni henüz WhatsApp’ta doğrulanmamış.",
        "The consent to “{topic}” has not been confirmed on WhatsApp yet.",
    ),
    "rule_consent_no_consent": ("Müşterinin izni yok.", "The customer has not agreed to anything."),
    "rule_consent_no_marketing_consent": (
        "Bu mesaj pazarlama sayılıyor; müşterinin buna izni yok.",
        "This counts as marketing, to which the customer has not agreed.",
    ),
    "rule_consent_stopped_at_meta": (
        "Müşteri, pazarlama mesajlarınızı WhatsApp’ta durdurmuş.",
        "The customer stopped your marketing messages in WhatsApp.",
    ),
    "rule_consent_not_opted_out": (
        "Müşteri ayrılmamış; doğrulanacak bir şey yok.",
        "The customer has not opted out: there is nothing to confirm.",
    ),
    "rule_consent_pending": (
        "Doğrulanması beklenen bir izin var.",
        "There is a consent that waits to be confirmed.",
    ),
    "rule_consent_nothing_pending": (
        "Doğrulanması beklenen bir izin yok.",
        "There is no consent that waits to be confirmed.",
    ),
    "rule_consent_answered": (
        "Müşteri kısa süre önce yazmış; yanıt için ayrı izin gerekmez.",
        "The customer wrote just before: an answer needs no consent.",
    ),
    "rule_consent_already_confirmed": (
        "Ayrılma daha önce doğrulanmış; ikinci bir mesaj gönderilmez.",
        "The opt-out has been confirmed before: no second message is sent.",
    ),
    "rule_test_list_pass": ("Müşteri “{name}” deneme listesinde.", "The customer is on the test list “{name}”."),
    "rule_test_list_suppress": (
        "Müşteri “{name}” deneme listesinde değil.",
        "The customer is not on the test list “{name}”.",
    ),
    "rule_template_pass": (
        "“{name}” ({language}) şablonu kullanılabilir.",
        "The template “{name}” ({language}) can be used.",
    ),
    "rule_template_fallback": (
        "“{asked}” dilinde uygun şablon yok; “{name}” ({language}) kullanılıyor.",
        "There is no usable template in “{asked}”: “{name}” ({language}) is used.",
    ),
    "rule_template_hold": (
        "“{name}” ({language}) şablonu şu anda kullanılamıyor: {why}",
        "The template “{name}” ({language}) cannot be used just now: {why}",
    ),
    "rule_template_switch": (
        "{instead} yerine “{name}” ({language}) şablonuna geçildi: {why}",
        "Switched from {instead} to the template “{name}” ({language}): {why}",
    ),
    "rule_template_refill": (
        "“{name}” ({language}) şablonunun yeni sürümü yeniden dolduruldu.",
        "Filled anew for the new version of the template “{name}” ({language}).",
    ),
    "rule_schedule_now": (
        "Hemen gönderilecek (son: {expires_at}).",
        "To be sent at once; until {expires_at} at the latest.",
    ),
    "rule_schedule_later": (
        "Gönderim zamanı: {send_at} (son: {expires_at}).",
        "To be sent at {send_at}; until {expires_at} at the latest.",
    ),
    "rule_pause_hold": ("Müşteri mesajlara ara vermiş (bitiş: {until}).", "The customer paused until {until}."),
    "rule_pause_suppress": (
        "Müşteri mesajlara ara vermiş (bitiş: {until}); mesaj o zamana kadar geçerliliğini yitirir.",
        "The customer paused until {until}, by when the message would be out of date.",
    ),
    "rule_quiet_hours_pass": (
        "Müşterinin sessiz saatleri ({begins}–{ends}, {zone}) dışında.",
        "Outside the customer’s quiet hours ({begins}–{ends}, {zone}).",
    ),
    "rule_quiet_hours_hold": (
        "Müşterinin sessiz saatleri ({begins}–{ends}, {zone}); gönderim zamanı: {until}.",
        "The customer’s quiet hours ({begins}–{ends}, {zone}): waits until {until}.",
    ),
    "rule_quiet_hours_bypass": (
        "Bu olay türü sessiz saatlerde de gönderilir.",
        "This event type is sent during quiet hours, too.",
    ),
    "rule_frequency_later": (
        "Müşterinin sıklık sınırına gönderim sırasında bakılacak.",
        "The customer’s limit of messages is looked at when it leaves.",
    ),
    "rule_frequency_bypass": (
        "Müşterinin sıklık sınırı bu mesaj için geçerli değil.",
        "The customer’s limit of messages does not hold for this one.",
    ),
    "rule_frequency_suppress": (
        "Müşteri {days} günde en fazla {most} mesaj istiyor; sınır dolmuş.",
        "The customer wants at most {most} messages in {days} days, and has had them.",
    ),
    "rule_channel_later": (
        "Müşteri {channel} kanalını tercih ediyor; gönderim sırasında işletmeye devredilecek.",
        "The customer prefers {channel}: handed over to the business when it would leave.",
    ),
    "rule_channel_bypass": (
        "Müşteri {channel} kanalını tercih ediyor; bu mesaj yine de WhatsApp’tan gider.",
        "The customer prefers {channel}; this message goes by WhatsApp all the same.",
    ),
    "rule_channel_suppress": (
        "Müşteri {channel} kanalını tercih ettiği için mesaj işletmeye devredildi.",
        "Handed over to the business, since the customer prefers {channel}.",
    ),
    "channel_whatsapp": ("WhatsApp", "WhatsApp"),
    "channel_sms": ("SMS", "SMS"),
    "channel_email": ("e-posta", "e-mail"),
    "rule_reminder": ("{moment} için hatırlatma.", "A reminder of {moment}."),
    "rule_window_pass": (
        "Müşteriye serbestçe yanıt verilebilir (bitiş: {expires_at}).",
        "The customer may be answered freely until {expires_at}.",
    ),
    "rule_window_expire": (
        "Yanıt penceresi kapanmış ({expires_at}); mesaj gönderilmedi.",
        "The window for answers closed at {expires_at}: the message was not sent.",
    ),
    "rule_expiry": ("Süresi doldu; gönderilmedi.", "Its time ran out: it was not sent."),
    "rule_expiry_after": (
        "Süresi doldu; gönderilmedi. Bekleme nedeni: {reason}",
        "Its time ran out. It had waited: {reason}",
    ),
    "rule_stop": ("Gönderim durduruldu.", "It was stopped."),
    "rule_media_upload_anew": (
        "Başlıktaki dosya Meta’ya yeniden yükleniyor: {why}",
        "The file in its header is uploaded to Meta anew: {why}",
    ),
    "rule_media_fail": (
        "Başlıktaki dosya nedeniyle gönderilemedi: {why}",
        "Not sent because of the file in its header: {why}",
    ),
    "rule_unconfirmed_wait": (
        "Gönderilip gönderilmediği belli değil: {why} Durum bildirimi bekleniyor (son: {until}).",
        "It may or may not have left: {why} A receipt is waited for until {until}.",
    ),
    "rule_unconfirmed_resend": ("Durum bildirimi gelmedi; yeniden gönderiliyor.", "No receipt came: it is sent again."),
    "rule_unconfirmed_fail": (
        "Durum bildirimi gelmedi; iki kez gönderme riskine karşı yeniden denenmedi.",
        "No receipt came: not tried again, since the customer might be told twice.",
    ),
    "rule_erasure": (
        "Müşterinin verileri silindi; mesaj durduruldu.",
        "The customer was erased: the message was stopped.",
    ),
    "rule_variant_assign": ("Deney: müşteri “{template}” koluna düştü.", "Experiment: the customer gets “{template}”."),
    "rule_variant_fall_back": (
        "Deney: müşteri “{template}” koluna düştü ancak şablon kullanılamadı.",
        "Experiment: the customer was to get “{template}”, which could not be used.",
    ),
    "rule_variant_leave_out": ("Deneye katılmadı.", "Left out of the experiment."),
    "rule_other": ("{rule}: {verdict}", "{rule}: {verdict}"),
    # Reasons
    "reason_opted_out": ("Müşteri iznini geri almış.", "The customer opted out."),
    "reason_not_confirmed": ("İzin henüz doğrulanmamış.", "The consent is not confirmed yet."),
    "reason_no_consent": ("Müşterinin izni yok.", "There is no consent."),
    "reason_no_marketing_consent": ("Pazarlama izni yok.", "There is no consent to marketing."),
    "reason_stopped_at_meta": (
        "Müşteri pazarlamayı WhatsApp’ta durdurmuş.",
        "The customer stopped marketing in WhatsApp.",
    ),
    "reason_not_opted_out": ("Müşteri ayrılmamış.", "The customer has not opted out."),
    "reason_nothing_pending": ("Doğrulanacak bir izin yok.", "There is nothing to confirm."),
    "reason_already_confirmed": ("Daha önce doğrulanmış.", "It was confirmed before."),
    "reason_not_on_test_list": ("Müşteri deneme listesinde değil.", "The customer is not on the test list."),
    "reason_paused": ("Müşteri mesajlara ara vermiş.", "The customer paused messages."),
    "reason_frequency_cap": ("Müşterinin sıklık sınırı dolmuş.", "The customer has had as many as they want."),
    "reason_preferred_channel": ("Müşteri başka bir kanalı tercih ediyor.", "The customer prefers another channel."),
    "reason_canceled": ("İptal edildi.", "It was canceled."),
    "reason_superseded": ("Yerine yeni bir mesaj geldi.", "A newer message took its place."),
    "reason_expired": ("Süresi doldu.", "Its time ran out."),
    "reason_window_closed": ("24 saatlik yanıt penceresi kapandı.", "The 24-hour window for answers closed."),
    "reason_unconfirmed": ("Gönderildiği doğrulanamadı.", "Nobody knows whether it left."),
    "reason_unconfirmed_resend": (
        "Doğrulanamadığı için yeniden gönderiliyor.",
        "Sent again, since nothing confirmed it.",
    ),
    "reason_answer_lost": ("Meta’nın yanıtı alınamadı.", "Meta’s answer was lost."),
    "reason_lease_ended": ("Gönderen işlem yarıda kesildi.", "The process that was sending it ended."),
    "reason_meta_unreachable": ("Meta’ya ulaşılamadı.", "Meta could not be reached."),
    "reason_media_refused": ("Meta dosyayı kabul etmedi.", "Meta did not take the file."),
    "reason_media_upload": ("Dosya Meta’ya yükleniyor.", "The file is being uploaded to Meta."),
    "reason_media_deleted": ("Dosya silinmiş.", "The file was deleted."),
    "reason_quiet_hours": ("Müşterinin sessiz saatleri.", "The customer’s quiet hours."),
    "reason_template_recategorised": (
        "Meta, şablonu pazarlama saydı; bir kişinin onayı bekleniyor.",
        "Meta made marketing of the template: a person must accept that.",
    ),
    "reason_template_category_notice": (
        "Meta, şablonun kategorisini değiştireceğini bildirdi.",
        "Meta gave notice that it will change the template’s category.",
    ),
    "reason_template_missing": ("Uygun bir şablon yok.", "There is no such template."),
    "reason_template": ("Şablonun durumu: {status}.", "The template is {status}."),
    "reason_event_type_unknown": (
        "Olay türünü yalnızca daha yeni bir sürüm tanıyor.",
        "Only a newer version knows the event type.",
    ),
    "reason_erased": ("Müşterinin verileri silindi.", "The customer was erased."),
    "reason_pair_pace": ("Bu müşteriye az önce birkaç mesaj gitti.", "This customer got several messages just now."),
    "reason_portfolio_limit": (
        "Meta’nın günlük yeni müşteri sınırı doldu.",
        "Meta’s daily limit of new customers is reached.",
    ),
    "reason_held_for_quality_assessment": (
        "Meta, şablonun kalitesini ölçmek için bekletiyor.",
        "Meta holds it while it assesses the template’s quality.",
    ),
    "reason_too_late": ("Zamanı geçmiş.", "Its time has passed."),
    "reason_error": ("Meta hatası {code}.", "Meta’s error {code}."),
    "reason_other": ("{code}", "{code}"),
    # What is waited for
    "waits_send_at": ("istenen saat", "the time asked for"),
    "waits_quiet_hours": ("müşterinin sessiz saatleri", "the customer’s quiet hours"),
    "waits_pause": ("müşterinin verdiği ara", "the customer’s pause"),
    "waits_template": ("kullanılabilir bir şablon", "a template that can be used"),
    "waits_media": ("başlıktaki dosyanın yüklenmesi", "the file in its header"),
    "waits_sender": ("duraklatılmış gönderen", "the paused sender"),
    "waits_pace": ("gönderim hızı", "the sender’s pace"),
    "waits_pair": ("bu müşteriye gönderim aralığı", "this customer’s pace"),
    "waits_portfolio": ("günlük yeni müşteri sınırı", "the daily limit of new customers"),
    "waits_retry": ("yeniden deneme", "the next try"),
    "waits_receipt": ("Meta’nın durum bildirimi", "a receipt from Meta"),
    "waits_version": ("Ulak’ın daha yeni sürümü", "a newer version of Ulak"),
}
