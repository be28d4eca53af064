"""A run exported by a process of its own, what is refused on the way, and the folder opened again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image

from engine.artifacts.saved import SavedModel, experiment_of
from engine.backbones.own.exported import digest
from engine.comparison.unlike import Threshold
from engine.data.files.loose import LooseImages
from engine.errors import Cancelled, ExperimentError, InvalidExperiment, StorageError
from engine.events import Evaluated
from engine.execute import execute
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.export.agreement import TOLERANCE, Agreement, compared, judged_alike, parts
from engine.export.job import ExportJob, figures, heard
from engine.export.material import material
from engine.export.opening import open_folder
from engine.export.packages import EXPORTING
from engine.export.process import ExportResult, run_export
from engine.export.work import write_rest
from engine.machine.folders import appearing, target_of
from engine.machine.limits import never
from engine.using import calibration
from engine.using.assured import Assured, assured
from engine.using.by_hand import TaskLearner
from engine.using.calibration import Calibration
from engine.using.predictions import form_of, predictions
from engine.using.tasks import bins_of

CLASSES = ("across", "down", "dotted")


def drawn(folder: Path) -> Path:
    """Three classes of fourteen images, one of them transparent."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for index in range(14):
            y, x = np.mgrid[:40, :50]
            light = (
                120 + 100 * np.sin((x, y, 2 * x * y % 7)[number] / 2 + rng.uniform(0, 6)) + rng.normal(0, 9, (40, 50))
            )
            image = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
            if index == 3:
                image.putalpha(90)
            image.save(folder / name / f"{index}.png")
    return folder


def ran(folder: Path, method: str, data: DatasetChoice, **values: object) -> Path:
    experiment = Experiment(dataset=data, method=MethodChoice(name=method, hyperparameters=values))
    events = list(execute(experiment, folder))
    assert type(events[-1]).__name__ == "RunFinished", events[-1]
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn(tmp_path_factory.mktemp("export") / "photos")


@pytest.fixture(scope="module")
def run(photos: Path) -> Path:
    data = DatasetChoice.model_validate({"name": "folder", "path": str(photos)})
    return ran(photos.parent / "runs" / "probe", "linear_probe", data, epochs=2)


