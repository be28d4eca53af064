"""Exports one run into a folder: the graph first, then the proof that it agrees, then all that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save
from torch import Tensor

from engine.artifacts.saved import SavedModel
from engine.backbones import catalog, encoders
from engine.backbones.info import usual_pixels
from engine.backbones.own.exported import WEIGHTS
from engine.comparison.unlike import Threshold
from engine.comparison.wording import count, percent
from engine.data.images import Progress
from engine.data.labelled_set import LabelledSet, Rows
from engine.data.sources import load
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import Experiment
from engine.export import agreement, card, config
from engine.export.agreement import Agreement
from engine.export.config import CARD, CLASSES, GRAPH, LABELS, LEARNT, PIECES, PROGRAM, READER, TORCHS, ExportConfig
from engine.export.graph import FEATURES, write_onnx, write_pt2
from engine.export.job import ExportJob
from engine.export.kept import kept_material, views
from engine.export.material import TARGETS, Exportable, material
from engine.export.predictor import program, reading
from engine.export.text_programs import cutter_of
from engine.machine.environment import environment
from engine.machine.limits import never
from engine.meta.learner import MetaLearner
from engine.multitask.alone import as_one_task
from engine.multitask.titles import of_one
from engine.preparation.inputs import Pieces, Preparer, prepared_words
from engine.texts.own import PREFIX
from engine.using import calibration
from engine.using.answering import head_of
from engine.using.assured import Assured, assured
from engine.using.kept_classes import kept_classes

MOST_BYTES = 2_000_000_000  # of one file of a graph
Say = Callable[[str, float | None], object]
HASHED = (calibration.FILE, GRAPH, WEIGHTS, CLASSES, LABELS, LEARNT, PIECES, PROGRAM, READER, TORCHS)


def export(job: ExportJob, into: Path, say: Say) -> Agreement:
    """Fill the folder. say: what it is at from then on, and how far, 0..1. Raises `ExperimentError`, `OSError`."""
    job = job if job.task is None else alone(job, job.task)
    of, examples = of_kept(job) if job.runs else (of_run(job, say), None)
    refuse_large(of)
    say(f"Reading {of.model.what} to check on", None)
    pixels, which = examples or agreement.own_images(of, job.experiment, job.check_on)
    say("Loading the exporter", None)
    import onnxruntime  # noqa: F401 - what is missing is met before the work
    import onnxscript  # noqa: F401 - seconds, which are told

    say("Writing the graph", None)
    written = write_onnx(of.graph, into / GRAPH)
    found = agreement.agreement(of, into / GRAPH, pixels, which, going(say, "Checking the graph"), never)
    if job.pt2:
        say("Writing torch's file", None)
        write_pt2(written, into / TORCHS)
        agreement.agreement(of, into / TORCHS, pixels, which, going(say, "Checking torch's file"), never)
    say("Writing weights and card", None)
    write_rest(job, of, found, into)
    return found


def alone(job: ExportJob, task: int) -> ExportJob:
    """As a run that has learnt this task and no other."""
    folder = as_one_task(job.run, task, job.experiment)
    return replace(job, run=folder, experiment=of_one(job.experiment, task), task=None)


def of_run(job: ExportJob, say: Say) -> Exportable:
    model = SavedModel.open(job.run, job.experiment, job.class_names)
    if isinstance(model.method, MetaLearner) or job.classes is not None or model.reads_numbers:
        return material(model, job.classes, calibration.read(job.run))
    sure = sure_of(model, job, say)
    return material(model, None, sure.calibration, sure.learnt)


def of_kept(job: ExportJob) -> tuple[Exportable, tuple[Rows, str] | None]:
    """Kept classes, and their examples to check on unless other images are given."""
    assert job.runs is not None
    found = kept_classes(job.run)
    by = found.open(job.runs, job.experiment if found.answering.run else None)
    known = calibration.read(job.runs / found.answering.run) if found.answering.run else None
    return kept_material(by, found.bins, job.experiment, known), None if job.check_on else views(found.bins, by.form)


def sure_of(model: SavedModel, job: ExportJob, say: Say) -> Assured:
    """How sure a run may be that has learnt its classes, which is measured where it never was."""
    work = assured(model, job.run)
    while True:
        try:
            said = next(work)
        except StopIteration as end:
            found: Assured = end.value
            return found
        say(said.text, said.fraction)


def going(say: Say, doing: str) -> Progress:
    def told(part: float) -> None:
        say(doing, part)

    return told


def refuse_large(of: Exportable) -> None:
    size = sum(value.nbytes for value in of.model.network.state_dict().values())
    if size > MOST_BYTES:
        raise InvalidExperiment(
            f"The network has {size / 1e9:.1f} GB of weights, and one file of a graph holds {MOST_BYTES / 1e9:.0f}.",
            "Choose a smaller network.",
        )


def write_rest(job: ExportJob, of: Exportable, found: Agreement, into: Path) -> None:
    """Raises OSError."""
    (into / WEIGHTS).write_bytes(save(plain(of.model.network.state_dict()), {"format": "pt"}))
    if of.calibration is not None:
        own = (WEIGHTS, calibration.digest_of(into / WEIGHTS))
        calibration.write(replace(of.calibration, weights=own), into)
    if of.graph.learnt is not None:
        (into / LEARNT).write_bytes(save({FEATURES: of.graph.learnt}))
    if of.support:
        (into / CLASSES).write_bytes(save(plain(of.support)))
    if of.classes:
        write_text(into / LABELS, "".join(f"{name}\n" for name in of.classes))
    if isinstance(of.form, Pieces) and (cutter := cutter_of(of.form)):
        write_text(into / PIECES, cutter)
    write_text(into / PROGRAM, program(of.kind, of.refuses, of.form))
    write_text(into / READER, reading(of.form, of.model.read_as, of.graph.fixed))
    write_text(into / CARD, card.text(told(job, of, found)))
    config.write(configured(job, of, found, config.hashes(into, HASHED)), into)


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def plain(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as a file holds them."""
    return {key: value.detach().contiguous().clone() for key, value in state.items()}


