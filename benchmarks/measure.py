"""What the benchmark scripts share: run an experiment to its test figure, summarise over seeds, say the machine."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from engine.comparison.intervals import mean_interval
from engine.events import Evaluated, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import Experiment
from engine.machine.devices import has_bf16

MAIN = ("test/accuracy", "test/error")  # further figures (other shifts, other numbers of steps) are not asked for


@dataclass(frozen=True)
class Figure:
    """One test figure. value, low, high: fractions; seconds: wall time of the whole run."""

    value: float
    low: float
    high: float
    n: int
    unit: str
    seconds: float
    protocol: dict[str, str]
    steps: int


def measure(experiment: Experiment, folder: Path) -> Figure:
    """Run to the end in `folder`; a failed run ends the script with its sentence."""
    begin, found, steps = time.perf_counter(), None, 0
    for event in execute(experiment, folder):
        if isinstance(event, RunFailed):
            raise SystemExit(f"{event.message} {event.advice}\n{event.traceback}")
        if isinstance(event, Evaluated) and event.metric in MAIN and not event.at:
            found = event
        if isinstance(event, RunFinished):
            steps = event.step
    assert found is not None
    seconds = time.perf_counter() - begin
    return Figure(found.value, found.low, found.high, found.n, found.unit, seconds, dict(found.protocol), steps)


def over_seeds(figures: Sequence[Figure]) -> str:
    """ "81.2 ± 1.4": mean and half-width of the Student interval over seeds, in percent."""
    found = mean_interval(figure.value for figure in figures)
    return f"{100 * found.value:.1f} ± {100 * found.half:.1f}" if found.known else f"{100 * found.value:.1f}"


def machine() -> dict[str, str]:
    packages = {name: version(name) for name in ("torch", "torchvision", "numpy")}
    return {
        "cores": str(os.cpu_count()),
        "system": platform.system(),
        "processor": processor(),
        "instructions": instructions(),
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f}",
    } | packages


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def instructions() -> str:
    """What torch computes with here: "AVX512, bfloat16"."""
    return torch.backends.cpu.get_cpu_capability() + ", bfloat16" * has_bf16("cpu")


def save(name: str, rows: Sequence[dict[str, object]], folder: Path, **more: str) -> None:
    """Write rows and the machine as JSON beside the runs. more: to be told of the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine() | more, "rows": list(rows)}, indent=1) + "\n"
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def row(figure: Figure, **names: object) -> dict[str, object]:
    return names | asdict(figure)
