"""What machines must still be told to forget: orders to take back, once the cluster answers.

Each is a file of its own, as several programs may have the same workspace open, and a program that is closed before the
cluster answers leaves them to the next one. An order that is owed is none any more for whoever follows its run again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from engine.machine.files import write_text

Debt = tuple[str, int, str]  # (uid, the last attempt of it, 0: that there is of it, who worked that)


class Debts:
    """By the key of the order, those that were asked for last behind all others. folder: where they are kept, None for
    nowhere."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._all: dict[str, Debt] = {}
        self._written = set[str]()
        self.orders()

    def orders(self) -> list[str]:
        """Their keys, also of those that another program has left since."""
        for file in self._files():
            if file.stem not in self._all and (debt := _read(file)) is not None:
                self._written.add(file.stem)
                self._all[file.stem] = debt
        return list(self._all)

    def has(self, key: str) -> bool:
        """Whether the order is to be taken back."""
        return key in self._all

    def last(self, uid: str, found: int) -> int:
        """The last attempt of a run that is owed, 0 for none. found: the last that there is of it."""
        if self.has(f"{uid}-0"):
            if found:
                self.add(f"{uid}-{found}", (uid, found, ""))
            self.drop(f"{uid}-0")
        return max((last for one, last, _ in [*self._all.values()] if one == uid), default=0)

    def add(self, key: str, debt: Debt) -> None:
        """One that cannot be written down is known as long as this program is open."""
        self._all[key] = debt
        if self._folder is not None:
            with suppress(OSError):
                write_text(self._folder / f"{key}.json", json.dumps(debt))
                self._written.add(key)

    def postponed(self, key: str) -> Debt | None:
        """It is behind all others from now on, who need not wait for a machine that is silent. None: it is paid, or the
        order wanted again, perhaps by another program."""
        if (debt := self._all.pop(key, None)) is None or self._is_dropped(key):
            return None
        self._all[key] = debt
        return debt

    def _is_dropped(self, key: str) -> bool:
        return self._folder is not None and key in self._written and not (self._folder / f"{key}.json").is_file()

    def drop(self, key: str) -> None:
        """It is paid, or the order wanted again."""
        self._written.discard(key)
        if self._all.pop(key, None) is not None and self._folder is not None:
            with suppress(OSError):
                (self._folder / f"{key}.json").unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.json")) if self._folder is not None else []


def _read(file: Path) -> Debt | None:
    with suppress(OSError, ValueError, TypeError):
        uid, last, at = json.loads(file.read_text("utf-8"))
        return str(uid), int(last), str(at)
    return None
