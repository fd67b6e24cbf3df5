"""Meta's webhooks in: verified, made durable, applied."""
