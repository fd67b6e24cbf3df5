"""The table of codes against Meta's page of errors."""

import pytest

from app.sandbox.errors import CATALOGUE
from app.sandbox.magic import OF_CALLS, SUFFIXES

# Every code of Meta's page that a send can end with; its page of groups, calls, Flows' own calls, registration of
# partners, block lists and usernames is left out.
SYNC = (
    0, 1, 2, 3, 4, 10, 33, 100, 104, 190, 200, 368, 80007, 130403, 130429, 130497, 131000, 131005, 131008, 131009,
    131016, 131021, 131030, 131031, 131037, 131042, 131045, 131048, 131051, 131055, 131056, 131057, 131062, 131063,
    131064, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068, 132069, 133000, 133004,
    133005, 133006, 133008, 133009, 133010, 133015, 133016, 134011, 134100, 134101, 134102, 135000, 139200, 2494100,
)  # fmt: skip
ASYNC = (130472, 131026, 131047, 131049, 131050, 131052, 131053, 132021, 137000)


@pytest.mark.parametrize("code", [*SYNC, *ASYNC])
def test_every_code_of_a_send_is_known_and_has_a_magic_number(code):
    assert CATALOGUE[code].mode == ("async" if code in ASYNC else "sync")
    assert code in SUFFIXES.values()


def test_no_two_codes_share_a_magic_number():
    assert len(SUFFIXES) == len(CATALOGUE) - len(OF_CALLS)
