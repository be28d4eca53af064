"""Orders that the line may not know of yet: they go another way than questions about them, and may be later."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.remote.cluster import WAITING


class OrderFuture(Protocol):
    """What Dask hands out for an order. While somebody holds it the order is not forgotten, and worked again where the
    machine that has worked it is lost."""

    def done(self) -> bool: ...
    def release(self) -> None: ...


@dataclass(frozen=True)
class Sent:
    """An order on its way. at: when it was given, as `time.monotonic`."""

    future: OrderFuture
    at: float = field(default_factory=time.monotonic)


class Unseen:
    """patience: seconds after which an order of which the line knows nothing is none. Safe from any thread."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._sent: dict[str, Sent] = {}

    def add(self, key: str, future: OrderFuture) -> None:
        """It was given just now."""
        self._sent[key] = Sent(future)

    def keys(self) -> list[str]:
        return list(self._sent)

    def state(self, key: str, asked: Callable[[str], str]) -> str:
        """What the line says of it, or that it waits where that does not know it yet. asked: says what the line does;
        an order that another thread lets go of meanwhile arrived behind the question."""
        sent = self._sent.get(key)
        said = asked(key)
        return WAITING if not said and sent is not None and not self._is_over(sent) else said

    def settle(self, states: Mapping[str, str]) -> None:
        """Let go of those that the line knows, or has worked already. states: what it says of each."""
        for key, said in states.items():
            sent = self._sent.get(key)
            if sent is not None and (said or self._is_over(sent)):
                del self._sent[key]
                sent.future.release()

    def _is_over(self, sent: Sent) -> bool:
        return sent.future.done() or time.monotonic() - sent.at > self._patience
