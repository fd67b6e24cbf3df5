"""Event types that ask about one order, visit or case."""
