"""How many customers agreed and refused, by which door and about what: counted from the ledger of consent."""
