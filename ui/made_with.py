"""What a run was made with, in words: code, packages, machine, data. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.rows import RunRow

UNKNOWN = "not recorded"
OWN = ("warmstart", "commit")  # of the packages, what is this program's own


def code(environment: Mapping[str, Any]) -> str:
    """The program's version, and the commit where it ran from a checkout: "0.4.0, commit 1f2e3d4c5b6a"."""
    packages = environment.get("packages", {})
    if "warmstart" not in packages:
        return UNKNOWN
    commit = f", commit {packages['commit']}" if "commit" in packages else ""
    return f"{packages['warmstart']}{commit}"


def packages(environment: Mapping[str, Any]) -> str:
    """ "Python 3.11.7, torch 2.14.1, …"."""
    if not environment:
        return UNKNOWN
    others = (f"{name} {version}" for name, version in environment["packages"].items() if name not in OWN)
    return ", ".join([f"Python {environment['python']}", *others])


def hardware(environment: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """ "Linux x86_64, 8 CPU cores, 31 GB memory; worked by CPU, 7 threads"."""
    if not environment:
        return UNKNOWN
    has = environment["hardware"]
    processor = [has["processor"]] if has.get("processor") else []
    cores = [f"{has['CPU cores']} CPU cores"] if has.get("CPU cores") else []
    memory = [f"{has['memory']} memory"] if has.get("memory") else []
    parts = [f"{has.get('system', '')} {has.get('machine', '')}".strip(), *processor, *cores, *memory]
    worked = f"; worked by {facts['device']}" if "device" in facts else ""
    return ", ".join(part for part in parts if part) + worked


def data(row: RunRow) -> str:
    """What tells the data apart from any other: the hash of every file in order."""
    return str(row.facts.get("data", "")) or UNKNOWN


def computed_by(environment: Mapping[str, Any]) -> str:
    """ "tasks at once 4, threads 2 (forced), torch threads 1"."""
    chosen = environment.get("formulation", {})
    forced, values = chosen.get("forced", ()), chosen.get("values", {})
    return ", ".join(f"{name} {value}{' (forced)' * (name in forced)}" for name, value in values.items()) or UNKNOWN


def made_with(row: RunRow, environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, words) of one run."""
    split = f"{row.experiment.dataset.split_seed}"
    return [
        ("Warmstart", code(environment)),
        ("Packages", packages(environment)),
        ("Hardware", hardware(environment, row.facts)),
        ("Computed by", computed_by(environment)),
        ("Data fingerprint", data(row)),
        ("Seeds", f"{row.experiment.seed} of the run, {split} of the split"),
    ]
