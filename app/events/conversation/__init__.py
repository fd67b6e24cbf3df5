"""Event types for conversations that began elsewhere."""
