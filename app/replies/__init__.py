"""What customers write and tap: kept, tied to what it answers, understood, and answered while Meta's window is open."""
