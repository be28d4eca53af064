"""Runs on texts, exported: the graph says what the program says, its programs too, and the folder opens again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tqdm.std import tqdm

from engine.artifacts.saved import SavedModel
from engine.data.files.loose_texts import LooseTexts
from engine.experiment import BackboneChoice
from engine.export import agreement
from engine.export.graph import write_onnx
from engine.export.job import ExportJob
from engine.export.material import Exportable, material
from engine.export.opening import open_folder
from engine.export.process import ExportResult, run_export
from engine.export.text_programs import cutter_of, text_reading
from engine.heads.catalog import HEADS
from engine.machine.limits import never
from engine.preparation.inputs import Pieces
from engine.texts import minilm
from engine.texts.tokens import tokens
from engine.using.answering import on_backbone
from engine.using.assured import assured
from engine.using.by_hand import TaskLearner
from engine.using.predictions import predictions, stacked
from engine.using.tasks import bins_of
from engine.using.which_words import heat_of_words
from tests.engine.using.conftest import ended
from tests.engine.using.texts import experiment, run, table
from tests.texts import text_set

TRANSFORMER, BILSTM = "text_transformer", "text_bilstm"
CLOSE = 2e-5  # of the range of the logits
ODD = ["", "rain", "word " * 300, "😀 rain", "مرحبا", "a\0b", "two\r\nlines of the song", "Ünïcode Ça va? 東京"]


@pytest.fixture(autouse=True)
def without_a_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the exporter's progress bars, whose thread would outlive the test."""
    monkeypatch.setattr(tqdm, "monitor_interval", 0)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("export") / "topics.csv", each=30)


@pytest.fixture(scope="module", params=[TRANSFORMER, pytest.param(BILSTM, marks=pytest.mark.slow)])
def exported(texts: Path, request: pytest.FixtureRequest) -> tuple[Path, ExportResult, Path]:
    network = request.param
    folder = run(texts.parent / "runs" / network, texts, network)
    job = ExportJob(folder, "topics told apart", experiment(texts, network))
    return folder, run_export(job, texts.parent / f"out_{network}", lambda *_: None, never), texts


def test_every_answer_is_the_program_s(exported: tuple[Path, ExportResult, Path]) -> None:
    _, found, _ = exported
    assert found.images == found.same == found.judged == 200
    assert found.difference <= CLOSE
    card = (found.folder / "README.md").read_text()
    assert "200 of 200 texts had the same answer" in card
    assert "text-classification" in card
    assert "image" not in card.partition("## Figures")[0].partition("## How to use it")[2]
    said = json.loads((found.folder / "config.json").read_text())
    assert said["preparation"] == {"size": 16, "channels": 1, "kind": "texts", "tokenizer": "words"}


def test_its_program_answers_without_this_one(exported: tuple[Path, ExportResult, Path], tmp_path: Path) -> None:
    """By onnxruntime and NumPy alone: nothing of ours can be imported where it runs."""
    folder, found, _ = exported
    handed = LooseTexts.held(ODD)
    sure = ended(assured(SavedModel.open(folder), folder))
    expected = [one for one in predictions(sure, sure.form, handed) if one.probabilities is not None]
    asked = [text.replace("\0", "") for text in ODD]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(found.folder), *asked], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines() == ["no text"]
    lines = [line for line in done.stdout.splitlines() if " %" in line]
    for line, one in zip(lines, expected, strict=True):
        place, share = one.best(1)[0]
        assert f"{sure.classes[place]} {100 * share:.1f} %" in line
        assert ("none of these;" in line) == one.none_of_these
    piped = subprocess.run(
        [sys.executable, found.folder / "predict.py", "-"], input="rain\n\nsnow\n", capture_output=True, text=True
    )
    assert [line.partition(":")[0] for line in piped.stdout.splitlines()] == ["rain", "snow"]


def test_its_reader_takes_texts_in_whatever_code_and_says_them_where_letters_lack(tmp_path: Path) -> None:
    (tmp_path / "reading.py").write_text(text_reading(Pieces(8, "words"), False))
    (tmp_path / "said.py").write_text("import sys, reading\nfor text, _ in reading.texts(sys.argv[1:]): print(text)\n")

    def said(*asked: str | bytes, given: bytes = b"", code: str = "utf-8") -> list[str]:
        told = {**os.environ, "PYTHONIOENCODING": code}
        done = subprocess.run(
            [sys.executable, tmp_path / "said.py", *asked], input=given, capture_output=True, env=told, check=True
        )
        return done.stdout.decode(code).splitlines()

    assert said("-", given="café\r\nzwei\rdrei\n \n".encode("cp1252")) == ["café", "zwei", "drei"]
    assert said("-", given="\ufeffhallo 😀\n".encode()) == ["hallo 😀"]
    assert said("a\udce9", "b") == ["a?", "b"]
    assert said("😀", code="ascii") == ["?"]