def job(run: Path, **more: object) -> ExportJob:
    return ExportJob(run, "a probe", experiment_of(run), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def exported(run: Path) -> tuple[Path, ExportResult, list[str]]:
    """Made once: the exporter takes seconds to load."""
    doing: list[str] = []
    found = run_export(job(run), run.parent / "exported", lambda word, _: doing.append(word), never)
    return run.parent / "exported", found, list(dict.fromkeys(doing))


def test_a_folder_that_agrees_with_the_program(exported: tuple[Path, ExportResult, list[str]], photos: Path) -> None:
    folder, found, doing = exported
    assert doing == [
        "Reading the run", "Reading the data set", "Looking at the training images",
        "Calibrating on the validation images", "Measuring on the test images", "Reading images to check on",
        "Loading the exporter", "Writing the graph", "Checking the graph", "Writing weights and card",
    ]  # fmt: skip
    assert found.images >= 32
    assert found.same == found.images
    assert found.difference <= TOLERANCE
    names = {
        "model.onnx",
        "model.safetensors",
        "calibration.json",
        "config.json",
        "labels.txt",
        "README.md",
        "predict.py",
        "reading.py",
        "learnt.safetensors",
    }
    assert {one.name for one in folder.iterdir()} == names
    assert (folder / "labels.txt").read_text().splitlines() == sorted(CLASSES)
    card = (folder / "README.md").read_text()
    assert f"{found.same} of {found.images} images had the same answer" in card
    assert found.judged == found.images
    assert f"{found.judged} were judged alike to be none of the classes or not" in card
    said = json.loads((folder / "config.json").read_text())
    assert said["refusal"] == json.loads((folder / "calibration.json").read_text())["refusal"]
    assert f"of {said['refusal']['n']} validation images" in card
    assert "linear" in card.lower()
    for name in ("README.md", "config.json"):
        assert str(photos.parent) not in (folder / name).read_text(), f"{name} says where the person's files lie"
    assert sorted(one.name for one in folder.parent.iterdir()) == ["exported", "probe"]


def test_its_program_says_what_the_run_says(
    exported: tuple[Path, ExportResult, list[str]], run: Path, photos: Path
) -> None:
    folder = exported[0]
    files = [photos / name / f"{index}.png" for name in CLASSES for index in (0, 3)]
    done = subprocess.run(
        [sys.executable, folder / "predict.py", *files], capture_output=True, text=True, check=True, cwd="/"
    )
    saved = SavedModel.open(run)
    with LooseImages(files) as images:
        expected = list(predictions(known(saved, run), form_of(saved), images))
    for line, file, one in zip(done.stdout.splitlines(), files, expected, strict=True):
        place, share = one.best(1)[0]
        none = "none of these; " * one.none_of_these
        assert line.startswith(f"{file}: {none}{saved.class_names[place]} {100 * share:.1f} %")


def test_its_program_answers_the_others_where_an_image_is_broken(
    exported: tuple[Path, ExportResult, list[str]], photos: Path, tmp_path: Path
) -> None:
    """One sentence for each and no traceback, which a script can tell from its exit code."""
    whole = [photos / CLASSES[0] / f"{index}.png" for index in (0, 1)]
    broken = tmp_path / "broken.png"
    broken.write_bytes(whole[0].read_bytes()[:60])
    asked = [sys.executable, exported[0] / "predict.py", whole[0], broken, whole[1]]
    done = subprocess.run(asked, capture_output=True, text=True, cwd="/")
    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [str(path) for path in whole]
    (told,) = done.stderr.splitlines()
    assert told.startswith(f"{broken} cannot be read: ")


def known(saved: SavedModel, run: Path) -> Assured:
    """As it was measured already."""
    work = assured(saved, run)
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Assured = end.value
            return found


def test_the_graph_says_which_are_none_of_these(
    exported: tuple[Path, ExportResult, list[str]], run: Path, photos: Path
) -> None:
    """As the program does, on images that it knows and on noise."""
    import onnxruntime

    saved = SavedModel.open(run)
    of, sure = form_of(saved), known(saved, run)
    with LooseImages([photos]) as images:
        pixels = [one for one in images.read(range(len(images)), of) if not isinstance(one, str)]
    rng = np.random.default_rng(0)
    whole = np.concatenate([np.stack(pixels), rng.integers(0, 256, (20, *pixels[0].shape), np.uint8)])
    expected = sure.judge(torch.from_numpy(whole.transpose(0, 3, 1, 2).copy()))
    session = onnxruntime.InferenceSession(exported[0] / "model.onnx", providers=["CPUExecutionProvider"])
    unlike, none = session.run(["unlike", "none_of_these"], {"images": whole})
    assert expected.refused is not None
    assert 0 < expected.refused.sum() < len(whole)
    assert unlike == pytest.approx(expected.unlike, abs=1e-5)
    assert sure.calibration is not None
    clear = np.abs(expected.unlike - sure.calibration.refusal.threshold) > 1e-5  # one of few images is the threshold
    assert np.array_equal(none[clear], expected.refused[clear])
    assert clear.sum() >= len(whole) - 1


def test_it_opens_again_as_what_it_was(exported: tuple[Path, ExportResult, list[str]], run: Path, photos: Path) -> None:
    saved, opened = SavedModel.open(run), open_folder(exported[0])
    sure = known(saved, run)
    assert opened.title == "a probe"
    assert opened.answerer.classes == saved.class_names
    with LooseImages([photos], opened.answerer.read_as) as images:
        found = list(predictions(opened.answerer, opened.answerer.form, images))
        expected = list(predictions(sure, form_of(saved), images))
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.probabilities, other.probabilities)
        assert (one.unlike, one.none_of_these) == (other.unlike, other.none_of_these)
    assert sure.calibration is not None
    assert opened.answerer.words == sure.words


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def other_classes(file: Path) -> None:
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | {"classes": ["b", "a", "c"]}))


