"""The check-up of a business's connection to Meta: what is wrong, and what to do."""
