"""The runs of a study: its cells, in the order in which they are worked, and what of it is done. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.backbones.catalog import as_pretrained
from engine.data.shifts import condition_words
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.families import MULTITASK, family
from engine.given import MOST_RUNS
from engine.multitask.titles import limited, titles
from engine.naming import run_name
from engine.registry import complete, method
from engine.studies.study import DISTANCE, Condition, Source, Study, StudyArm, distance, labels_words

RUN = "run:"
RATE = "learning_rate"
OWN, FIRST = "source", "first"  # of the study, of an arm
Role = tuple[str, str]  # of which, and the source's text


@dataclass(frozen=True)
class Cell:
    """One run of the grid. key: its place in words and a hash of all that decides its result, not the arm's title, so
    that a study may be extended and its arms renamed without doing a run again.

    arm: place in `study.arms`, None for the training of a source. labels: per class; of a meta-learner the shot. rate:
    the learning rate tried, None for the arm's own. experiment: complete; where `source` (the key of the cell it starts
    from) is given, its weights are still to be filled in by `from_source`.
    """

    key: str
    arm: int | None
    labels: int | None
    condition: Condition
    seed: int
    rate: float | None
    experiment: Experiment
    source: str = ""


def cells(study: Study) -> tuple[Cell, ...]:
    """Every run: the sources, then seed by seed all arms, so that a table of few seeds is already whole.

    Raises `InvalidExperiment` for an unknown method, a value out of bounds, or a grid with too many runs.
    """
    if (runs := count_runs(study)) > MOST_RUNS:
        raise InvalidExperiment(f"The study has {runs:,} runs.", f"Leave some out: at most {MOST_RUNS:,} can be done.")
    sources = {(key, split): _source(study, key[0] == OWN, one, split) for key, one in _sources(study).items()
               for split in _splits(study)}  # fmt: skip
    tried = [(place, rate) for place, arm in enumerate(study.arms) for rate in rates(study, arm)]
    ways = [(place, rate, _way(study, place, rate)) for place, rate in tried]
    grid = [
        _cell(study, sources, seed, target(study, labels, condition, split_seed(study, seed)), *way)
        for seed in study.seeds
        for labels in study.labels
        for condition in study.conditions
        for way in ways
    ]
    return (*sources.values(), *grid)


def rates(study: Study, arm: StudyArm) -> tuple[float | None, ...]:
    """The learning rates an arm is tried at; only its own for a method that has none or trains nothing."""
    fields = method(arm.method.name).Hyperparameters.model_fields
    trains = RATE in fields and ("epochs" not in fields or fields["epochs"].default != 0)
    return study.learning_rates if study.learning_rates and trains else (None,)


def split_seed(study: Study, seed: int) -> int:
    return seed if study.splits_follow_seed else study.dataset.split_seed


def _sources(study: Study) -> dict[Role, Source]:
    """All that is trained first: the study's own, then those of its arms, none twice."""
    own = {} if study.source is None else {_role(study.source, OWN): study.source}
    return own | {_role(arm.first, FIRST): arm.first for arm in study.arms if arm.first is not None}


def _role(source: Source, of: str) -> Role:
    return of, source.model_dump_json()


def _source(study: Study, own: bool, source: Source, split: int) -> Cell:
    """The training of a source on this split. own: of the study, which learns from the other half of the images."""
    dataset = _source_data(study, source, "source half" if own else target(study, None, None, split).part, split)
    body = _body(study, source.backbone, source.method)
    experiment = body.model_copy(update={"dataset": dataset, "seed": split})
    key = f"{OWN if own else FIRST}, split {split}, {experiment.digest()}"
    return Cell(key, None, None, None, split, None, experiment)


def _source_data(study: Study, source: Source, part: str | None, split: int) -> DatasetChoice:
    """All labels, no shift. part: of the study's own data; of others their own."""
    update: dict[str, Any] = {
        "part": part, "shift": None, "tested_on": (), "labels_per_class": None, "validation_per_class": None,
        "split_seed": split,
    }  # fmt: skip
    return (source.dataset or study.dataset).model_copy(update=update if source.dataset is None else {
        name: value for name, value in update.items() if name != "part"
    })  # fmt: skip


def _way(study: Study, place: int, rate: float | None) -> Experiment:
    """The experiment of an arm at a learning rate, whatever its data and seed."""
    arm = study.arms[place]
    own = {} if rate is None else {RATE: rate}
    chosen = arm.method.model_copy(update={"hyperparameters": arm.method.hyperparameters | own})
    return _body(study, arm.backbone, chosen).model_copy(update={"search": arm.search})


