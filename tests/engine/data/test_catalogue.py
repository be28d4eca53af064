"""Data sets that are fetched when asked: where they lie, what is said while they are not here."""

from __future__ import annotations

import io
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import DOWNLOAD, HERE, SHELVES
from engine.data.sources import checked, datasets, known, load, place, resolve, sets, wanted
from engine.data.splits import split_classes
from engine.downloads.bring import _settle, filling
from engine.errors import InvalidExperiment
from engine.events import RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import DatasetChoice
from engine.machine.places import VARIABLE
from engine.studies.cells import cells
from engine.studies.study import study_preset
from tests.engine.data import published_files as made
from tests.engine.data.conftest import Maker

COVERS = dict.fromkeys(
    ("AnnualCrop", "Forest", "HerbaceousVegetation", "Highway", "Industrial", "Pasture", "PermanentCrop", "Residential",
     "River", "SeaLake"), 3,
)  # fmt: skip
FETCHED = tuple(one.name for one in sets() if one.download)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_set_is_found_where_it_was_fetched_to(class_folders: Maker, home: Path) -> None:
    choice = DatasetChoice(name="eurosat")
    assert (place("eurosat"), _where("eurosat")) == (None, DOWNLOAD)
    with pytest.raises(InvalidExperiment) as caught:
        load(choice)
    said = "EuroSAT is not on this machine. Download it (94 MB), or pick a folder or zip that holds it."
    assert str(caught.value) == said
    class_folders(home / "datasets" / "eurosat" / "2750", **COVERS)
    assert (place("eurosat"), _where("eurosat")) == (home / "datasets" / "eurosat", HERE)
    data = load(choice)
    assert (data.name, data.title, len(data), data.class_names[0]) == ("eurosat", "EuroSAT", 30, "AnnualCrop")
    assert data.licence.startswith("MIT")


def test_ones_own_copy_is_recognised_and_an_old_choice_means_what_it_meant(class_folders: Maker) -> None:
    folder = class_folders("mine", **COVERS)
    assert resolve(folder).name == "eurosat"
    new, old = load(resolve(folder)), load(DatasetChoice(name="folder", path=str(folder)))
    assert (old.name, old.title, old.fingerprint) == ("folder", "mine", new.fingerprint)


@pytest.mark.parametrize("name", FETCHED)
def test_what_has_to_be_fetched_says_so_and_how_much(name: str) -> None:
    source, asked = known(name), wanted(name)
    assert source is not None
    assert asked is not None
    assert asked.folder.parent.name == "datasets"
    assert asked.files == source.download
    assert len({file.name for file in asked.files}) == len(asked.files)
    with pytest.raises(InvalidExperiment, match=r"is not on this machine\. Download it"):
        checked(DatasetChoice(name=name))


def test_the_list_is_quick_and_stands_shelf_by_shelf() -> None:
    seconds = []
    for _ in range(3):
        begin = time.process_time()  # the process's own: other programs lengthen the clock's
        listed = datasets()
        seconds.append(time.process_time() - begin)
    assert min(seconds) < 0.05
    assert [SHELVES.index(one.shelf) for one in listed] == sorted(SHELVES.index(one.shelf) for one in listed)
    assert listed[0].where == "bundled"


def _where(name: str) -> str:
    return next(one.where for one in datasets() if one.name == name)


def test_an_archive_within_an_archive_is_unpacked(home: Path, tmp_path: Path) -> None:
    """As Caltech-101 comes: a zip that holds a tar of the photos."""
    made.caltech(tmp_path / "photos")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as packed:
        packed.add(tmp_path / "photos", arcname=".")
    asked = wanted("caltech101")
    assert asked is not None
    (file,) = asked.files
    part = filling(asked)
    part.mkdir(parents=True)
    with zipfile.ZipFile(part / file.name, "w") as outer:
        outer.writestr("caltech-101/101_ObjectCategories.tar.gz", tar.getvalue())
    _settle(asked, part, lambda: False)
    assert len(load(DatasetChoice(name="caltech101"))) == 15


def test_classes_of_land_cover_are_grouped(class_folders: Maker, home: Path) -> None:
    class_folders(home / "datasets" / "eurosat" / "2750", **COVERS)
    choice = DatasetChoice(name="eurosat", split="by-alphabet")
    data = load(choice)
    split = split_classes(data, choice)
    assert split.description == "by group, 2/1/1 groups, none shared"
    homes = np.array(data.alphabets)
    assert not set(homes[split.train]) & set(homes[split.test])


def test_the_study_of_real_land_cover_runs_where_the_patches_are(class_folders: Maker, home: Path) -> None:
    cell = next(one for one in cells(study_preset("land-cover-eurosat")) if one.experiment.method.name == "protonet")
    values = cell.experiment.method.hyperparameters | {"steps": 2, "test_episodes": 10, "validation_episodes": 10}
    chosen = cell.experiment.method.model_copy(update={"hyperparameters": values})
    experiment = cell.experiment.model_copy(update={"method": chosen})
    last = list(execute(experiment, home / "first"))[-1]
    assert isinstance(last, RunFailed)
    assert last.message == "EuroSAT is not on this machine."
    class_folders(home / "datasets" / "eurosat" / "2750", **dict.fromkeys(COVERS, 14))
    events = list(execute(experiment, home / "second"))
    assert isinstance(events[-1], RunFinished), events[-1]
