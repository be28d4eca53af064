"""Arrays that count how many of their values are read."""

from __future__ import annotations

from typing import Any

import numpy as np


class Counting:
    """Stands for a float64 array [n]. touched: values handed out so far, those of a slice and of all of it too."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values
        self.touched = 0

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, which: Any) -> Any:
        found = self._values[which]
        self.touched += np.size(found)
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self.touched += len(self._values)
        return np.asarray(self._values, dtype)