def configured(job: ExportJob, of: Exportable, found: Agreement, files: dict[str, str]) -> ExportConfig:
    own, form = of.model.experiment, of.form
    preparation = {"size": form.size, "channels": form.channels, **stated(form)}
    facts = {
        "name": job.name, "blocks": list(of.model.network.blocks),
        "settled": dict(getattr(of.model.method, "choice", {})), "head": of.head,
        "figures": list(job.figures), "agreement": asdict(found), "packages": environment()["packages"],
    }  # fmt: skip
    if own.backbone.name.startswith(PREFIX):
        facts["encoder"] = asdict(encoders.encoder(own.backbone.name))
    return ExportConfig(
        own.backbone.name, of.kind, elsewhere(own).model_dump(mode="json"), preparation, asdict(of.model.read_as),
        of.classes, of.calibration.temperature if of.calibration else 1.0, of.model.bf16, facts, files,
        asdict(of.calibration.refusal) if of.calibration and of.refuses else {},
    )  # fmt: skip


def stated(form: Preparer) -> dict[str, Any]:
    """Scaling and cut: value / 255, less mean, over std; of texts by what they are cut into pieces."""
    if isinstance(form, Pieces):
        return {"kind": form.what, "tokenizer": form.tokenizer}
    wanted = form.wanted or usual_pixels(form.channels)
    return {"mean": wanted.mean, "std": wanted.std, "cut": asdict(form.cut), "resized": form.cut.resized(form.size)}


def elsewhere(experiment: Experiment) -> Experiment:
    """Without where the data lie on this machine: the folder goes to others."""
    data = experiment.dataset
    name = data.folder_name or None
    return experiment.model_copy(update={"dataset": data.model_copy(update={"path": name}), "device": "cpu"})


