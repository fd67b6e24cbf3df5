"""The garbage collector, told what kind of process this is."""

import gc

_YOUNG_MOST = 10_000
"""Objects that come into being before the collector looks at them. A batch of messages under way holds thousands that
will be gone without its help; at the usual 700 it walks over them again and again."""


def settle() -> None:
    """To be called once everything is loaded: what is there now stays, and is never walked over again.

    Modules, models and tables of numbers are more than 100,000 objects. Walking over them stops the process for a tenth
    of a second, which is what the slowest answers used to be made of.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_MOST, 20, 20)
