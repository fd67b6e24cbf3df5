"""Event types of clinics, practices, laboratories, pharmacies and health insurers."""
