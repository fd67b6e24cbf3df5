"""Signing in."""

WORDS: dict[str, tuple[str, str]] = {
    "login_title": ("Konsolda oturum açın", "Sign in to the console"),
    "login_intro": (
        "İşletmenizin API anahtarını yapıştırın. Oturumunuz yalnızca bu anahtarın yetkilerini taşır.",
        "Paste an API key of your business. Your session may do what the key may do, and no more.",
    ),
    "login_key": ("API anahtarı", "API key"),
    "login_key_hint": ("ulak_test_… ya da ulak_live_… ile başlar.", "It begins with ulak_test_… or ulak_live_…."),
    "login_do": ("Oturum aç", "Sign in"),
    "login_wrong": (
        "Bu anahtar bilinmiyor, iptal edilmiş ya da süresi dolmuş.",
        "This key is unknown, revoked or expired.",
    ),
    "login_many": (
        "Kısa sürede çok fazla deneme yapıldı. Lütfen bir süre sonra yeniden deneyin.",
        "There were too many attempts in a short time. Please try again later.",
    ),
    "login_form": (
        "Form doğrulanamadı. Lütfen yeniden deneyin; tarayıcınızın çerezleri kabul ettiğinden emin olun.",
        "The form could not be verified. Please try again, and make sure that your browser takes cookies.",
    ),
    "login_ended": (
        "Oturumunuz sona erdi. Devam etmek için yeniden oturum açın.",
        "Your session has ended. Sign in again to go on.",
    ),
    "login_out": ("Oturumunuz kapatıldı.", "You are logged out."),
    "login_link_hint": (
        "Anahtarınız yok mu? Sunucuda çalıştırılan komut, bir kez kullanılabilen ve 15 dakika geçerli bir bağlantı verir:",
        "No key at hand? On the server, this command prints a link that works once, for 15 minutes:",
    ),
    "link_title": ("Konsolu açın", "Open the console"),
    "link_text": (
        "Bu bağlantı bir kez kullanılabilir. Düğmeye bastığınızda bu tarayıcıda oturum açılır.",
        "This link works once. The button signs this browser in.",
    ),
    "link_do": ("Konsolu aç", "Open the console"),
    "link_dead_title": ("Bu bağlantı artık geçerli değil", "This link no longer works"),
    "link_dead_text": (
        "Bağlantı kullanılmış, süresi dolmuş ya da eksik kopyalanmış olabilir. Yeni bir bağlantı isteyin "
        "veya API anahtarınızla oturum açın.",
        "It was used, has expired, or was copied incompletely. Ask for a new one, or sign in with an API key.",
    ),
    "link_to_login": ("Anahtarla oturum aç", "Sign in with a key"),
}
