"""The data sets that were opened or learnt from."""

from __future__ import annotations

from engine.events import RunStarted
from engine.experiment import DatasetChoice, Experiment
from storage import saving
from storage.data_sets import DataSeen
from storage.store import RunStore
from tests.new_runs import new_run


def keys(store: RunStore) -> list[str]:
    return [one.key for one in store.data_sets() if not one.hidden]


def test_what_was_opened_and_what_runs_learnt_from_is_listed_once_latest_first(store: RunStore) -> None:
    photos = Experiment(dataset=DatasetChoice(name="folder", path="/photos: 2"))
    for experiment in (photos, photos.with_seed(1), Experiment()):
        store.create(new_run(experiment))
    store.open_data_set("folder:/other")
    assert keys(store) == ["folder:/other", "folder:/photos: 2"]
    assert [one.runs for one in store.data_sets()] == [0, 2]
    store.open_data_set("folder:/photos: 2")
    assert keys(store) == ["folder:/photos: 2", "folder:/other"]


def test_a_data_set_is_called_otherwise_and_taken_off_the_list_until_it_is_opened_again(store: RunStore) -> None:
    store.create(new_run(Experiment(dataset=DatasetChoice(name="folder", path="/photos"))))
    store.name_data_set("folder:/photos", "  Waste\nof 2024 ")
    assert store.data_sets()[0].title == "Waste of 2024"
    store.hide_data_set("folder:/photos", True)
    assert keys(store) == []
    store.open_data_set("folder:/photos")
    assert [(one.key, one.title, one.runs) for one in store.data_sets()] == [("folder:/photos", "Waste of 2024", 1)]
    store.name_data_set("folder:/photos", "")
    assert store.data_sets()[0].title == ""


def test_what_runs_had_is_told_apart_by_how_it_was_read(store: RunStore) -> None:
    """Classes by another folder level, or by a table, are no change of the files."""
    photos = {"name": "folder", "path": "/photos"}
    chosen = [photos, photos | {"labels_per_class": 5}, photos | {"class_level": 2}, {"name": "dtd", "path": "/photos"}]
    for place, choice in enumerate(chosen):
        run = store.create(new_run(Experiment(dataset=DatasetChoice.model_validate(choice))))
        said = RunStarted(1, 1, 1, {"data": "bytes-a" if place < 2 else "bytes-b"})
        store.append(run.id, [lambda connection, run=run, said=said: saving.event(said, connection, run.id, 0.0)], {})
    assert store.data_seen("folder:/photos") == [DataSeen("bytes-b", (3,), True), DataSeen("bytes-a", (2, 1))]
    assert store.data_seen("dtd:/photos") == [DataSeen("bytes-b", (4,))]
    assert store.data_seen("gone:/photos") == []
