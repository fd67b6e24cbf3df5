"""Ulak tells customers what happened, on WhatsApp, and can prove it."""

API_VERSION = "1.0.0"
