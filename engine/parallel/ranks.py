"""What the processes of one run say to each other while they compute."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, distributed

LEADER = 0  # the rank of the run's own process
HERE = "127.0.0.1"


class Ranks:
    """This process, one of `size`, each of which calls the same in the same order. Tensors go by NCCL between GPUs and
    by gloo between processes on a CPU; torch's state for a whole program is left alone. meeting: a file that all of
    them know and that is not there yet.

    Raises `RuntimeError` where another process is gone.
    """

    def __init__(self, meeting: Path, rank: int, size: int, device: torch.device) -> None:
        self.rank, self.size = rank, size
        self._backend = _begun(meeting, rank, size, device)

    @property
    def leads(self) -> bool:
        return self.rank == LEADER

    def broadcast(self, values: Tensor) -> None:
        """In place, contiguous: what the leader has."""
        asked = distributed.BroadcastOptions()
        asked.rootRank = LEADER
        self._backend.broadcast([values], asked).wait()

    def total(self, values: Tensor) -> None:
        """In place, contiguous: the sum over all processes, which all of them have afterwards."""
        self._backend.allreduce([values], distributed.AllreduceOptions()).wait()

    def collect(self, values: Tensor) -> None:
        """In place, contiguous: the sum over all processes, which the leader alone has afterwards."""
        asked = distributed.ReduceOptions()
        asked.rootRank = LEADER
        self._backend.reduce([values], asked).wait()

    def share(self, count: int) -> slice:
        """The part of so many rows that this process computes; each row is one process's."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def gathered(self, own: Tensor, count: int) -> Tensor:
        """[count, …]: the rows of all processes, of which this one has its own share."""
        rows = own.new_zeros(count, *own.shape[1:])
        rows[self.share(count)] = own
        self.total(rows)
        return rows

    def abort(self) -> None:
        """From any thread: let go of whoever waits for a process that is gone."""
        self._backend.abort()


def _begun(meeting: Path, rank: int, size: int, device: torch.device) -> distributed.ProcessGroup:
    """By NCCL or gloo; either has the methods of a group."""
    store = distributed.FileStore(str(meeting), size)  # type: ignore[attr-defined]
    if device.type == "cuda":
        nccl = distributed.ProcessGroupNCCL
        return nccl(store, rank, size, nccl.Options())  # type: ignore[return-value]
    gloo = distributed.ProcessGroupGloo
    asked = gloo._Options()  # type: ignore[attr-defined]
    asked._devices = [gloo.create_device(hostname=HERE)]
    return gloo(store, rank, size, asked)  # type: ignore[return-value]
