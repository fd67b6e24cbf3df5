"""Contacts and what they allowed: identifiers, the append-only ledger, and the state that is its fold."""
