"""What a run's weights are worth with few labels: a study begun from the run, with what must stand beside it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.backbones import catalog
from engine.data.dataset import Start
from engine.data.sources import kind_of
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.counted_words import CountedWords
from engine.heads.raw_pixels import RawPixels
from engine.methods.bench.head_bench import HeadBench
from engine.pretraining.method import PretrainMethod
from engine.registry import method, usual_values
from engine.studies.study import Study, StudyArm

LABELS = (1, 2, 5, 10, None)
SEEDS = (0, 1, 2)
MOST_OTHERS = 2  # weights of the catalogue that stand beside it
RANDOM = "random"
INSTEAD = {"texts": CountedWords.title, "images": RawPixels.title}  # of any weights
TEXTS = DatasetChoice(name="clinc150")  # that come with the program
DESCRIPTION = (
    "Accuracy with few labels, from the weights of one run and from what they must be better than: other weights, and "
    "{}. The network stays frozen, or is trained."
)
LEARNT_LABELS = " The run learnt from all labels of its training {}: with few labels it knows more than these."
CLASSES = ("random-classes", "by-alphabet", "by-region", "in-each-group")  # splits that only meta-learning has


def worth_of(experiment: Experiment, uid: str) -> Study:
    """Accuracy over labels per class on the run's own images: from its weights, from random ones, from the weights it
    began with and from others that are here; the network frozen, and trained. The test images stay those that the run
    never learnt from. Raises `InvalidExperiment` for images without labels."""
    kind = kind_of(experiment.dataset)
    if not experiment.dataset.labelled:
        raise InvalidExperiment(
            f"These {kind} have no labels, so that nothing can be tested on them.",
            f"Start from its weights on {kind} that have labels.", "dataset",
        )  # fmt: skip
    arms = [arm for title, weights in _starts(experiment, uid) for arm in _arms(experiment, title, weights)]
    arms += [without_network(experiment, INSTEAD[kind])] if kind in INSTEAD else []
    return Study(
        title="What its weights are worth",
        description=_description(experiment, kind),
        dataset=plain(experiment.dataset), arms=tuple(arms), labels=LABELS, seeds=SEEDS, figure="labels",
        device=experiment.device,
    )  # fmt: skip


def started_from(experiment: Experiment, uid: str) -> Experiment:
    """An experiment on the same images, or on the usual ones where these have no labels, that begins with the weights
    of this run."""
    usual = TEXTS if kind_of(experiment.dataset) == "texts" else DatasetChoice()
    data = plain(experiment.dataset) if experiment.dataset.labelled else usual
    backbone = _from(experiment, f"{catalog.RUN}{uid}")
    return Experiment(
        dataset=data, backbone=backbone, method=_usual(backbone, MethodChoice().name), device=experiment.device
    )


def _description(experiment: Experiment, kind: str) -> str:
    beside = "counted words" if kind == "texts" else "raw pixels"
    learnt = LEARNT_LABELS if _learnt_labels(experiment) else ""
    return DESCRIPTION.format(beside) + learnt.format(kind)


def _learnt_labels(experiment: Experiment) -> bool:
    chosen = method(experiment.method.name)
    return not issubclass(chosen, PretrainMethod) or chosen.learns_labels


def plain(choice: DatasetChoice) -> DatasetChoice:
    """The same images, divided alike, with all labels."""
    split = None if choice.split in CLASSES else choice.split
    return choice.model_copy(update={"labels_per_class": None, "split": split, "tested_on": ()})


def _starts(experiment: Experiment, uid: str) -> Iterator[tuple[str, str]]:
    """(title, weights), the run's own first."""
    choice = experiment.backbone
    yield "This run", f"{catalog.RUN}{uid}"
    yield "Random", RANDOM
    known = {one.name: one.title for one in catalog.weights(choice.name) if one.here and one.name != RANDOM}
    began = {choice.weights: known.get(choice.weights, "Where it began")} if choice.weights != RANDOM else {}
    others = [one for one in known.items() if one[0] not in began]
    yield from ((title, weights) for weights, title in [*began.items(), *others][: max(MOST_OTHERS, len(began))])


def _arms(experiment: Experiment, title: str, weights: str) -> Iterator[StudyArm]:
    backbone = _from(experiment, weights)
    yield StudyArm(title=f"{title[:40]}, frozen", backbone=backbone, method=_usual(backbone, "linear_probe"))
    trained = "scratch" if weights == RANDOM else "lp_ft"
    yield StudyArm(title=f"{title[:40]}, trained", backbone=backbone, method=_usual(backbone, trained))


def without_network(experiment: Experiment, head: str) -> StudyArm:
    """The images or texts themselves, with one head and no network; draw for draw as the other arms."""
    bench = MethodChoice(name=HeadBench.name, hyperparameters={"heads": head, "repeats": 1})
    return StudyArm(title=head.removesuffix(", no network"), backbone=_from(experiment, RANDOM), method=bench)


def _usual(backbone: BackboneChoice, name: str) -> MethodChoice:
    """The method with what the form and the terminal begin with on this network."""
    return MethodChoice(name=name, hyperparameters=usual_values(Start(), name, backbone))


def _from(experiment: Experiment, weights: str) -> BackboneChoice:
    return experiment.backbone.model_copy(update={"weights": weights, "head": "new"})
