"""Figures: what became of messages, counted exactly and shown by time, event type, template, variant, language and
number. Counts are never moved up or down: what changed is counted anew from messages, receipts, replies and clicks."""
