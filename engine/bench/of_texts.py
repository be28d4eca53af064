"""What a bench has besides where its images are texts: what classes are called, and counted words to be better than."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np

from engine.bench.draws import NO_LABELS, LabelCount
from engine.bench.features import FeatureKind, Features, embedded
from engine.bench.measure import FeaturePart, HeadCell
from engine.comparison.unlike import Learnt
from engine.data.hashes import short_hash
from engine.data.labelled_set import LabelledSet
from engine.data.text_set import TextSet
from engine.events import Evaluated, Preparing
from engine.experiment import Shift
from engine.heads.class_names import ClassNames, as_text
from engine.heads.counted_words import CountedWords
from engine.heads.head import Head
from engine.heads.nearest_mean import unit
from engine.methods.bench.head_bench import HeadBench
from engine.tuning.outside import of_none, told


def part_of(
    data: LabelledSet, features: Features, labels: np.ndarray, ids: np.ndarray, shift: Shift | None = None
) -> FeaturePart:
    """Features of texts are of length 1: as sentence encoders are compared, and better for every head. shift: that the
    features have, so that counted words read the same texts."""
    if not isinstance(data, TextSet):
        return FeaturePart(features, labels, ids)
    texts = np.array(data.shown(ids, shift), dtype=object)
    return FeaturePart(unit(features).astype(np.float32), labels, ids, texts)


def heads_of(method: HeadBench, data: LabelledSet, names: Features | None = None) -> tuple[Head, ...]:
    """The heads of a bench of such data, what is only to be beaten last. names: features [classes, d] of what the
    classes are called."""
    if not isinstance(data, TextSet):
        return method.heads if method.alone is None else (method.alone,)
    named = (ClassNames(names),) if method.all_heads else ()
    return (*method.heads, *named, CountedWords())


def names_of(data: LabelledSet, classes: np.ndarray, kind: FeatureKind) -> Generator[Preparing, None, Features | None]:
    """Yields `Preparing`, returns features float32 [classes, d] of what these classes of texts are called; None of
    images. kind: whose shift the names do not have."""
    if not isinstance(data, TextSet):
        return None
    texts = tuple(as_text(data.class_names[place]) for place in classes)
    places = np.arange(len(texts), dtype=np.int64)
    called = TextSet(
        name=data.name, title=data.title, licence=data.licence, labels=places, class_names=texts, texts=texts,
        fingerprint=short_hash("class names", *texts),
    )  # fmt: skip
    return (yield from embedded(called, places, kind))


def outside_of(data: LabelledSet, kind: FeatureKind) -> Generator[Preparing, None, Features | None]:
    """Yields `Preparing`, returns features float32 [n, d] of length 1 of texts that are known to be of none of the
    classes; None where there are none."""
    if not isinstance(data, TextSet) or len(data.outside) < 2:
        return None
    features = yield from embedded(of_none(data), np.arange(len(data.outside)), kind)
    return unit(features).astype(np.float32)


def none_of_these(labelled: FeaturePart, test: FeaturePart, outside: Features | None) -> Iterator[Evaluated]:
    """How well those are told by the frozen features alone, whatever the head: by how unlike the nearest labelled text
    each is."""
    if outside is None or len(test.labels) < 2:
        return
    learnt = Learnt(labelled.features)
    notes = {"told": f"by how unlike the nearest of the {len(labelled.labels):,} labelled texts a text is"}
    yield told(learnt.unlikeness(test.features), learnt.unlikeness(outside), "texts").given(notes=notes)


def planned(counts: Sequence[LabelCount], heads: Sequence[Head]) -> list[HeadCell]:
    """Every head at every count; without labels those alone that know what classes are called."""
    first = [HeadCell(head, NO_LABELS) for head in heads if isinstance(head, ClassNames) and head.names is not None]
    return first + [HeadCell(head, count) for count in counts for head in heads]
