"""The cluster of a workspace is begun and ended: its line is a process that stays when this one goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from engine.errors import ExperimentError
from engine.machine.children import ROOT
from engine.remote.certificates import made_key
from engine.remote.cluster import ClusterAway
from engine.remote.desk import FOLDER, ClusterDesk, NoCluster
from engine.remote.line import KEY, WHERE
from engine.remote.on_dask import EXTRA

PORT = 8786
PATIENCE = 60.0  # seconds until the line can be reached
LOG, LAST = "line.log", "last.json"


def begin(root: Path, host: str, port: int) -> tuple[str, Path]:
    """(address, key file) of the workspace's cluster, which is begun unless it answers already. The key stays the same.
    Raises `ExperimentError`."""
    EXTRA.require()
    folder = root / FOLDER
    if (there := _answers(root)) is not None:
        return there, folder / KEY
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / KEY).is_file():
        made_key().write(folder / KEY)
    forget(root)
    _begin_line(folder, host, port)
    there = _answers(root)
    if there is None:
        raise ExperimentError("The cluster was begun and does not answer.", f"See {folder / LOG}.")
    return there, folder / KEY


def end(root: Path) -> None:
    """End the line; raises `ExperimentError` where there is none or it does not answer."""
    desk = ClusterDesk(root)
    try:
        desk.connect(same_version=False).shut_down()
    finally:
        desk.close()
    forget(root)


def forget(root: Path) -> None:
    """The workspace has no cluster any more, whether its line has ended or not. Its key stays, and where it was."""
    folder = root / FOLDER
    with suppress(FileNotFoundError):
        (folder / WHERE).replace(folder / LAST)


def last(folder: Path) -> tuple[str, int] | None:
    """(host, port) of the last cluster of this folder, ended or switched off, where its machines wait for it; None
    where it had none."""
    for name in (WHERE, LAST):
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            there = urlsplit(json.loads((folder / name).read_text("utf-8"))["address"])
            return there.hostname or "", there.port or PORT
    return None


def _answers(root: Path) -> str | None:
    desk = ClusterDesk(root)
    try:
        return desk.connect().address
    except (ClusterAway, NoCluster):
        return None
    finally:
        desk.close()


def _begin_line(folder: Path, host: str, port: int) -> None:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    env = {"DASK_LOGGING__DISTRIBUTED": "warning", **os.environ, "PYTHONPATH": path}  # else it tells of each question
    with (folder / LOG).open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.remote.line", str(folder), host, str(port)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
            start_new_session=True, creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
    threading.Thread(
        target=child.wait, name="until the line ends", daemon=True
    ).start()  # which may be after this process
    deadline = time.monotonic() + PATIENCE
    while not (folder / WHERE).is_file():
        if child.poll() is not None or time.monotonic() > deadline:
            child.kill()
            child.wait()
            said = (folder / LOG).read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
            raise ExperimentError(
                f"The cluster could not be begun at {host}:{port} ({said[-1]}).", "Give another --host or --port."
            )
        time.sleep(0.05)
