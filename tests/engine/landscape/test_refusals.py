"""What has no line between it is told in a sentence, and what images no two runs share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataError, ExperimentError, InvalidExperiment, WeightsError
from engine.experiment import Experiment, MethodChoice
from engine.landscape.corners import begun, ended, refuse_unlike
from engine.landscape.ground import ground
from tests.engine.landscape.conftest import corners, trained
from tests.engine.using.conftest import bars
from tests.engine.using.conftest import ended as returned

Run = Callable[..., Path]


def refused(one: Path, other: Path) -> str:
    with pytest.raises(InvalidExperiment) as told:
        refuse_unlike([ended(one, "A"), ended(other, "B")])
    return told.value.message


def test_other_backbones(run: Run) -> None:
    other = run("small", backbone={"name": "resnet_small", "weights": "random"})
    words = refused(run("full0"), other)
    assert words == "There is no line between “A” and “B”: one is a Conv-4, the other a Small ResNet."


def test_other_classes_and_another_order(run: Run, photos: Path, tmp_path: Path) -> None:
    two = run("two classes", dataset={"classes": 2})
    assert "tell other classes apart" in refused(run("full0"), two)
    turned = Path(shutil.copytree(run("full0"), tmp_path / "turned"))
    told = json.loads((turned / "trained_on.json").read_text())
    told["classes"] = told["classes"][::-1]
    (turned / "trained_on.json").write_text(json.dumps(told))
    assert "in another order" in refused(run("full0"), turned)


def test_other_sizes_of_images(run: Run) -> None:
    assert "other sizes or colours" in refused(run("full0"), run("larger", backbone={"image_size": 32}))


def test_a_run_without_weights(run: Run, tmp_path: Path) -> None:
    bare = Path(shutil.copytree(run("full0"), tmp_path / "bare"))
    for file in bare.glob("*.safetensors"):
        file.unlink()
    with pytest.raises(WeightsError, match="has no weights"):
        ended(bare, "A")


@pytest.mark.parametrize(
    "method,values,words",
    [
        ("head_bench", {}, "keeps none"),
        ("simclr", {}, "tells no classes apart"),
        ("maml", {"way": 3}, "has no head for classes of its own"),
    ],
)
def test_methods_without_a_head_of_their_own(
    method: str, values: dict[str, int], words: str, run: Run, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(run("full0"), tmp_path / method))
    of = Experiment(method=MethodChoice(name=method, hyperparameters=values))
    (folder / "experiment.json").write_text(of.model_dump_json())
    if method == "head_bench":
        for file in folder.glob("*.safetensors"):
            file.unlink()
    with pytest.raises(ExperimentError, match=words):
        ended(folder, "A")


def test_a_start_whose_weights_are_gone(run: Run, photos: Path, tmp_path: Path) -> None:
    first = trained(tmp_path / "first", photos)
    child = ended(trained(tmp_path / "child", photos, backbone={"weights": "run:first"}), "child")
    begun(child, "start")
    shutil.rmtree(first)
    with pytest.raises(ExperimentError, match="are gone"):
        begun(child, "start")


def test_other_data(run: Run, tmp_path: Path) -> None:
    others = bars(tmp_path / "others", images=15)
    other = trained(tmp_path / "other", others)
    with pytest.raises(InvalidExperiment, match="they learnt from other data"):
        returned(ground([ended(run("full0"), "A"), ended(other, "B")]))
    shifted = run("shifted", dataset={"shift": {"kind": "noise", "severity": 2}})
    with pytest.raises(InvalidExperiment, match="shifted otherwise"):
        returned(ground([ended(run("full0"), "A"), ended(shifted, "B")]))


def test_other_names_of_classes_by_a_label_shift(run: Run) -> None:
    """Which classes exchange their names is drawn by the split seed, so what one run learnt is wrong for the other."""
    shift = {"kind": "label shift", "severity": 1}
    renamed = [run(f"renamed{seed}", dataset={"split_seed": seed, "shift": shift}) for seed in range(2)]
    with pytest.raises(InvalidExperiment, match="exchanged their names"):
        returned(ground([ended(folder, folder.name) for folder in renamed]))


def test_no_image_is_tested_that_one_of_them_learnt_from(run: Run) -> None:
    """Runs of other divisions share few test images; those of many divisions share none."""
    divided = [ended(run(f"split{seed}", dataset={"split_seed": seed}), f"split {seed}") for seed in range(2)]
    found = returned(ground(divided))
    splits = [returned(ground([one])) for one in divided]
    assert found.several
    assert set(found.test.ids) == set(splits[0].test.ids) & set(splits[1].test.ids)
    assert set(found.train.ids) == set(splits[0].train.ids) | set(splits[1].train.ids)
    assert not set(found.test.ids) & set(found.train.ids)
    assert "of any of these runs" in found.words


def test_no_image_is_tested_that_a_run_before_learnt_from(run: Run) -> None:
    """A run that went on from one of another division, with its head or a new one."""
    before = ended(run("split1", dataset={"split_seed": 1}), "before")
    child = ended(run("child of split1", backbone={"weights": "run:split1", "head": "kept"}), "child")
    found = returned(ground([child]))
    own = [set(returned(ground([ended(run("full0"), "full")])).test.ids), set(returned(ground([before])).train.ids)]
    assert own[0] & own[1]
    assert not set(found.test.ids) & own[1]
    assert set(found.test.ids) < own[0]


def test_too_few_images_in_common(run: Run) -> None:
    many = [ended(run(f"split{seed}", dataset={"split_seed": seed}), f"split {seed}") for seed in range(6)]
    with pytest.raises(DataError, match="too few examples"):
        returned(ground(many))


def test_few_of_many_are_the_same_every_time(run: Run) -> None:
    ends = corners(run)
    found, again = (returned(ground(ends, most=7)) for _ in range(2))
    assert np.array_equal(found.train.ids, again.train.ids)
    assert len(found.train) == len(found.test) == 7
    assert found.words == "7 of 30 training examples and 7 of 18 test examples"
    labels = found.train.labels.tolist()
    assert labels != sorted(labels)
