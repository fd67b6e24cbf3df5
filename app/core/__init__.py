"""What every domain stands on: settings, database, problems, logging, clock, group commit. No domain words here."""
