"""What crosses the cable to machines: the weights of a run once for all who work there, data not at all where a folder
is shared.

    python -m benchmarks.cluster_bytes     (as root)

The desk and the line are in one network namespace, each machine in one of its own. Four workers of one machine, each a
process, begin four runs at once from a saved run with 300 MB of weights. Then a run on 60 MB of images that a person
pointed at is worked by a machine, and after that was ended by another one with the same folder (`--shared`). Counted is
what came to the machine over its cable, by the system, with all that is said besides. Machines are those of
`benchmarks.cluster_simulated`: nothing is computed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.cluster import small
from benchmarks.cluster_cable import ADDRESS, DESK, PORT, Cables, begun, wait
from engine.events import RunFinished
from engine.experiment import DatasetChoice, Experiment
from engine.remote.certificates import KeyFile, made_key
from engine.remote.line import KEY, WHERE
from engine.remote.on_dask import DaskCluster
from engine.remote.worker import OnCluster
from engine.work.worker import Job

WEIGHTS, IMAGES, EACH = 300 * 10**6, 60, 10**6  # bytes; files, and bytes of each
MB = 10**6


def prepare(folder: Path) -> None:
    """What is to be sent: a run with its weights, and a folder of images."""
    source = folder / "runs" / "source"
    source.mkdir(parents=True)
    (source / "best.safetensors").write_bytes(os.urandom(WEIGHTS))
    (source / "experiment.json").write_text(small(1).model_dump_json())
    for number in range(IMAGES):
        place = folder / "photos" / "ab"[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(os.urandom(EACH))


def desk(folder: Path, runs: int, what: str) -> None:
    """So many runs at once, from the source or on the images."""
    asked: Experiment = small(1)
    if what == "weights":
        asked = asked.model_copy(update={"backbone": asked.backbone.model_copy(update={"weights": "run:source"})})
    else:
        asked = asked.model_copy(update={"dataset": DatasetChoice(name="folder", path=str(folder / "photos"))})
    cluster = DaskCluster(f"tls://{ADDRESS}:{PORT}", KeyFile.read(folder / KEY), f"desk {time.time()}")
    cluster.connect()
    wait(lambda: cluster.places() == runs)

    def worked(number: int) -> object:
        job = Job(asked, folder / "runs" / f"{what}{runs}x{number}x{time.time_ns()}")
        return [*OnCluster(lambda: cluster).start(job)][-1]

    with ThreadPoolExecutor(runs) as pool:
        ended = list(pool.map(worked, range(runs)))
    cluster.close()
    assert all(isinstance(one, RunFinished) for one in ended), ended


def sent(folder: Path, cables: Cables, machine: int, home: Path, runs: int, what: str) -> tuple[int, float]:
    """(bytes that came to the machine, seconds) until so many runs at once have ended there, each on a worker of its
    own; the machine is there only for that."""
    given = ("1", f"tls://{ADDRESS}:{PORT}", str(folder / KEY), str(home), "5", "1")
    workers = [
        begun(cables.machines[machine], "-m", "benchmarks.cluster_simulated", *given, stdin=subprocess.PIPE)
        for _ in range(runs)
    ]
    try:
        before, since = cables.came(machine), time.monotonic()
        words = ("-m", "benchmarks.cluster_bytes", "--desk", str(folder), "--runs", str(runs), "--what", what)
        if begun(DESK, *words).wait():
            raise SystemExit("A run did not end well.")
        return cables.came(machine) - before, time.monotonic() - since
    finally:
        for one in workers:
            one.kill()
            one.wait()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--desk", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--runs", type=int, help=argparse.SUPPRESS)
    asked.add_argument("--what", help=argparse.SUPPRESS)
    chosen = asked.parse_args()
    if chosen.desk:
        return desk(chosen.desk, chosen.runs, chosen.what)
    with tempfile.TemporaryDirectory() as place, Cables(2) as cables:
        folder = Path(place)
        prepare(folder)
        made_key().write(folder / KEY)
        line = begun(DESK, "-m", "engine.remote.line", str(folder), ADDRESS, PORT)
        try:
            wait(lambda: (folder / WHERE).is_file())
            rounds = (
                ("4 runs, 300 MB of weights, 4 workers of one machine", 0, "own", 4, "weights"),
                ("1 run on 60 MB of images, the first machine", 0, "shared", 1, "images"),
                ("1 run on the same, another machine with the same folder", 1, "shared", 1, "images"),
                ("1 run on the same, another machine without", 1, "other", 1, "images"),
            )
            for words, machine, home, runs, what in rounds:
                count, seconds = sent(folder, cables, machine, folder / home, runs, what)
                print(f"{words}: {count / MB:.1f} MB came, {seconds:.0f} s", flush=True)
        finally:
            line.kill()
            line.wait()


if __name__ == "__main__":
    main()
