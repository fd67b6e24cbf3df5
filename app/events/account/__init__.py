"""Event types of customers' accounts, in any industry."""
