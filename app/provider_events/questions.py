"""Asking a customer whose answer may be a wish to stop what was meant, within the window that the answer opened."""

import structlog

from app.accounts.directory import SenderAccount
from app.core.languages import spoken
from app.provider_events.wishes import STOP_PAYLOAD, Question
from app.whatsapp.client import Accepted, GraphClient, Refused
from app.whatsapp.payloads import free_message, reply_buttons

log = structlog.get_logger(__name__)

QUESTION = "consent.question"
"""Comes back in the receipts of questions, which are no messages of a business's events."""

CONTINUE_PAYLOAD = "consent.continue"
"""A tap on it changes nothing."""

_TEXTS = {
    "tr": (
        (
            "Size WhatsApp’tan bildirim göndermeyi durduralım mı? Siz istemedikçe bildirimler durdurulmaz. Başka bir "
            "konuda yazdıysanız mesajınız bize ulaştı."
        ),
        "Mesajları durdur",
        "Hayır, devam",
    ),
    "en": (
        (
            "Shall we stop sending you messages on WhatsApp? Unless you stop them, they will continue. If you wrote "
            "about something else, we have received your message."
        ),
        "Stop messages",
        "No, continue",
    ),
}


class Questions:
    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def __call__(self, sender: SenderAccount, question: Question) -> None:
        """Once, whatever comes of it: a customer who is not asked is no worse off, and the reply is the business's."""
        text, stop, go_on = _TEXTS[spoken(question.language)]
        buttons = {STOP_PAYLOAD: stop, CONTINUE_PAYLOAD: go_on}
        payload = free_message(question.recipient, reply_buttons(text, buttons), QUESTION)
        match await self._graph.send_message(sender.access, sender.phone_number_id, payload):
            case Accepted():
                log.info("customer asked what was meant", sender=sender.public_id)
            case Refused(error=error):
                log.warning("customer not asked", sender=sender.public_id, code=error.code)
            case other:
                log.warning("customer not asked", sender=sender.public_id, reason=type(other).__name__)
