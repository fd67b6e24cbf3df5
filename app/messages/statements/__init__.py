"""The statements of the hot path, each over a whole batch sorted by key.

Every statement names business_id, so that it stays on one shard; all moves of `status` come from the table in `states`.
"""
