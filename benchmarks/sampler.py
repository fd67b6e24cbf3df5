"""Runs a module and samples where it spends its CPU time: `python -m benchmarks.sampler OUTPUT MODULE [ARGUMENT...]`.

A timer that counts the CPU time of the process interrupts it every few milliseconds, and the Python stack of that
moment is counted. Unlike a tracing profiler this hardly changes what it measures. Time inside C (a parser, the event
loop) is counted to the Python function that called it; the loop's own time appears as the function that runs the loop.
"""

import collections
import runpy
import signal
import sys
from pathlib import Path
from types import FrameType

INTERVAL = 0.004
"""CPU-seconds between two samples; many kernels cannot measure shorter ones."""
PROFILE_ANEW = signal.SIGUSR1
"""Forgets what was sampled so far: imports and the warm-up."""
SHOWN = 45


class Sampler:
    def __init__(self) -> None:
        self._own: collections.Counter[str] = collections.Counter()
        self._within: collections.Counter[str] = collections.Counter()
        self._samples = 0

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.signal(PROFILE_ANEW, self._begin_anew)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def _begin_anew(self, _signal: int, _frame: FrameType | None) -> None:
        self._own.clear()
        self._within.clear()
        self._samples = 0

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        self._samples += 1
        seen: set[str] = set()
        while frame is not None:
            name = f"{frame.f_code.co_qualname}  {_short(frame.f_code.co_filename)}:{frame.f_code.co_firstlineno}"
            if not seen:
                self._own[name] += 1
            if name not in seen:
                self._within[name] += 1
            seen.add(name)
            frame = frame.f_back

    def report(self) -> str:
        lines = [f"{self._samples} samples"]
        for title, counter in (("own time", self._own), ("with everything it called", self._within)):
            lines.append(f"\n{title}")
            lines += [
                f"{100 * count / max(self._samples, 1):6.1f} %  {name}" for name, count in counter.most_common(SHOWN)
            ]
        return "\n".join(lines) + "\n"


def _short(path: str) -> str:
    for root in sys.path:
        if root and path.startswith(f"{root}/"):
            return path[len(root) + 1 :]
    return path


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    output, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    sampler = Sampler()
    # A server that has shut down may raise the signal that stopped it once more: it must not end us before we write.
    signal.signal(signal.SIGTERM, _leave)
    sampler.start()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        output.write_text(sampler.report(), encoding="utf-8")


if __name__ == "__main__":
    main()
