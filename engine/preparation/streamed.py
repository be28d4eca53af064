"""Images that memory has no room for: decoded when a batch asks for them, and from then on read from the disk. Texts:
cut into pieces when a batch asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.decoded import MOST_BYTES, DecodedFile, NoRoom
from engine.data.labelled_set import Form, LabelledSet
from engine.data.shifts import shifted
from engine.experiment import Shift
from engine.machine.memory import remark, remarks
from engine.machine.transfers import Ahead, sent_beside
from engine.preparation.rows import as_rows, read, row_bytes

NOTHING = slice(0)
MANY = "The decoded images take {size}, more than there is memory for"


class ReadAhead(threading.Thread):
    """The reading of one batch and its way to the device; ends by itself also when nobody asks for what it found."""

    def __init__(
        self, read: Callable[[NDArray[np.int64]], Tensor], ids: NDArray[np.int64], device: torch.device
    ) -> None:
        super().__init__(name="images ahead")
        self.ids, self._read, self._device, self._found = ids, read, device, Future[Ahead]()

    def run(self) -> None:
        try:
            self._found.set_result(Ahead(self._read(self.ids), self._device))
        except BaseException as error:  # noqa: BLE001 it belongs to whoever asks for the images
            self._found.set_exception(error)

    def found(self) -> Tensor:
        """Waits for it; raises what the reading raised."""
        return self._found.result().here()


class Streamed:
    """[n, *form.row], read when it is indexed: the same numbers as a tensor of all of them holds.

    Nothing is kept in memory. Raises `DataError` where a file can no longer be read.
    """

    def __init__(
        self, data: LabelledSet, ids: NDArray[np.int64], form: Form, device: torch.device, shift: Shift | None
    ) -> None:
        self._data, self._ids, self._form, self._shift = data, ids, form, shift
        self.device = device
        self._said = remarks.said
        self._begun: ReadAhead | None = None
        self._plan: Iterator[Tensor] = iter(())
        self._file = self._kept()

    def _kept(self) -> DecodedFile | None:
        if self._form.tokenizer:
            return None
        data, size, channels = self._data, self._form.size, self._form.channels
        many = MANY.format(size=gigabytes(len(data) * row_bytes(self._form)))
        try:
            file = DecodedFile(data, size, channels, how=self._form.cut)
        except NoRoom:
            remark(self._said, f"{many}, and the disk has no room either: each is decoded again in every epoch.")
            return None
        cap = gigabytes(MOST_BYTES)
        remark(self._said, f"{many}: they are kept in “{file.path.parent}”, where at most {cap} of such files stay.")
        return file

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, chosen: Tensor | slice) -> Tensor:
        ids = self._named(chosen)
        begun, self._begun = self._begun, None
        expected = begun is not None and np.array_equal(begun.ids, ids)
        found = begun.found() if begun is not None and expected else sent_beside(self._read(ids), self.device)
        if isinstance(chosen, slice):  # who goes through all of them in order takes the next slice then
            first, last, _ = chosen.indices(len(self))
            self._begin(slice(last, 2 * last - first))
        elif expected:
            self._begin(next(self._plan, NOTHING))
        return found

    def expect(self, batches: Iterable[Tensor]) -> None:
        """These are asked for next, in this order: each is read while the one before it is computed with."""
        self._plan = iter(batches)
        self._begin(next(self._plan, NOTHING))

    def _begin(self, chosen: Tensor | slice) -> None:
        if len(ids := self._named(chosen)):
            self._begun = ReadAhead(self._read, ids, self.device)
            self._begun.start()

    def _named(self, chosen: Tensor | slice) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._ids[chosen.cpu().numpy() if isinstance(chosen, Tensor) else chosen]
        return found

    def _read(self, ids: NDArray[np.int64]) -> Tensor:
        if self._file is None:
            found = read(self._data, ids, self._form, self._said, self._shift)
        else:
            found = self._pixels(ids, self._file)
            found = found if self._shift is None else shifted(found, self._shift, ids)
        return torch.from_numpy(np.ascontiguousarray(as_rows(found)))

    def _pixels(self, ids: NDArray[np.int64], file: DecodedFile) -> NDArray[np.uint8]:
        """uint8 [n, s, s, c], without a shift."""
        rows = [file.read(int(index)) for index in ids]
        missing = np.unique([index for index, row in zip(ids, rows, strict=True) if row is None]).astype(np.int64)
        fresh = dict(zip(missing.tolist(), self._images(missing), strict=True))
        for index, pixels in fresh.items():
            file.write(index, pixels)
        if file.full:
            self._left_the_disk(file)
        shape = (0, self._form.size, self._form.size, self._form.channels)
        found = [fresh[int(i)] if row is None else row for i, row in zip(ids, rows, strict=True)]
        return np.stack(found) if found else np.empty(shape, dtype=np.uint8)

    def _images(self, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.asarray(read(self._data, ids, self._form, self._said), dtype=np.uint8)

    def _left_the_disk(self, file: DecodedFile) -> None:
        folder = file.path.parent
        remark(self._said, f"The disk of “{folder}” is full: images that it does not hold are decoded in every epoch.")


def gigabytes(octets: int) -> str:
    """ "15.1 GB", "40 MB"."""
    return f"{octets / 1e9:,.1f} GB" if octets >= 1e9 else f"{octets / 1e6:,.0f} MB"