EDITS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "labels": ("labels.txt", cut_short), "weights": ("model.safetensors", cut_short),
    "graph": ("model.onnx", cut_short), "program": ("predict.py", cut_short), "reader": ("reading.py", cut_short),
    "training": ("learnt.safetensors", cut_short), "gone": ("model.onnx", Path.unlink),
    "config": ("config.json", other_classes),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_folder_is_told(edit: str, exported: tuple[Path, ExportResult, list[str]], tmp_path: Path) -> None:
    name, change = EDITS[edit]
    shutil.copytree(exported[0], tmp_path / "copy")
    change(tmp_path / "copy" / name)
    with pytest.raises(StorageError, match=name) as told:
        open_folder(tmp_path / "copy")
    assert "Export the run again" in told.value.advice


def test_a_card_may_be_edited(exported: tuple[Path, ExportResult, list[str]], tmp_path: Path) -> None:
    shutil.copytree(exported[0], tmp_path / "copy")
    (tmp_path / "copy" / "README.md").write_text("Mine.")
    assert open_folder(tmp_path / "copy").answerer.classes


def test_what_is_no_exported_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no exported folder"):
        open_folder(tmp_path)
    (tmp_path / "config.json").write_text('{"warmstart": 99}')
    with pytest.raises(StorageError, match="another version"):
        open_folder(tmp_path)


# Nothing half-written


def test_a_folder_that_is_there_is_left_alone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(StorageError, match="there already"):
        run_export(job(run), tmp_path / "mine", lambda *_: None, never)
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


def test_cancelling_leaves_nothing(run: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(Cancelled):
        run_export(job(run), tmp_path / "to", lambda word, _: said.append(word), lambda: bool(said))
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_of_the_process_is_a_sentence_here(run: Path, tmp_path: Path) -> None:
    gone = shutil.copytree(run, tmp_path / "gone")
    for file in gone.glob("*.safetensors"):
        file.unlink()
    with pytest.raises(ExperimentError, match="no weights"):
        run_export(job(gone), tmp_path / "to", lambda *_: None, never)
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("a bug"), Cancelled()])
def test_whatever_goes_wrong_the_folder_is_not_there(error: Exception, tmp_path: Path) -> None:
    def fails() -> None:
        with appearing(tmp_path / "to") as part:
            (part / "model.onnx").write_bytes(b"half")
            raise error

    with pytest.raises(type(error)):
        fails()
    assert list(tmp_path.iterdir()) == []