def told(job: ExportJob, of: Exportable, found: Agreement) -> card.ModelCard:
    own, choice = of.model.experiment, of.model.experiment.backbone
    method = head_of(of.head) if of.head else of.model.method
    return card.ModelCard(
        job.name, of.kind, catalog.backbone(choice.name).title, method.title, method.idea, method.paper, own.seed,
        weights_words(own), by_hand_words(of) if job.runs else data_words(own, job.figures), prepared_words(choice),
        sentence(found, of.model.what), version(), of.classes, job.figures, notes(of), bool(own.dataset.tested_on),
        of.refuses, of.model.what,
    )  # fmt: skip


def sentence(found: Agreement, what: str) -> str:
    judged = "" if found.judged is None else f", {found.judged} were judged alike to be none of the classes or not"
    return (
        f"Before it was called exported, the graph was run by onnxruntime beside the program on {found.which}: "
        f"{found.same} of {found.images} {what} had the same answer{judged}, and the largest difference was "
        f"{found.difference:.1e} of the range of the program's numbers (allowed: {agreement.TOLERANCE:g})."
    )


def notes(of: Exportable) -> list[str]:
    found = []
    if of.model.bf16:
        found.append(
            "The run computed in bfloat16; the graph computes in float32, and so did what it was held against."
        )
    if of.support:
        found.append(learnt_words(of))
    if of.kind == "encoder":
        found.append("Batch norm, where the network has it, uses its running statistics.")
    elif of.calibration is not None:
        found.append(
            f"Probabilities are {of.calibration.rests_on} (temperature {of.calibration.temperature:.3g}); "
            "`calibration.json` says what that is worth in the test."
        )
        found += [refusing(of.calibration.refusal, of.model.what)] if of.refuses else []
    else:
        found.append("Probabilities are as the network gives them, which are often too sure.")
    return found


def refusing(of: Threshold, what: str) -> str:
    one = "A text" if what == Pieces.what else "An image"
    return (
        f"{one} is none of the classes where its `unlike`, one less the cosine to the nearest training {what[:-1]}, is "
        f"above {of.threshold:.4g}: so would be {percent(of.rate)} of {of.n:,} validation {what}. The features of the "
        f"training {what} that this takes are in the graph and in `learnt.safetensors`, the {what} themselves are not."
    )


def weights_words(experiment: Experiment) -> str:
    """ "ImageNet of torchvision (BSD-3)", "a run before this one"."""
    choice = experiment.backbone
    if choice.weights.startswith(catalog.RUN):
        return "those of an earlier run of the person's own"
    one = next((one for one in catalog.weights(choice.name) if one.name == choice.weights), None)
    if one is None or one.kind == "random":
        return "random"
    return f"{one.title}, trained on {one.trained_on}, licence as stated: {one.licence or 'none stated'}"


def by_hand_words(of: Exportable) -> dict[str, str]:
    images = f"{count(len(of.support[TARGETS]), 'examples')} of {count(len(of.classes), 'classes')}"
    return {"title": "classes made by hand", "licence": "", "images": images, "fingerprint": "none"}


def learnt_words(of: Exportable) -> str:
    """How many examples each class has."""
    each = np.bincount(of.support[TARGETS].numpy(), minlength=len(of.classes)).tolist()
    named = [f"{name} {number}" for name, number in zip(of.classes[: card.SHOWN], each, strict=False)]
    more = ", …" * (len(of.classes) > card.SHOWN)
    return f"Its classes are given by example, which the network had not met: {', '.join(named)}{more}."


def data_words(experiment: Experiment, figures: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What is known of the data, also where they are no longer here, or others than its figures are of."""
    choice = experiment.dataset
    try:
        data: LabelledSet = load(choice)
    except ExperimentError:
        name = choice.folder_name or choice.name
        return {
            "title": name,
            "licence": "",
            "images": "no longer here when this was written",
            "fingerprint": "unknown",
        }
    images = f"{len(data):,} {data.what} in {len(data.class_names):,} classes"
    told = (str(one["protocol"]["data"]) for one in figures if one["plain"] and "data" in one["protocol"])
    if (learnt := next(told, data.fingerprint)) != data.fingerprint:
        images += " when this was written, which are not those that it learnt from"
    return {"title": data.title, "licence": data.licence, "images": images, "fingerprint": learnt}


def version() -> str:
    return str(environment()["packages"].get("warmstart", "from its source"))