ALONE = """
import sys, runpy
folder, sys.argv = sys.argv[1], ["predict.py", *sys.argv[2:]]
sys.path.insert(0, folder)
for name in ("torch", "engine", "PIL", "tokenizers"):
    sys.modules[name] = None
runpy.run_path(folder + "/predict.py", run_name="__main__")
"""


def test_the_folder_answers_again(exported: tuple[Path, ExportResult, Path]) -> None:
    folder, found, _ = exported
    again = open_folder(found.folder).answerer
    sure = ended(assured(SavedModel.open(folder), folder))
    handed = LooseTexts.held(ODD)
    for one, other in zip(predictions(again, again.form, handed), predictions(sure, sure.form, handed), strict=True):
        assert (one.probabilities is None) == (other.probabilities is None)
        if one.probabilities is not None:
            np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)
            assert one.none_of_these == other.none_of_these
    assert heat_of_words(again, "rain and snow", 0).spans == ((0, 4), (5, 8), (9, 13))


@pytest.mark.parametrize(
    "method, network",
    [("protonet", TRANSFORMER), ("full_ft", BILSTM), pytest.param("protonet", BILSTM, marks=pytest.mark.slow)],
)
def test_classes_by_example_and_encoders_agree(method: str, network: str, texts: Path, tmp_path: Path) -> None:
    """A meta-learner with classes of texts, and one alone; a head on features agrees in `test_kept`."""
    shorter = 8 if network == BILSTM else 16  # its graph goes from word to word, each by itself
    folder = run(tmp_path / "run", texts, network, method, pieces=shorter)
    model = SavedModel.open(folder)
    few = table(tmp_path / "few.csv", each=3)
    of = material(model, few) if method == "protonet" else material(model)
    agrees(of, model, tmp_path)
    if method == "protonet":
        adapted = TaskLearner(model, model.method, "").meet(bins_of(few, of.form, model.read_as))  # type: ignore[arg-type]
        rows = stacked(list(LooseTexts.held(text_set().texts).read(range(12), of.form)))  # type: ignore[arg-type]
        with torch.no_grad():
            assert of.own.classify is not None
            found = of.own.classify(of.own.embed(model.reader.prepared(rows))).softmax(1)
        np.testing.assert_allclose(found, adapted.predict(rows), atol=1e-5)
        agrees(material(model), model, tmp_path)


def agrees(of: Exportable, model: SavedModel, folder: Path) -> None:
    rows, which = agreement.own_images(of, model.experiment, None)
    assert "texts of" in which
    write_onnx(of.graph, folder / "model.onnx")
    found = agreement.agreement(of, folder / "model.onnx", rows, which, lambda _: None, never)
    assert found.difference <= CLOSE


def said_by(reading: str, folder: Path, texts: list[str]) -> np.ndarray:
    (folder / "reading.py").write_text(reading, encoding="utf-8")
    space: dict[str, Callable[[list[str]], np.ndarray]] = {"__file__": str(folder / "reading.py")}  # type: ignore[dict-item]
    exec(compile(reading, "reading.py", "exec"), space)
    return space["rows"](texts)


@pytest.mark.parametrize("tokenizer", ["words", "minilm"])
@pytest.mark.parametrize("fixed", [False, True])
def test_texts_are_cut_as_the_program_cuts_them(tokenizer: str, fixed: bool, tmp_path: Path) -> None:
    if tokenizer == "minilm" and not minilm.is_here():
        pytest.skip("MiniLM is not installed")
    form = Pieces(16, tokenizer)
    if cutter := cutter_of(form):
        (tmp_path / "tokenizer.json").write_text(cutter, encoding="utf-8")
    held = LooseTexts.held([text for text in ODD if text])
    expected = tokens(tokenizer, [held.text(place) for place in range(len(held))], 16)
    found = said_by(text_reading(form, fixed), tmp_path, [text for text in ODD if text])
    assert found.shape[1] == 16
    assert np.array_equal(found, expected)
    short = said_by(text_reading(form, fixed), tmp_path, ["rain"])
    assert short.shape[1] == (16 if fixed else 3 if tokenizer == "minilm" else 2)


@pytest.mark.skipif(not minilm.is_here(), reason="MiniLM is not installed")
def test_minilm_is_exported_with_its_pieces(tmp_path: Path) -> None:
    """Of a network that never trained here: its numbers and its pieces are those of the program."""
    by = on_backbone(BackboneChoice(name="minilm", weights="sentences"), HEADS[0], tmp_path)
    few = table(tmp_path / "few.csv", each=3)
    from engine.experiment import Experiment, MethodChoice
    from engine.export.kept import kept_material, views

    bins = bins_of(few, by.form, by.read_as)
    choice = BackboneChoice(name="minilm", weights="sentences")
    of = kept_material(by, bins, Experiment(backbone=choice, method=MethodChoice(name="head_bench")))
    rows, which = views(bins, by.form)
    assert "views of 24 examples" in which
    write_onnx(of.graph, tmp_path / "model.onnx")
    found = agreement.agreement(of, tmp_path / "model.onnx", rows, which, lambda _: None, never)
    assert found.same == found.images
    assert found.difference <= CLOSE
