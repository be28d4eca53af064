"""How soon a run on a cluster of this machine is stopped or discarded, for each kind of training.

    python -m benchmarks.cluster_stops [--times 3]

Said is when the word is given, from the desk. Stopped: until training has ended there, and until the figure of the best
weights and all files are here, which takes as long as that network takes to test. Discarded: until the machine is free.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.cluster import small
from engine.events import CLUSTER, Evaluated, Metrics, Preparing, RunFailed, RunStopped
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.remote.on_dask import DaskCluster
from engine.remote.worker import OnCluster
from engine.work.worker import Job
from tests.engine.remote.loopback import Loopback, loopback
from tests.engine.work.small_runs import until

STEPS = 4  # that are heard before the word is given
GLYPHS = DatasetChoice(name="glyphs")
FEW = {"validate_every": 20, "validation_episodes": 20, "test_episodes": 100}
DIGITS = DatasetChoice(name="digits")


def asked(method: str, backbone: str, data: DatasetChoice, **values: object) -> Experiment:
    choice = MethodChoice(name=method, hyperparameters=values)
    return Experiment(dataset=data, backbone=BackboneChoice(name=backbone), method=choice, device=CLUSTER)


KINDS = {
    "fine-tuning": small(2000),
    "meta-learning": asked(
        "protonet", "conv4", DatasetChoice(name="glyphs"), validate_every=20, validation_episodes=20, test_episodes=100
    ),
    "pretraining": asked("simclr", "conv4", DIGITS),
    "texts": asked(
        "scratch", "text_bilstm", DatasetChoice(name="clinc150", classes=5, labels_per_class=20), epochs=2000
    ),
}


def stopped(made: Loopback, desk: DaskCluster, experiment: Experiment, uid: str) -> tuple[float, float]:
    """Seconds until training has ended, until the last event, with all files."""
    worker, steps, said, ended = OnCluster(lambda: desk), 0, 0.0, 0.0
    for event in worker.start(Job(experiment, made.folder / "desk" / "runs" / uid)):
        steps += isinstance(event, Metrics)
        if steps == STEPS and not said:
            said = time.monotonic()
            worker.say("stop")
        elif said and not ended and isinstance(event, Preparing | Evaluated | RunStopped):
            ended = time.monotonic()
        if isinstance(event, RunFailed):
            raise SystemExit(f"{event.message} {event.advice}")
    return ended - said, time.monotonic() - said


def discarded(made: Loopback, desk: DaskCluster, experiment: Experiment, uid: str) -> float:
    """Seconds until the machine works nothing."""
    worker, steps = OnCluster(lambda: desk), 0
    events = worker.start(Job(experiment, made.folder / "desk" / "runs" / uid))
    while steps < STEPS:
        steps += isinstance(next(events), Metrics)
    said = time.monotonic()
    worker.say("discard")
    events.close()  # type: ignore[attr-defined]
    until(lambda: not any(one.runs for one in desk.machines()))
    return time.monotonic() - said


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--times", type=int, default=3)
    chosen = given.parse_args()
    with tempfile.TemporaryDirectory() as folder, loopback(Path(folder)) as made:
        desk = made.desk()
        made.ready(desk, 1)
        for kind, experiment in KINDS.items():
            names = [f"{kind.replace('-', '')}{number}" for number in range(chosen.times)]
            stops = np.median([stopped(made, desk, experiment, f"{name}a") for name in names], axis=0)
            free = np.median([discarded(made, desk, experiment, f"{name}b") for name in names])
            load = os.getloadavg()[0]
            print(
                f"{kind}: ended {stops[0]:.2f} s, kept {stops[1]:.2f} s, discarded {free:.2f} s, load {load:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
