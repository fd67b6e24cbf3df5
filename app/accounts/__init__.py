"""Businesses, their senders at Meta, the Meta apps that sign their webhooks, and API keys."""
