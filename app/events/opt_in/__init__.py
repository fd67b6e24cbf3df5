"""Event types that confirm what a customer decided about messages."""
