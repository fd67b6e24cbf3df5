"""Statuses as numbers that only ever grow."""

QUEUED, SENDING, ACCEPTED, SENT, DELIVERED, READ = range(6)

BY_NAME = {"sent": SENT, "delivered": DELIVERED, "read": READ}
