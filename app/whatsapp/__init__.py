"""The only code that speaks Meta's Graph API: client, wire shapes, error table, signatures."""
