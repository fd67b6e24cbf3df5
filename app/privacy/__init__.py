"""What a person may ask for and a business owes, over all domains: what is held, its erasure, forgetting in time."""
