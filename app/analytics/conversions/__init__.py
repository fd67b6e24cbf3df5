"""What customers did after they were told: reported by the business, and which message it came of."""