def test_who_took_the_name_meanwhile_keeps_it(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there already"), appearing(target_of(tmp_path / "to")):
        (tmp_path / "to").mkdir()
    assert list((tmp_path / "to").iterdir()) == []


def test_a_missing_extra_is_a_command(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast("dict[str, str]", EXPORTING.packages), "no_such_package", "no-such-package>=3")
    with pytest.raises(ExperimentError, match="no_such_package, which is not installed") as told:
        run_export(job(run), tmp_path / "to", lambda *_: None, never)
    assert f'{sys.executable} -m pip install "onnx>=' in told.value.advice


def test_a_system_s_python_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert EXPORTING.why_not_here() == ""
    assert EXPORTING.command()[:4] == [sys.executable, "-m", "pip", "install"]
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    with pytest.raises(ExperimentError, match="system's Python"):
        EXPORTING.install(lambda _: None, never)


def test_the_extra_is_what_is_installed() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert sorted(project["optional-dependencies"]["export"]) == sorted(EXPORTING.packages.values())


# What agrees


def test_judged_alike_by_hand() -> None:
    """Near enough and on the same side; one at the threshold may be on either; one that is far off is not alike."""
    expected = np.array([0.1, 0.5, 0.30000001, 0.6])
    unlike, none = np.array([0.10001, 0.5, 0.29999999, 0.9]), np.array([0.0, 1.0, 0.0, 1.0])
    assert judged_alike(unlike, none, expected, 0.3) == 3
    assert judged_alike(unlike, 1 - none, expected, 0.3) == 1
    assert not Agreement(4, "some", 0.0, 4, judged=3).holds
    assert Agreement(4, "some", 0.0, 4, judged=4).holds


def test_differences_are_shares_of_the_range() -> None:
    program = np.array([[0.0, 10.0], [4.0, 2.0]], np.float32)
    graph = program + np.array([[0.0, 0.002], [0.0, 0.0]], np.float32)
    found = compared(graph, program, "two")
    assert found.difference == pytest.approx(2e-4, rel=1e-3)
    assert found.same == 2
    assert not found.holds
    assert not compared(program[:, ::-1], program, "turned").holds
    for n, more in (
        (2, ", fewer than the 32 that it should be"),
        (31, ", fewer than the 32 that it should be"),
        (32, ""),
    ):
        same = np.tile(program[:1], (n, 1))
        assert compared(same, same, f"{n} images").which == f"{n} images{more}"
    assert compared(np.full((2, 2), np.nan, np.float32), program, "none").difference == float("inf")


def test_every_image_is_in_one_batch_and_batches_differ() -> None:
    for count in (1, 2, 7, 64):
        found = parts(count)
        assert [place for part in found for place in range(part.start, part.stop)] == list(range(count))
    assert [part.stop - part.start for part in parts(40)] == [1, 2, 5, 16, 16]


def test_a_job_is_told_and_heard(run: Path, tmp_path: Path) -> None:
    one = job(run, class_names=("a", "b"), classes=tmp_path / "classes", pt2=True)
    assert heard(json.loads(json.dumps(one.told(tmp_path)))) == (one, tmp_path)


# Kinds of runs


def test_a_network_of_numbers_is_refused(tmp_path: Path) -> None:
    data = DatasetChoice.model_validate({"name": "sinusoid"})
    experiment = Experiment(
        dataset=data, backbone={"name": "sine_mlp"},
        method={"name": "maml", "hyperparameters": {"steps": 2, "test_episodes": 10, "shot": 5}},
    )  # fmt: skip
    list(execute(experiment, tmp_path / "sine"))
    with pytest.raises(InvalidExperiment, match="reads neither image files nor texts"):
        material(SavedModel.open(tmp_path / "sine"))


@pytest.fixture(scope="module")
def meta_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    runs = tmp_path_factory.mktemp("meta")

    def of(method: str) -> Path:
        if not (runs / method).exists():
            ran(
                runs / method, method, DatasetChoice(), steps=2, test_episodes=10, validation_episodes=10, way=3, shot=2
            )
        return runs / method

    return of


METRIC = ("protonet", "ridge", "matching", "simple_shot", "relation", "metaoptnet", "feat", "baseline")


@pytest.mark.parametrize("method", METRIC)
def test_classes_by_example_answer_as_the_adapted_program(
    method: str, meta_runs: Callable[[str], Path], photos: Path
) -> None:
    """Before any exporter comes into it: the graph's own numbers in torch."""
    saved = SavedModel.open(meta_runs(method))
    of = material(saved, photos)
    adapted = TaskLearner(saved, saved.method, "").meet(bins_of(photos, of.form, saved.read_as))  # type: ignore[arg-type]
    names = adapted.names
    assert of.classes == names == tuple(sorted(CLASSES))
    with LooseImages([photos]) as images:
        pixels = np.stack([one for one in images.read(range(12), of.form) if not isinstance(one, str)])
    with torch.no_grad():
        _, found, features = of.graph(torch.from_numpy(pixels))
    expected = adapted.predict(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    assert len(of.support["support"]) == len(of.support["targets"]) == 42
    assert of.support["means"].shape == (3, *features.shape[1:])


def test_classes_by_example_open_again_as_what_they_were(
    meta_runs: Callable[[str], Path], photos: Path, tmp_path: Path
) -> None:
    saved = SavedModel.open(meta_runs("protonet"))
    of = material(saved, photos)
    write_rest(job(meta_runs("protonet")), of, Agreement(32, "none", 0.0, 32), tmp_path)
    opened = open_folder(tmp_path).answerer
    assert opened.classes == tuple(sorted(CLASSES))
    assert "not measured" in opened.words
    adapted = TaskLearner(saved, saved.method, "").meet(bins_of(photos, of.form, saved.read_as))  # type: ignore[arg-type]
    images = torch.randint(256, (70, of.form.channels, of.form.size, of.form.size), dtype=torch.uint8)
    expected = adapted.predict(images)
    torch.testing.assert_close(torch.from_numpy(opened.judge(images).probabilities), expected, rtol=0, atol=1e-6)
    assert opened.judge(images).refused is None
    assert opened.features(images).shape == (70, saved.network.features)
    heat = opened.looked(images[0], int(expected[0].argmax()))
    assert heat.heat.shape == (of.form.size, of.form.size)
    assert heat.how == "by covering parts"


def test_shares_of_classes_by_example_are_calibrated_where_that_was_measured(
    meta_runs: Callable[[str], Path], photos: Path, tmp_path: Path
) -> None:
    saved = SavedModel.open(meta_runs("protonet"))
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(40, 3)).astype(np.float32), rng.integers(3, size=40)
    told = calibration.measured(logits, labels, 2.0)
    known = Calibration(("last.safetensors", ""), 2.0, 40, *told, Threshold(0.0, 0.0, 40), {})
    plain, of = material(saved, photos), material(saved, photos, known)
    images = torch.randint(256, (5, of.form.size, of.form.size, of.form.channels), dtype=torch.uint8)
    with torch.no_grad():
        (expected, _, _), (found, shares, _) = plain.graph(images), of.graph(images)
    assert torch.equal(found, expected)
    torch.testing.assert_close(shares, (expected / 2).softmax(1))
    write_rest(job(meta_runs("protonet")), of, Agreement(32, "none", 0.0, 32), tmp_path)
    opened = open_folder(tmp_path).answerer
    said = torch.from_numpy(opened.judge(images.permute(0, 3, 1, 2)).probabilities)
    torch.testing.assert_close(said, shares, rtol=0, atol=1e-6)
    assert opened.words.startswith("shares calibrated on 40 validation images; ")
    assert "calibrated on 40 validation images (temperature 2)" in (tmp_path / "README.md").read_text()


def test_what_adapts_its_weights_goes_as_an_encoder(meta_runs: Callable[[str], Path], photos: Path) -> None:
    saved = SavedModel.open(meta_runs("maml"))
    with pytest.raises(InvalidExperiment, match="adapts its weights to new classes, which needs torch"):
        material(saved, photos)
    of = material(saved)
    assert of.kind == "encoder"
    assert of.graph.outputs == ("features",)
    assert of.classes == ()


def test_a_run_that_has_learnt_its_classes_takes_no_others(run: Path, photos: Path) -> None:
    with pytest.raises(InvalidExperiment, match="has learnt its classes"):
        material(SavedModel.open(run), photos)


def test_figures_are_told_with_their_protocol(run: Path) -> None:
    one = Evaluated("test/accuracy", 0.5, 0.4, 0.6, 80, "images", notes={"interval": "95 %"})
    (told,) = figures([one])
    assert told["words"] == "50.0 % (40.0 to 60.0)"
    assert told["protocol"] == {"interval": "95 %"}
    assert digest({"a": 1}) == digest({"a": 1, "digest": "x"})
