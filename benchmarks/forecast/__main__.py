"""`python -m benchmarks.forecast`: the figures of the forecast. With `train` the weights are written anew before, with
`page` the figures go into docs/template-forecast.md too."""

import sys
from pathlib import Path

from benchmarks.forecast.figures import report, seconds_each

_PAGE = Path(__file__).parents[2] / "docs" / "template-forecast.md"
_FIGURES = "<!-- figures -->\n"

if __name__ == "__main__":
    if "train" in sys.argv[1:]:
        # The figures alone need no scikit-learn.
        from benchmarks.forecast.train import write

        write()
    figures = report().strip() + "\n"
    print(figures)
    print(f"One forecast took {seconds_each() * 1e6:.0f} microseconds of the processor of this machine.")
    if "page" in sys.argv[1:]:
        before, mark, _ = _PAGE.read_text(encoding="utf-8").partition(_FIGURES)
        _PAGE.write_text(before + mark + "\n" + figures, encoding="utf-8")