def _cell(
    study: Study, sources: Mapping[tuple[Role, int], Cell], seed: int, dataset: DatasetChoice, place: int,
    rate: float | None, way: Experiment,
) -> Cell:  # fmt: skip
    labels = dataset.labels_per_class
    condition = distance(dataset) if study.distances else dataset.shift
    tasks = tuple(limited(one, labels) for one in way.tasks) if limits_all(study) else way.tasks
    experiment = with_shot(way.model_copy(update={"dataset": dataset, "seed": seed, "tasks": tasks}))
    source = ""
    if (role := _starts_from(study, place)) is not None:
        source = sources[role, dataset.split_seed].key
    words = [experiment.method.name, labels_words(labels), condition_words(condition), f"seed {seed}"]
    words += [] if rate is None else [f"rate {rate:g}"]
    key = ", ".join([*words, experiment.digest(source)])
    return Cell(key, place, labels, condition, seed, rate, experiment, source)


def _starts_from(study: Study, place: int) -> Role | None:
    arm = study.arms[place]
    if not arm.starts_from_source:
        return None
    if arm.first is not None:
        return _role(arm.first, FIRST)
    return None if study.source is None else _role(study.source, OWN)


def limits_all(study: Study) -> bool:
    """Whether its label counts hold for the data of every task."""
    return study.labels_of != "own data"


def with_shot(experiment: Experiment) -> Experiment:
    """The labels per class as the shot of a meta-learner's episodes; other methods read them off the data."""
    labels, chosen = experiment.dataset.labels_per_class, experiment.method
    if labels is None or not (shot := family(experiment).shot):
        return experiment
    values = chosen.hyperparameters | {shot: labels}
    return experiment.model_copy(update={
        "dataset": experiment.dataset.model_copy(update={"labels_per_class": None}),
        "method": chosen.model_copy(update={"hyperparameters": values}),
    })  # fmt: skip


def target(study: Study, labels: int | None, condition: Condition, split: int) -> DatasetChoice:
    """The data an arm learns from and is tested on: the other half where there is a source."""
    part = study.dataset.part or ("target half" if study.source else None)
    update: dict[str, Any] = {"labels_per_class": labels, "split_seed": split, "part": part}
    update[DISTANCE if isinstance(condition, int | float) else "shift"] = condition
    known = type(study.dataset).model_fields
    return study.dataset.model_copy(update={name: value for name, value in update.items() if name in known})


def _body(study: Study, backbone: BackboneChoice, chosen: MethodChoice) -> Experiment:
    body = Experiment(
        backbone=backbone, method=chosen, budget=study.budget, device=study.device, precision=study.precision
    )
    return complete(body.model_copy(update={"tasks": study.tasks}) if family(body) is MULTITASK else body)


def task_titles(study: Study) -> tuple[str, ...]:
    """What its tasks are called; none where no arm learns several."""
    if not any(method(arm.method.name).family == MULTITASK.key for arm in study.arms):
        return ()
    return titles(Experiment(dataset=study.dataset, tasks=study.tasks))


def from_source(cell: Cell, uid: str) -> Experiment:
    """The cell's experiment starting from the saved run `uid`; as it is where it needs no source."""
    if not cell.source:
        return cell.experiment
    backbone = as_pretrained(cell.experiment.backbone.model_copy(update={"weights": RUN + uid}))
    return cell.experiment.model_copy(update={"backbone": backbone})


def cell_name(study: Study, cell: Cell) -> str:
    """What the run of a cell is called: "First block, noise 5, seed 0", with what the study varies."""
    if cell.arm is None:
        return f"Source, split {cell.seed}" if cell.key.startswith(OWN) else run_name(cell.experiment)
    parts = [study.arms[cell.arm].title]
    if len(study.labels) > 1:
        parts.append(labels_words(cell.labels, study.target))
    if len(study.conditions) > 1:
        parts.append(condition_words(cell.condition))
    if cell.rate is not None:
        parts.append(f"rate {cell.rate:g}")
    return ", ".join([*parts, f"seed {cell.seed}"])


def next_cell(wanted: tuple[Cell, ...], done: Collection[str], taken: Collection[str]) -> Cell | None:
    """The first cell that is neither done nor taken (in line, failed) and whose source is done."""
    free = (one for one in wanted if one.key not in done and one.key not in taken)
    return next((one for one in free if not one.source or one.source in done), None)


def study_as_json(study: Study) -> dict[str, Any]:
    """The study as a file holds it; `parse_study` reads it back."""
    return json.loads(study.model_dump_json(exclude_defaults=True)) | {"title": study.title}


def count_runs(study: Study) -> int:
    """Runs the study takes, without building them; raises `InvalidExperiment` for an unknown method."""
    per_seed = len(study.labels) * len(study.conditions) * sum(len(rates(study, arm)) for arm in study.arms)
    return len(study.seeds) * per_seed + len(_sources(study)) * len(_splits(study))


def _splits(study: Study) -> dict[int, None]:
    """The split seeds, in order."""
    return dict.fromkeys(split_seed(study, seed) for seed in study.seeds)
