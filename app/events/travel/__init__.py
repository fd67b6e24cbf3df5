"""Event types of airlines, hotels and travel agencies."""
