"""What pretraining without labels refuses. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from engine.backbones import catalog
from engine.data.sources import kind_of
from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.layers import HEAD
from engine.method import Method
from engine.pretraining.language import LanguageMethod
from engine.pretraining.method import PretrainMethod, TextPretrainMethod
from engine.registry import methods
from engine.texts.own import HUB

WORDS = "embeddings"  # the first block of a network of texts


def pretraining_faults(experiment: Experiment, built: Method | None) -> Iterator[InvalidExperiment]:
    """What is wrong whatever the examples are."""
    if isinstance(built, PretrainMethod):
        yield from _question(experiment, built)
    if experiment.search is not None:
        yield InvalidExperiment(
            "A search judges settings by labels of folds, which pretraining does not learn from.",
            "Take the search away, or choose a fine-tuning method.", "search",
        )  # fmt: skip


def _question(experiment: Experiment, built: PretrainMethod) -> Iterator[InvalidExperiment]:
    """Of images or of texts; numbers and places have none."""
    kind = kind_of(experiment.dataset)
    if kind != built.reads:
        others = [one.title for one in methods() if issubclass(one, PretrainMethod) and one.reads == kind]
        yield InvalidExperiment(
            f"{built.title} asks its question of {built.reads}, and these are {kind}.",
            f"Choose {' or '.join(others)}." if others else "Choose other data.", "method" if others else "dataset",
        )  # fmt: skip
    elif built.learns_labels and not experiment.dataset.labelled:
        yield InvalidExperiment(
            f"{built.title} learns from labels, which these images do not have.", "Choose SimCLR.", "dataset"
        )
    if isinstance(built, TextPretrainMethod):
        yield from _direction(experiment, built)
        yield from _of_texts(experiment, built)


def _of_texts(experiment: Experiment, built: TextPretrainMethod) -> Iterator[InvalidExperiment]:
    if isinstance(built, LanguageMethod) and not built.reads_forwards and experiment.backbone.name.startswith(HUB):
        others = [one.title for one in methods() if issubclass(one, TextPretrainMethod)]
        asking = [one.title for one in methods() if issubclass(one, LanguageMethod)]
        yield InvalidExperiment(
            f"{built.title} asks about single words, and networks that transformers builds say nothing of them.",
            f"Choose another backbone, or {' or '.join(one for one in others if one not in asking)}.", "backbone",
        )  # fmt: skip
    if experiment.backbone.weights == "random" and built.kept_blocks((WORDS, HEAD)):
        yield InvalidExperiment(
            "The word vectors are random, and would stay so.",
            "Let them be learnt, or choose pretrained weights.", "hyperparameters.word_vectors",
        )  # fmt: skip


def _direction(experiment: Experiment, built: PretrainMethod) -> Iterator[InvalidExperiment]:
    name = experiment.backbone.name
    if built.reads_forwards and (name.startswith(HUB) or catalog.backbone(name).family == "recurrent"):
        title = catalog.backbone(name).title
        yield InvalidExperiment(
            f"{title} reads a text both ways, so that it would see the word that it is asked for.",
            "Choose the small text transformer, or masked words.", "backbone",
        )  # fmt: skip
