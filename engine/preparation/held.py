"""Images or texts that memory has room for: each is read once, when it is asked for or ahead of that, and then held."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.labelled_set import Form, LabelledSet
from engine.experiment import Shift
from engine.machine.memory import promise, remarks
from engine.machine.transfers import has_room, sent, sent_beside
from engine.preparation.rows import row_bytes, rows

UNREAD, BEGUN, THERE = range(3)
CHUNK = 64  # images read between two looks at whether to go on
Places = NDArray[np.int64]


class Held:
    """[n, *form.row], the same numbers as a tensor of all of them: indexing waits for the examples asked for alone.

    Raises `DataError` where a file can no longer be read. Threads may share it: no image is read twice.
    """

    def __init__(self, data: LabelledSet, ids: Places, form: Form, device: torch.device, shift: Shift | None) -> None:
        self._data, self._ids, self._form, self._shift = data, ids, form, shift
        self.device = device
        self._said = remarks.said
        self._rows = torch.from_numpy(np.empty((len(ids), *form.row), dtype=form.dtype))
        self._state = np.full(len(ids), UNREAD, dtype=np.int8)
        self._left = len(ids)
        self._moved = False
        self._news = threading.Condition()
        self._plan: Iterator[Tensor] = iter(())
        self.wanted = threading.Event()  # somebody has asked, or said what will be asked
        promise(self)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def owed(self) -> int:
        """Bytes that it will take and does not take yet."""
        return self._left * row_bytes(self._form)

    def __getitem__(self, chosen: Tensor | slice) -> Tensor:
        if self._left:
            self._need(np.arange(len(self))[chosen.cpu().numpy() if isinstance(chosen, Tensor) else chosen])
        else:
            self._move()
        kept = self._rows
        found = kept[sent(chosen, kept.device) if isinstance(chosen, Tensor) else chosen]
        return sent_beside(found, self.device)

    def _move(self) -> None:
        """To the device for good, unless it has no room for all of them."""
        if not self._moved:
            self._moved = True
            if has_room(self.device, self._rows.nbytes):
                self._rows = self._rows.to(self.device)

    def expect(self, batches: Iterable[Tensor]) -> None:
        """These are asked for next, in this order; who reads ahead begins with them."""
        self._plan = iter(batches)
        self.wanted.set()
        if not self._left:
            self._move()

    def read_on(self) -> bool:
        """Read a few of what is expected next, or of the rest; False where nothing is left to begin with."""
        for batch in self._plan:
            if self._take(batch.cpu().numpy()):
                return True
        return self._take(np.flatnonzero(self._state == UNREAD)[:CHUNK])

    def _need(self, places: Places) -> None:
        self.wanted.set()
        while not (self._state[places] == THERE).all():
            if not self._take(places):
                with self._news:  # another thread reads them, or gives up
                    self._news.wait_for(lambda: (self._state[places] != BEGUN).all())

    def _take(self, places: Places) -> bool:
        """Read some of these that nobody has begun with; False where there are none."""
        with self._news:
            mine = np.unique(places[self._state[places] == UNREAD])[:CHUNK]
            self._state[mine] = BEGUN
        try:
            self._read(mine)
        finally:
            with self._news:
                self._state[mine[self._state[mine] == BEGUN]] = UNREAD
                self._news.notify_all()
        return len(mine) > 0

    def _read(self, places: Places) -> None:
        self._rows.numpy()[places] = rows(self._data, self._ids[places], self._form, self._shift, self._said)
        with self._news:
            self._state[places] = THERE
            self._left -= len(places)


@contextmanager
def read_ahead(*sets: object) -> Iterator[None]:
    """Inside, a thread reads what these sets will hold, one set after the other, once something of them is asked for;
    it ends with the block."""
    held, wanted, over = [one for one in sets if isinstance(one, Held)], threading.Event(), threading.Event()
    for one in held:
        one.wanted = wanted
    reader = threading.Thread(target=_read_all, args=(held, wanted, over), name="images ahead")
    reader.start()
    try:
        yield
    finally:
        over.set()
        wanted.set()
        reader.join()


def _read_all(sets: Iterable[Held], wanted: threading.Event, over: threading.Event) -> None:
    wanted.wait()
    with suppress(Exception):  # whoever asks for these images meets it again
        for one in sets:
            while not over.is_set() and one.read_on():
                pass
