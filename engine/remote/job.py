"""A machine of a cluster as a job of a batch system, with what dask-jobqueue writes on its line; see docs/slurm.md.

python -m engine.remote.job ADDRESS --key FILE --shared FOLDER --places 1 --lifetime 3.8 …
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from engine.errors import ExperimentError
from engine.machine.files import cache_folder
from engine.remote.joining import Joining, encrypted, ports
from engine.remote.machine import serve, usual_places

UNUSED = ("--name", "--nthreads", "--memory-limit", "--death-timeout", "--local-directory")  # what Dask's own takes


def understood(given: Sequence[str]) -> argparse.Namespace:
    """The words of the line."""
    asked = argparse.ArgumentParser(prog="python -m engine.remote.job")
    asked.add_argument("address")
    asked.add_argument("--key", type=Path, required=True, help="a copy of the cluster's key")
    asked.add_argument("--shared", type=Path, default=cache_folder() / "job", help="a folder that all jobs have")
    asked.add_argument("--places", type=int, help="runs at a time; by default one for each GPU or two cores")
    asked.add_argument("--port", type=int, default=0, help="at which the first place listens; by default any")
    asked.add_argument("--lifetime", type=float, default=0.0, help="hours until it leaves; a little under the job's")
    for word in UNUSED:
        asked.add_argument(word, help=argparse.SUPPRESS)
    return asked.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Until its lifetime is over, or the job is ended."""
    chosen, ended = understood(given), threading.Event()
    places = usual_places()
    if chosen.places:
        places = [places[number % len(places)] for number in range(chosen.places)]
    if chosen.lifetime > 0:
        leaving = threading.Timer(3600 * chosen.lifetime, ended.set)
        leaving.daemon = True
        leaving.start()
    try:
        at = ports(chosen.port, len(places))
        serve(Joining(encrypted(chosen.address), chosen.key, chosen.shared, ports=at), places, print, ended)
    except ExperimentError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
