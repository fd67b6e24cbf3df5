"""The console: pages on which operations look at what happens and mend it."""
