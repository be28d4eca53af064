"""`cluster` and `worker`: other machines that work runs."""

from __future__ import annotations

import argparse
import threading
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from engine.comparison.wording import size
from engine.errors import InvalidExperiment
from engine.given import person_path
from engine.machine.addresses import address_here, is_of
from engine.remote import starting
from engine.remote.certificates import KeyFile
from engine.remote.cluster import MachineState
from engine.remote.desk import FOLDER, ClusterDesk
from engine.remote.joining import Joining, encrypted, ports
from engine.remote.machine import serve, usual_places
from storage.workspace import default_root
from ui.command.arguments import program
from ui.command.joining import INSTALL, WHERE, WINDOWS, alone, worker_line
from ui.terminal.interrupts import Interrupts
from ui.terminal.output import print_json, print_table, say
from ui.terminal.workspaces import open_workspace

COLUMNS = ("Host", "Address", ">Cores", ">Memory", "Works on", "Version", "Run", ">Last sign, s")
LOOK_AGAIN = 0.2  # seconds
MOST_PLACES = 256
MOST_PORT = 65535 - MOST_PLACES
WORKING = "\nEnding. Runs at work here go on on other machines.\n"


def cluster_from_command_line(chosen: argparse.Namespace) -> int:
    """Raises `ExperimentError`."""
    workspace = open_workspace(chosen.workspace)
    if chosen.action == "start":
        address, key = starting.begin(workspace.root, *where(chosen, workspace.root / FOLDER))
        tell_how(address, key, chosen.json)
        if chosen.host and not is_of(chosen.host, urlsplit(address).hostname or "") and not chosen.json:
            say(f"It was up at this address already. For {chosen.host}: “cluster stop”, then begin it again.")
    elif chosen.action == "status":
        print_machines(workspace.root, chosen.json)
    else:
        starting.end(workspace.root)
        say("The cluster has ended. Its machines wait for it to begin again.")
    return 0


def where(chosen: argparse.Namespace, folder: Path) -> tuple[str, int]:
    """(host, port) at which a cluster is to begin: as told, else where the last one was, at which its machines wait."""
    host, port = starting.last(folder) or ("", starting.PORT)
    return chosen.host or host or address_here(), port if chosen.port is None else chosen.port


def tell_how(address: str, key: Path, as_json: bool) -> None:
    line = worker_line(address, key.name)
    if as_json:
        print_json({"address": address, "key": str(key), "line": line})
        return
    say(f"The cluster is up at {address}. It stays when this program ends.")
    if wrong := alone(address):
        say(wrong)
    say(f"On each other machine, in {WHERE}, with a copy of {key}:")
    say(f"  {INSTALL}")
    say(f"  {line}")
    say(WINDOWS)
    say(f"Who has that file can run programs on these machines. Then, here: {program()} run … --device cluster")


def print_machines(root: Path, as_json: bool) -> None:
    desk = ClusterDesk(root)
    try:
        cluster = desk.connect()
        machines = cluster.machines()
    finally:
        desk.close()
    if as_json:
        for one in machines:
            print_json(asdict(one))
        return
    say(f"The cluster at {cluster.address} has {len(machines)} place{'s' * (len(machines) != 1)}.")
    if machines:
        print_table(COLUMNS, [row(one) for one in machines])


def row(one: MachineState) -> tuple[str, ...]:
    works = one.device if one.device == "cpu" else f"GPU {one.device}"
    return (
        one.host, one.address, str(one.cores), size(one.memory), works, one.version or "–",
        ", ".join(one.runs) or "free", f"{one.seconds:.0f}",
    )  # fmt: skip


def worker_from_command_line(chosen: argparse.Namespace) -> int:
    """Until Ctrl+C; raises `ExperimentError`."""
    refuse_wrong(chosen)
    places = usual_places()
    if chosen.places is not None:
        places = [places[number % len(places)] for number in range(chosen.places)]
    own = default_root(chosen.workspace) / "worker"
    home = own if chosen.shared is None else person_path(chosen.shared).resolve()
    key = person_path(chosen.key).resolve()
    at = ports(chosen.port, len(places))
    joining = Joining(encrypted(chosen.connect), key, home, round(1e9 * chosen.keep), at)
    if key.is_file() and KeyFile.seen_by_others(key):
        say(f"Other people of this machine can read {key.name}, and with it use the cluster. End that: chmod 600 {key}")
    ended = threading.Event()
    with Interrupts(WORKING) as interrupts:
        watch = threading.Thread(target=wait_for, args=(interrupts, ended), name="until Ctrl+C", daemon=True)
        watch.start()
        try:
            serve(joining, places, say, ended)
        finally:
            ended.set()
            watch.join()
    return 0


def refuse_wrong(chosen: argparse.Namespace) -> None:
    """Raises `InvalidExperiment` for a number that cannot be."""
    if chosen.places is not None and not 1 <= chosen.places <= MOST_PLACES:
        raise InvalidExperiment(f"--places is {chosen.places}.", f"Give a whole number from 1 to {MOST_PLACES}.")
    if not 0 <= chosen.keep < float("inf"):
        raise InvalidExperiment(f"--keep is {chosen.keep:g}.", "Give a number of GB, 0 or more.")
    if not 0 <= chosen.port <= MOST_PORT:
        raise InvalidExperiment(f"--port is {chosen.port}.", f"Give a whole number from 1 to {MOST_PORT}.")


def wait_for(interrupts: Interrupts, ended: threading.Event) -> None:
    while not ended.wait(LOOK_AGAIN):
        if interrupts.stopping():
            ended.set()
