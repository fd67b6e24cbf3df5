"""Meta's ids of messages (wamid), which hold the customer's number in Base64: what is forgotten keeps their hashes, by
which a late receipt or a repeated webhook is still recognised."""

import hashlib

HASHED = "sha256:"


def forgotten_wamid(wamid: str) -> str:
    """Recognises the id without revealing it: of its digits 72 bits are Meta's chance."""
    return wamid if wamid.startswith(HASHED) else HASHED + hashlib.sha256(wamid.encode()).hexdigest()
