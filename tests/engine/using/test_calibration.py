"""The temperature by hand, what is kept of it, and what a run says with and without its images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.comparison.temperature import probabilities, temperature_of
from engine.comparison.unlike import Learnt
from engine.errors import ExperimentError
from engine.events import Preparing
from engine.heads.nearest_mean import unit
from engine.using import calibration as kept
from engine.using.assured import assured, calibrated
from engine.using.nearest import FILE as GALLERY
from engine.using.nearest import gallery
from engine.using.own_images import drawn, own_images, passed
from tests.engine.using.conftest import bars, ended, run


def answers(gap: float, right: int, wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits of two classes, this far apart, always for the first; so many are of it."""
    logits = np.tile(np.array([gap, 0.0], np.float32), (right + wrong, 1))
    return logits, np.array([0] * right + [1] * wrong, np.int64)


@pytest.mark.parametrize("gap,right,wrong", [(4.0, 3, 1), (4.0, 900, 100), (0.5, 3, 1), (8.0, 51, 49)])
def test_the_temperature_makes_the_probability_the_share_that_is_right(gap: float, right: int, wrong: int) -> None:
    """1 / (1 + exp(-gap / T)) = s where T = gap / ln(s / (1 - s)), s being the share that is right with a label's
    weight of (n + 1) / (n + 2)."""
    logits, labels = answers(gap, right, wrong)
    n = right + wrong
    share = (right * (n + 1) + wrong) / (n * (n + 2))
    found = temperature_of(logits, labels)
    assert found == pytest.approx(min(gap / np.log(share / (1 - share)), np.exp(5)), rel=1e-4)
    if found < 100:
        assert probabilities(logits, found)[0, 0] == pytest.approx(share, abs=1e-4)


def test_a_sharper_network_gets_a_higher_temperature_and_the_same_answers() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (300, 5)).astype(np.float32)
    shares = probabilities(logits, 1.0)
    labels = np.array([rng.choice(5, p=row) for row in shares])
    assert temperature_of(logits, labels) == pytest.approx(1.0, abs=0.15)
    assert temperature_of(3 * logits, labels) == pytest.approx(3 * temperature_of(logits, labels), rel=1e-3)
    assert np.array_equal(probabilities(logits, 7.0).argmax(1), logits.argmax(1))


def test_five_of_five_right_is_no_certainty() -> None:
    """s = 6 / 7: T = 4 / ln 6. None of five right: as even as it may be."""
    assert temperature_of(*answers(4.0, 5, 0)) == pytest.approx(4 / np.log(6), rel=1e-4)
    assert temperature_of(*answers(4.0, 0, 5)) == pytest.approx(np.exp(5), rel=0.01)


def test_a_run_is_calibrated_once_and_says_the_same_afterwards(trained: Path) -> None:
    model, pixels = SavedModel.open(trained), torch.randint(0, 256, (7, 1, 28, 28), dtype=torch.uint8)
    said = assured(model, trained)
    assert isinstance(next(said), Preparing)
    first = ended(said)
    assert first.calibration is not None
    assert first.words.startswith("probabilities calibrated on 12 validation images, of which ")
    assert first.words.endswith(" would be called none of these")
    assert first.calibration.after.counts.sum() == first.calibration.before.error.n == 18
    assert first.calibration.conditions["batch norm"] == "running statistics"
    again = ended(assured(model, trained))
    assert (trained / kept.FILE).is_file()
    one, two = first.judge(pixels), again.judge(pixels)
    assert np.array_equal(one.probabilities, two.probabilities)
    assert np.array_equal(one.unlike, two.unlike)  # type: ignore[arg-type]
    plain = model.predict(pixels).numpy()
    assert np.array_equal(one.probabilities.argmax(1), plain.argmax(1))
    assert one.probabilities.sum(1) == pytest.approx(np.ones(7), abs=1e-6)


