"""What customers see of a business's consent: opt-in form, preference centre, and the snippet for its website."""
