"""Which labels of a set may be wrong: confident learning (Northcutt, Jiang and Chuang 2021, arXiv 1911.00068).

Every image is judged by a logistic head on frozen features that learnt from the other folds alone. A class is believed
where its probability is at least the mean that images of that class have of it; an image whose likeliest believed class
is not its label is doubtful. cleanlab does the same and more, but brings pandas, tqdm and termcolor for thirty lines.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.bench.features import FeatureKind, embedded
from engine.data.labelled_set import LabelledSet
from engine.errors import DataError
from engine.events import Preparing
from engine.experiment import BackboneChoice, Experiment
from engine.heads.head import Features, Scorer, standardiser
from engine.heads.logistic import Logistic

Ids = NDArray[np.int64]
Shares = NDArray[np.float64]
FITTING = Lock()  # how many threads BLAS has is said for the whole process
FOLDS, MOST = 5, 20_000
JUDGING = "Judging every example by the others"
SMALL = 2**24  # products of a pass over the features, below which threads of BLAS wait longer than they work
CHOICE = 5 / 6  # of the fits choose how far the head is pulled towards zero


@dataclass(frozen=True, eq=False)
class DoubtfulLabels:
    """The most doubtful first. ids: int64 [n], indices of images. suggested: int64 [n], classes. own, other: float64
    [n], out-of-fold probabilities of the label and of the class suggested. judged: images looked at; right: how many of
    these the head took for what their label says. alone: classes of one image, which nothing can be said of."""

    ids: Ids
    suggested: Ids
    own: Shares
    other: Shares
    judged: int
    right: int
    alone: tuple[str, ...]


def doubtful_labels(
    data: LabelledSet, choice: BackboneChoice, runs: Path
) -> Generator[Preparing, None, DoubtfulLabels]:
    """Yields `Preparing`; of more than `MOST` images so many are drawn at random, the same every time.

    choice: the network that looks. runs: the folder of saved runs, beside which features are kept. Raises `DataError`
    where there are not two classes of two images, `ExperimentError` where weights or images cannot be had.
    """
    ids, alone = judged(data)
    looking = embedded(data, ids, FeatureKind.of(Experiment(backbone=choice), runs))
    try:
        while True:
            said = next(looking)
            yield Preparing(f"Looking at {len(ids):,} examples", said.fraction)
    except StopIteration as end:
        features = end.value
    classes, labels = np.unique(data.labels[ids], return_inverse=True)
    shares = yield from out_of_fold(features, labels.astype(np.int64))
    found, suggested = doubts(shares, labels)
    own, other = shares[found, labels[found]], shares[found, suggested]
    right = int((shares.argmax(1) == labels).sum())
    return DoubtfulLabels(ids[found], classes[suggested], own, other, len(ids), right, alone)


def judged(data: LabelledSet) -> tuple[Ids, tuple[str, ...]]:
    """The images that can be judged, ascending, and the names of classes of one image. Of a class that has more, one
    may have been drawn alone: nothing is said of that one either."""
    ids = np.arange(len(data), dtype=np.int64)
    if len(ids) > MOST:
        ids = np.sort(np.random.default_rng(0).choice(ids, MOST, replace=False))
    counts = np.bincount(data.labels[ids], minlength=len(data.class_names))
    alone = tuple(name for name, count in zip(data.class_names, data.counts, strict=True) if count == 1)
    ids = ids[counts[data.labels[ids]] > 1]
    if len(np.unique(data.labels[ids])) < 2:
        raise DataError("There are not two classes with two examples each.", "Add some, or choose another set.")
    return ids, alone


def out_of_fold(features: Features, labels: Ids) -> Generator[Preparing, None, Shares]:
    """Probabilities float64 [n, classes] of each image by a head that did not learn from it. labels: int64 [n] in 0 ..
    classes - 1, each at least twice: a fold keeps an image of every class to learn from."""
    from sklearn.model_selection import StratifiedKFold

    classes, shares = int(labels.max()) + 1, np.zeros((len(labels), int(labels.max()) + 1))
    folds = min(FOLDS, int(np.bincount(labels).min()))
    parts = list(StratifiedKFold(folds, shuffle=True, random_state=0).split(features, labels))
    first = parts[0][0]
    head = yield from pulled(standardiser(features[first])(features[first]), labels[first], classes)
    for number, (learnt, held) in enumerate(parts):
        yield Preparing(JUDGING, CHOICE + (1 - CHOICE) * number / len(parts))
        prepare = standardiser(features[learnt])
        with unshared(features.size * classes):
            score = head.fit(prepare(features[learnt]), labels[learnt], classes)
            shares[held] = probabilities(score, prepare(features[held]))
    return shares


def pulled(known: Features, labels: Ids, classes: int) -> Generator[Preparing, None, Logistic]:
    """The head with its pull towards zero chosen on these images alone, fit by fit."""
    choosing, share = Logistic().choosing(known, labels, classes, 0), 0.0
    while True:
        yield Preparing(JUDGING, CHOICE * share)
        try:
            with unshared(known.size * classes):
                share = next(choosing)
        except StopIteration as end:
            found: Logistic = end.value
            return found


@contextmanager
def unshared(products: int) -> Iterator[None]:
    """One thread of BLAS inside where there is little to share: beside other work each of the hundreds of products of a
    fit waits until all its threads had their turn, which took 40 times the fit."""
    from threadpoolctl import threadpool_limits

    if products > SMALL:
        yield
        return
    with FITTING, threadpool_limits(1, "blas"):
        yield


def probabilities(score: Scorer, features: Features) -> Shares:
    scores = score(features)
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(shares / shares.sum(1, keepdims=True))


def doubts(shares: Shares, labels: Ids) -> tuple[Ids, Ids]:
    """(places of doubtful labels, the classes suggested), both int64 [k]; the most doubtful first: by how much surer
    the head is of the class suggested than of the label. shares: float64 [n, classes]."""
    classes = shares.shape[1]
    least = np.array([shares[labels == one, one].mean() for one in range(classes)])
    believed = np.where(shares >= least, shares, -1.0)
    likeliest = believed.argmax(1)
    found = np.flatnonzero((believed.max(1) >= 0) & (likeliest != labels))
    margin = shares[found, labels[found]] - shares[found, likeliest[found]]
    order = np.argsort(margin, kind="stable")
    return found[order], likeliest[found[order]].astype(np.int64)
