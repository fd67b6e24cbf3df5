"""What can go wrong when accounts are set up or used."""

from app.core.problems import Conflict, InvalidRequest


class AccountError(Exception):
    """A command cannot be carried out; the message says why and what to do."""


class SenderMissing(Conflict):
    code, title = "sender_missing", "The business has no sender for this kind of key"


class UnknownSender(InvalidRequest):
    code, title = "unknown_sender", "The business has no such sender"
