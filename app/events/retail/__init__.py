"""Event types of shops."""
