"""Doors for what shops run on already: their webhooks become our events."""
