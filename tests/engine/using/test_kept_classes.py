"""Classes that are kept answer as before, to the last bit, and refuse in words what is not theirs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.artifacts.saved import SavedModel
from engine.backbones.backbone import snapshot
from engine.errors import StorageError, WeightsError
from engine.methods.meta.protonet import ProtoNet
from engine.using.answering import Answering, open_answering
from engine.using.bins import Bins
from engine.using.kept_classes import EXAMPLES, keep_classes, kept_classes
from engine.using.kept_words import WORDS, is_kept
from tests.engine.using.hands import asked, bins, saved


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder of runs with one ProtoNet in it."""
    model = saved(ProtoNet)
    written(model, tmp_path / "runs" / "abc")
    return tmp_path / "runs"


def written(model: SavedModel, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.json").write_text(model.experiment.model_dump_json())
    state = {name: value.contiguous() for name, value in snapshot(model.network).items()}
    save_file(state, folder / "best.safetensors")


def test_they_answer_as_before_to_the_last_bit(runs: Path, tmp_path: Path) -> None:
    answering, shown, folder = Answering(run="abc"), bins(2, 1, 3), tmp_path / "classes" / "signs"
    by = open_answering(answering, runs, title="ProtoNet")
    assert not is_kept(folder)
    keep_classes(folder, answering, by, shown.with_bin("empty"), "ProtoNet")
    found = kept_classes(folder)
    assert is_kept(folder)
    assert (found.title, found.answering, found.bins.names) == ("ProtoNet", answering, shown.names)
    assert [image.name for image in found.bins.images] == [image.name for image in shown.images]
    again = found.open(runs)
    assert np.array_equal(again.answers(found.bins, asked())[-1], by.answers(shown, asked())[-1])


def test_a_network_that_learnt_on_is_told(runs: Path, tmp_path: Path) -> None:
    answering = Answering(run="abc")
    keep_classes(tmp_path / "kept", answering, open_answering(answering, runs), bins(1, 1), "")
    other = saved(ProtoNet)
    with torch.no_grad():
        next(other.network.parameters()).add_(0.1)
    written(other, runs / "abc")
    with pytest.raises(WeightsError, match="other weights than when"):
        kept_classes(tmp_path / "kept").open(runs)


def test_what_is_damaged_or_something_else_is_refused(runs: Path, tmp_path: Path) -> None:
    answering, folder = Answering(run="abc"), tmp_path / "kept"
    keep_classes(folder, answering, open_answering(answering, runs), bins(2, 1), "")
    words = json.loads((folder / WORDS).read_text())
    odd: list[object] = [[], {}, words | {"format": 9}, words | {"classes": words["classes"][::-1]}]
    for told in [*odd, words | {"answering": {"run": 3}}]:
        (folder / WORDS).write_text(json.dumps(told))
        with pytest.raises(StorageError, match="no kept classes, or damaged ones"):
            kept_classes(folder)
    (folder / WORDS).write_text(json.dumps(words))
    (folder / EXAMPLES).write_bytes(b"none")
    with pytest.raises(StorageError, match="damaged"):
        kept_classes(folder)
    with pytest.raises(StorageError, match="holds no kept classes"):
        kept_classes(tmp_path)


def test_nothing_is_written_where_the_disk_refuses(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    answering = Answering(run="abc")
    with pytest.raises(StorageError, match="cannot be written"):
        keep_classes(tmp_path / "kept", answering, open_answering(answering, runs), bins(1, 1), "")
    assert Bins().filled.names == ()
