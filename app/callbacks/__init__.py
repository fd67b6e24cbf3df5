"""What the business's own systems are told: stored in the transaction in which it came about, read as a feed."""