def test_it_is_that_of_the_validation_images(trained: Path) -> None:
    model = SavedModel.open(trained)
    material = ended(own_images(model, trained))
    known = ended(gallery(model, trained))
    learnt = Learnt(known.features)
    found = ended(calibrated(model, trained, learnt))
    unlike = learnt.unlikeness(unit(model.seen(material.validation.inputs[:])[0].numpy()))
    assert found.refusal.threshold == pytest.approx(np.sort(unlike)[-1], rel=1e-3)  # of twelve none is refused
    assert set(material.validation.ids).isdisjoint(material.test.ids)
    logits = model.seen(material.validation.inputs[:])[1].numpy()
    assert found.temperature == pytest.approx(temperature_of(logits, material.validation.labels.numpy()), rel=1e-3)
    assert found.refusal.rate <= 0.05
    assert found.refusal.n == 12


def test_of_other_weights_or_damaged_nothing_is_believed(trained: Path) -> None:
    ended(assured(SavedModel.open(trained), trained))
    file = trained / kept.FILE
    text = file.read_text()
    for wrong in ("{", "[]", json.dumps({**json.loads(text), "format": 0}), text.replace("temperature", "warmth")):
        file.write_text(wrong)
        assert kept.read(trained) is None
    file.write_text(text)
    assert kept.read(trained) is not None
    weights = next(trained.glob("best.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert kept.read(trained) is None


def test_without_its_images_or_with_others_it_says_so(tmp_path: Path) -> None:
    photos = bars(tmp_path / "photos")
    folder = run(tmp_path / "runs" / "abc", photos)
    model, pixels = SavedModel.open(folder), torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    for image in (photos / "class0").iterdir():
        shutil.copy(photos / "class1" / "3.png", image)
    found = ended(assured(model, folder))
    assert found.calibration is None
    assert "not those that this run learnt from" in found.words
    shutil.rmtree(photos)
    found = ended(assured(model, folder))
    assert found.calibration is None
    assert found.words.startswith("probabilities as its network gives them, which are often too sure: ")
    judged = found.judge(pixels)
    assert judged.unlike is None
    assert np.array_equal(judged.probabilities, model.predict(pixels).numpy())
    assert not (folder / kept.FILE).exists()


def test_calibrated_it_stays_without_its_images(tmp_path: Path) -> None:
    """What was measured is kept; without the features of its training images nothing is none of these."""
    photos = bars(tmp_path / "photos")
    folder = run(tmp_path / "runs" / "abc", photos)
    model, pixels = SavedModel.open(folder), torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    first = ended(assured(model, folder))
    shutil.rmtree(photos)
    again = ended(assured(model, folder))
    assert again.words == first.words
    assert np.array_equal(again.judge(pixels).unlike, first.judge(pixels).unlike)  # type: ignore[arg-type]
    (folder / GALLERY).unlink()
    without = ended(assured(model, folder))
    assert without.words == "probabilities calibrated on 12 validation images"
    assert without.judge(pixels).unlike is None
    assert np.array_equal(without.judge(pixels).probabilities, first.judge(pixels).probabilities)


def test_a_meta_learner_is_refused(tmp_path: Path) -> None:
    photos = bars(tmp_path / "photos", classes=6)
    folder = tmp_path / "runs" / "abc"
    run(folder, photos)
    text = json.loads((folder / "experiment.json").read_text())
    text["method"] = {"name": "protonet", "hyperparameters": {"way": 2}}
    (folder / "experiment.json").write_text(json.dumps(text))
    for file in folder.glob("*.safetensors"):
        from safetensors.torch import load_file, save_file

        save_file({key: value for key, value in load_file(file).items() if not key.startswith("head.")}, file)
    model = SavedModel.open(folder)
    for asked in (assured, gallery):
        with pytest.raises(ExperimentError, match="no classes of its own"):
            ended(asked(model, folder))


def test_few_are_drawn_from_many(trained: Path) -> None:
    model = SavedModel.open(trained)
    material = ended(own_images(model, trained))
    some = ended(passed(model, material.train, 10, ""))
    everything = ended(passed(model, material.train, 10_000, ""))
    places = drawn(len(material.train), 10)
    assert np.array_equal(some.ids, everything.ids[places])
    assert np.array_equal(some.labels, everything.labels[places])
    assert some.features == pytest.approx(everything.features[places], abs=1e-5)
    assert len(set(places.tolist())) == 10
