"""Which contact gets which variant: the same one each time, and no stored list is needed to say so. Pure."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

_BITS = 53
"""As many as a float holds exactly."""


def place_of(experiment_id: UUID, contact_id: UUID) -> float:
    """A number in [0, 1): even over contacts, and of one contact independent from one experiment to the next."""
    digest = hashlib.blake2b(contact_id.bytes, key=experiment_id.bytes, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> (64 - _BITS)) / (1 << _BITS)


def arm_at(place: float, shares: Sequence[int]) -> int:
    """Index of the arm whose part of [0, 1) holds the place; shares are in per cent and sum to 100.

    Where the first arm's share is raised, its part grows at the others' cost: contacts only move to it, none from it.
    """
    reached = 0
    for index, share in enumerate(shares):
        reached += share
        if place * 100 < reached:
            return index
    raise ValueError("the shares do not sum to 100")
