"""A simulator of Meta's WhatsApp Cloud API: its own ASGI application, with a phone page to read and answer on.

It imports nothing from the rest of the project, so that neither side can hide the other's mistakes.
"""
