"""A labelled set of texts: what it is, and its word pieces on request. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.data.hashes import digest
from engine.data.labelled_set import Form, LabelledSet
from engine.data.text_shifts import shifted_text
from engine.experiment import Shift
from engine.texts.tokens import tokens


@dataclass(frozen=True, eq=False, kw_only=True)
class TextSet(LabelledSet):
    """Labelled texts. texts: as they were found, one an example. names: where each was found ("row 12"), or nothing.
    outside: texts that the source says are of none of its classes."""

    what: ClassVar[str] = "texts"
    texts: Sequence[str] = field(repr=False)
    names: Sequence[str] = field(default=(), repr=False)
    outside: tuple[str, ...] = field(default=(), repr=False)
    group_word: str = "domain"
    given_words: str = "as the files say"

    @cached_property
    def contents(self) -> NDArray[np.uint64]:
        """uint64 [texts], equal for texts that are the same letter for letter."""
        if self.digests is not None:
            return self.digests
        return np.array([digest(text.encode("utf-8", "surrogatepass")) for text in self.texts], dtype=np.uint64)

    def image_name(self, index: int) -> str:
        """ "row 12", or "text 12" where nothing else is known of it."""
        return self.names[index] if self.names else f"text {index + 1:,}"

    def read(
        self, indices: Sequence[int] | NDArray[np.int64], form: Form, shift: Shift | None = None
    ) -> NDArray[np.int32]:
        """int32 [len(indices), form.size]: numbers of the word pieces, padded with 0."""
        return tokens(form.tokenizer, self.shown(indices, shift), form.size)

    def shown(self, indices: Sequence[int] | NDArray[np.int64], shift: Shift | None = None) -> list[str]:
        """The texts themselves, shifted if asked for."""
        texts = [self.texts[int(index)] for index in indices]
        if shift is None:
            return texts
        return [shifted_text(text, shift, int(index)) for text, index in zip(texts, indices, strict=True)]
