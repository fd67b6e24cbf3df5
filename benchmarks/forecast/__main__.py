"""`python -m benchmarks.forecast`: the figures of the forecast; with `train` the weights are written anew before."""

import sys

from benchmarks.forecast.figures import report, seconds_each

if __name__ == "__main__":
    if sys.argv[1:] == ["train"]:
        # The figures alone need no scikit-learn.
        from benchmarks.forecast.train import write

        write()
    print(report())
    print(f"\nOne forecast took {seconds_each() * 1e6:.0f} microseconds on this machine.")
