"""What was read of files of texts as a set to learn from. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from engine.data.files.folder import classes_of_parts
from engine.data.files.read_texts import ReadTexts
from engine.data.hashes import BY_CONTENT, digest, short_hash
from engine.data.text_set import TextSet


class RowNames(Sequence[str]):
    """Where each text was found, said when asked for: "train.csv, row 12", or the path of a file of its own."""

    def __init__(self, found: ReadTexts) -> None:
        self._files, self._file, self._row = found.files, found.file, found.row

    def __len__(self) -> int:
        return len(self._row)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        path, row = self._files[self._file[index]], int(self._row[index])
        return f"{path}, row {row:,}" if row else path


def text_set(
    name: str,
    title: str,
    licence: str,
    found: ReadTexts,
    labelled: bool = True,
    layout: str = "",
    given_words: str = "as the files say",
) -> TextSet:
    digests = np.array([digest(text.encode("utf-8", "surrogatepass")) for text in found.texts], dtype=np.uint64)
    parts = b"" if found.parts is None else found.parts.tobytes()
    return TextSet(
        name=name,
        title=title,
        licence=licence,
        labels=found.labels,
        class_names=found.class_names,
        fingerprint=BY_CONTENT + short_hash(digests.tobytes(), found.labels.tobytes(), parts, *found.keys),
        layout=layout or found.layout,
        alphabets=groups_of_classes(found),
        given_split=found.parts,
        given_words=given_words,
        given_classes=classes_of_parts(found.labels, found.parts),
        skipped=found.skipped,
        doubts=found.doubts,
        digests=digests,
        labelled=labelled,
        texts=found.texts,
        names=RowNames(found),
        outside=found.outside,
    )


def groups_of_classes(found: ReadTexts) -> tuple[str, ...] | None:
    """The group of each class where all its texts are of one and there are several groups, else None."""
    if found.groups is None:
        return None
    groups: dict[int, set[str]] = {}
    for label, group in zip(found.labels.tolist(), found.groups, strict=True):
        groups.setdefault(label, set()).add(group)
    if any(len(one) > 1 for one in groups.values()) or len(set().union(*groups.values())) < 2:
        return None
    return tuple(next(iter(groups[label])) for label in range(len(found.class_names)))
