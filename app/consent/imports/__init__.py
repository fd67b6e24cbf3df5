"""Consent lists that a business has from before: taken in as CSV, judged row by row, recorded in the ledger."""
