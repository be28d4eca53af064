"""Classes made by hand as an exported folder: whatever answers, the graph and the folder say what is said by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.backbones.backbone import snapshot
from engine.errors import InvalidExperiment, StorageError
from engine.experiment import BackboneChoice, Experiment
from engine.export.agreement import Agreement
from engine.export.graph import exported
from engine.export.head_graph import HeadGraph, relative
from engine.export.job import ExportJob, heard, job_of_kept
from engine.export.kept import views
from engine.export.opening import open_folder
from engine.export.process import run_export
from engine.export.work import of_kept, write_rest
from engine.heads.catalog import HEADS
from engine.heads.head import Head
from engine.machine.limits import never
from engine.methods.meta.maml import MAML
from engine.methods.meta.protonet import ProtoNet
from engine.using.answering import Answering, open_answering
from engine.using.by_hand import fitted
from engine.using.kept_classes import keep_classes
from engine.using.predictions import stacked
from tests.engine.using.hands import asked, bins, saved

LINEAR = [head for head in HEADS if head.name != "mahalanobis"]
BACKBONE = BackboneChoice(name="conv4")  # of random weights, as nothing is fetched


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Saved runs: a ProtoNet and a MAML that never trained."""
    root = tmp_path_factory.mktemp("runs")
    for name, kind in (("proto", ProtoNet), ("maml", MAML)):
        model = saved(kind)
        (root / name).mkdir()
        (root / name / "experiment.json").write_text(model.experiment.model_dump_json())
        save_file(
            {key: value.contiguous() for key, value in snapshot(model.network).items()},
            root / name / "best.safetensors",
        )
    return root


def kept(folder: Path, answering: Answering, runs: Path) -> ExportJob:
    by = open_answering(answering, runs)
    keep_classes(folder, answering, by, bins(3, 2, 4), "")
    return job_of_kept(
        folder, runs, lambda uid: Experiment.model_validate_json((runs / uid / "experiment.json").read_text())
    )


@pytest.mark.parametrize("head", LINEAR, ids=lambda head: head.name)
def test_a_head_scores_in_a_graph_as_it_does_by_hand(head: Head) -> None:
    """On features with a zero row, negative values and one that is constant."""
    rng = np.random.default_rng(0)
    known, queries = (rng.normal(0.5, 2, (count, 20)).astype(np.float32) for count in (12, 30))
    known[:, 3], queries[0] = 1, 0
    labels = np.arange(12) % 3
    prepare, score = fitted(head, known, labels, 3)
    expected = relative(score(prepare(queries)))
    found = HeadGraph.of(head, known, labels, 3)(torch.from_numpy(queries)).numpy()
    assert found == pytest.approx(expected, abs=2e-5 * np.ptp(expected))


def test_a_head_of_curved_borders_is_refused() -> None:
    (head,) = set(HEADS) - set(LINEAR)
    with pytest.raises(InvalidExperiment, match="curved borders"):
        HeadGraph.of(head, np.zeros((4, 3), np.float32), np.arange(4) % 2, 2)


ANSWERING = {"a ProtoNet": Answering(run="proto"), **{
    head.name: Answering(backbone=BACKBONE, head=head.name) for head in LINEAR
}}  # fmt: skip


@pytest.mark.parametrize("which", ANSWERING)
def test_graph_and_folder_answer_as_by_hand(which: str, runs: Path, tmp_path: Path) -> None:
    answering = ANSWERING[which]
    job = kept(tmp_path / "signs", answering, runs)
    (tmp_path / "out").mkdir()
    of, examples = of_kept(job)
    assert examples is not None
    assert len(examples[0]) == 64
    write_rest(job, of, Agreement(64, "views", 0.0, 64), tmp_path / "out")
    expected = open_answering(answering, runs).answers(bins(3, 2, 4), asked())[-1]
    pixels = stacked([one.pixels for one in asked()])
    opened = open_folder(tmp_path / "out")
    assert opened.title == "signs"
    assert opened.answerer.classes == ("cross", "ring", "bars")
    assert np.array_equal(opened.answerer.judge(pixels).probabilities, expected)
    with torch.no_grad():
        _, shares, _ = exported(of.graph).module()(pixels.permute(0, 2, 3, 1))
    assert shares.numpy() == pytest.approx(expected, abs=1e-4)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "9 examples of 3 classes" in card
    assert "cross 3, ring 2, bars 4" in card


def test_what_adapts_its_weights_is_refused(runs: Path, tmp_path: Path) -> None:
    job = kept(tmp_path / "signs", Answering(run="maml"), runs)
    with pytest.raises(InvalidExperiment, match="adapts its weights"):
        of_kept(job)


def test_it_is_exported_once_it_agrees(runs: Path, tmp_path: Path) -> None:
    job = kept(tmp_path / "signs", Answering(backbone=BACKBONE), runs)
    assert heard(json.loads(json.dumps(job.told(tmp_path)))) == (job, tmp_path)
    found = run_export(job, tmp_path / "out", lambda *_: None, never)
    assert (found.same, found.images) == (64, 64)
    assert found.which == "64 views of 9 examples of the classes, turned and mirrored"
    assert "Nearest mean" in (tmp_path / "out" / "README.md").read_text()


def test_views_are_all_different(runs: Path) -> None:
    found, words = views(bins(2, 2), open_answering(Answering(backbone=BACKBONE), runs).form)
    assert len({one.tobytes() for one in found}) == len(found) == 32
    assert words.startswith("32 views of 4 examples")


def test_what_holds_no_kept_classes_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="holds no kept classes"):
        job_of_kept(tmp_path, tmp_path, lambda _: Experiment())
