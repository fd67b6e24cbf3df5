"""Event types of clinics, practices and pharmacies."""
