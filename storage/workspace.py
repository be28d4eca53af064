"""Where everything is kept: one folder with the database, the runs' files, downloads and data sets."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from platformdirs import user_data_path

from engine.errors import StorageError
from engine.given import is_there, person_path

UID = re.compile(r"[a-z0-9]{1,64}")  # of a run, also the name of its folder: nothing else in the database is a path
MIXTURE = re.compile(r"run:(mix-[0-9a-f]{12})")  # weights that were mixed and kept, and their folder beside the runs'
VARIABLE = "WARMSTART_WORKSPACE"
ELSEWHERE = "Choose another folder with --workspace, or make this one writable."


def default_root(given: str | Path | None = None) -> Path:
    """The workspace to use: `given` (from --workspace), else WARMSTART_WORKSPACE, else the user's data folder."""
    chosen = given or os.environ.get(VARIABLE)
    return person_path(chosen) if chosen else user_data_path("Warmstart", appauthor=False)


class Workspace:
    """The folder of one person's work. Making one touches nothing; `open()` creates what is missing.

    database: the SQLite file. runs: one folder per run, named by its uid. cache: downloads and prepared images.
    datasets: data sets fetched or brought in. presence: one locked file per living process.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(os.path.realpath(person_path(root)))
        self.database = self.root / "warmstart.db"
        self.runs = self.root / "runs"
        self.cache = self.root / "cache"
        self.datasets = self.root / "datasets"
        self.presence = self.root / "presence"

    def __repr__(self) -> str:
        return f"Workspace({str(self.root)!r})"

    def folder_of(self, uid: str) -> Path | None:
        """The folder of a run; None where a damaged database gives it a code that could lead elsewhere."""
        return self.runs / uid if UID.fullmatch(uid) else None

    def open(self) -> Workspace:
        """Create the folders and make sure that they can be written; raises `StorageError`."""
        if is_there(self.root) and not self.root.is_dir():
            raise StorageError(f"The workspace {self.root} is a file, not a folder.", ELSEWHERE)
        try:
            for folder in (self.root, self.runs, self.cache, self.datasets, self.presence):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root) as probe:
                probe.write(b"can be written")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StorageError(f"The workspace {self.root} cannot be written ({reason}).", ELSEWHERE) from error
        return self
