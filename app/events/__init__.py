"""The catalogue: what a business can report, by industry; each type is one module of the packages here."""
