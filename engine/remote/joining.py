"""What a machine joins, and whether it can: it has the same version of this program, and the cluster reaches it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from engine.errors import ExperimentError
from engine.remote.certificates import KeyFile
from engine.remote.cluster import ClusterAway
from engine.remote.on_dask import DaskCluster
from engine.remote.reached import ANY, listening

KEEP = 20 * 10**9
LAST_PORT = 65535
OTHER_VERSION, LINE_AWAY = 3, 4  # what a process that works runs ends with where the line has one, or is not there


def encrypted(address: str) -> str:
    """An address as it was printed, also where a person left out how it is spoken with. Raises `ExperimentError` for
    what is none."""
    whole = address if "://" in address else f"tls://{address}"
    with suppress(ValueError):  # of a port that is no number, and of a host that cannot be one
        at = urlsplit(whole)
        if at.scheme == "tls" and at.port and (at.hostname or "").encode("idna"):
            return whole
    raise ExperimentError(
        f"“{address}” is no address of a cluster.", "Give what “cluster start” said: tls://HOST:PORT."
    )


@dataclass(frozen=True)
class Joining:
    """Which line, with which key, and where this machine keeps what it is sent; machines that share that folder need
    each file once, and go on with one another's runs. keep: bytes of files for other runs. ports: at which its places
    listen, the first and the last that they may have."""

    address: str
    key: Path
    home: Path
    keep: int = KEEP
    ports: str = ANY


def refuse_another_version(joining: Joining) -> None:
    """Raises `ExperimentError` where the cluster has another version of this program, `ClusterAway` where it does not
    answer."""
    cluster = DaskCluster(joining.address, KeyFile.read(joining.key), "joining")
    try:
        cluster.connect()
    finally:
        cluster.close()


def ports(first: int, places: int) -> str:
    """One for each place, of `Joining`; 0: any. Raises `ExperimentError` where there are not so many."""
    if not 0 <= first <= LAST_PORT + 1 - places:
        raise ExperimentError(f"--port is {first}.", f"Give a whole number from 1 to {LAST_PORT + 1 - places}.")
    return f"{first}:{first + places - 1}" if first else ANY


def require_reachable(joining: Joining) -> None:
    """Raises `ClusterAway` where the cluster cannot connect to this machine, or does not answer."""
    cluster = DaskCluster(joining.address, KeyFile.read(joining.key), "joining")
    try:
        with listening(joining.ports) as port:
            at = cluster.reaches_back(port)
    finally:
        cluster.close()
    if at:
        raise ClusterAway(
            f"The cluster cannot connect to this machine at {at}: a firewall here lets nobody in. Let Python in, or "
            "give --port N and open that port, and the next ones for further places.",
            "It is tried again.",
        )
