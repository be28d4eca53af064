"""What a machine joins, and that it has the same version of this program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.remote.certificates import KeyFile
from engine.remote.on_dask import DaskCluster

KEEP = 20 * 10**9
OTHER_VERSION = 3  # what a process that works runs ends with where the line has another version


def encrypted(address: str) -> str:
    """An address as it was printed, also where a person left out how it is spoken with."""
    return address if "://" in address else f"tls://{address}"


@dataclass(frozen=True)
class Joining:
    """Which line, with which key, and where this machine keeps what it is sent; machines that share that folder need
    each file once, and go on with one another's runs. keep: bytes of files for other runs."""

    address: str
    key: Path
    home: Path
    keep: int = KEEP


def refuse_another_version(joining: Joining) -> None:
    """Raises `ExperimentError` where the cluster has another version of this program, `ClusterAway` where it does not
    answer."""
    cluster = DaskCluster(joining.address, KeyFile.read(joining.key), "joining")
    try:
        cluster.connect()
    finally:
        cluster.close()
