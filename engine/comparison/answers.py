"""How sure a network was of each test image: a file in the run's folder, beside the predictions in the database. NumPy
alone; what is wrong in a file that somebody edited is as good as no file."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from engine.data.hashes import short_hash
from engine.machine.files import Unread, open_regular, replacing

FILE = "test_answers.npz"
KEPT = 5  # likeliest classes of each image that are kept
DAMAGE = (OSError, ValueError, KeyError, BadZipFile, Unread, EOFError)
LEAST = 1e-12  # a probability that counts as none: a loss stays a number
_PARTS = {"ids": "<i8", "classes": "<i2", "probabilities": "<f4", "truth": "<f4", "seconds": "<f8", "batch": "<i8"}


@dataclass(frozen=True, eq=False)
class Answers:
    """ids: int64 [n], images in the data set. classes: int16 [n, k], places in the run's classes, the likeliest first.
    probabilities: float32 [n, k], softmax of the network's outputs. truth: float32 [n], probability of the true class.
    seconds: float64 [batches], what the network alone took for each full batch of `batch` images; may be empty."""

    ids: np.ndarray
    classes: np.ndarray
    probabilities: np.ndarray
    truth: np.ndarray
    seconds: np.ndarray
    batch: int

    @classmethod
    def of_probabilities(cls, ids: np.ndarray, probabilities: np.ndarray, labels: np.ndarray) -> Answers:
        """ids, labels: int64 [n]; probabilities [n, classes]. Nothing was timed."""
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :KEPT]
        of_truth = probabilities[np.arange(len(labels)), labels]
        chances = np.take_along_axis(probabilities, order, 1).astype(np.float32)
        return cls(ids, order.astype(np.int16), chances, of_truth.astype(np.float32), np.zeros(0), 0)

    @property
    def loss(self) -> np.ndarray:
        """Cross-entropy of each image, float64 [n]."""
        return -np.log(np.maximum(self.truth.astype(np.float64), LEAST))

    def of(self, place: int) -> list[tuple[int, float]]:
        """(class, probability) of one image's likeliest classes."""
        pairs = zip(self.classes[place], self.probabilities[place], strict=True)
        return [(int(one), float(chance)) for one, chance in pairs]


def file_of(data: str) -> str:
    """Name of the file in a run's folder. data: fingerprint of a further set that it was tested on, "" its own test."""
    return f"test_answers_{short_hash(data)}.npz" if data else FILE


def keep(answers: Answers, folder: Path, data: str = "") -> None:
    """Write them into a run's folder, whole or not at all; raises `OSError`. data: as `file_of` has it."""
    arrays = {name: np.asarray(getattr(answers, name)).astype(kind) for name, kind in _PARTS.items()}
    with replacing(folder / file_of(data)) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def kept(folder: Path, ids: np.ndarray, data: str = "") -> Answers | None:
    """Those of a run's folder that are of these images, int64 [n]; None where none were kept, as by versions before,
    or of others. data: as `file_of` has it."""
    with suppress(*DAMAGE):
        with open_regular(folder / file_of(data)) as file, np.load(file, allow_pickle=False) as found:
            read = {name: np.asarray(found[name]).astype(kind) for name, kind in _PARTS.items()}
        batch = int(read.pop("batch"))
        answers = Answers(**read, batch=batch)
        return answers if _fits(answers, ids) else None
    return None


def _fits(found: Answers, ids: np.ndarray) -> bool:
    n = len(ids)
    shapes = found.classes.shape == found.probabilities.shape and len(found.classes) == n == len(found.truth)
    return shapes and found.classes.ndim == 2 and found.seconds.ndim == 1 and np.array_equal(found.ids, ids)


def timed(folder: Path) -> tuple[np.ndarray, int]:
    """(seconds of each full batch float64 [batches], images of a batch) of a run's test; nothing timed where none was
    kept."""
    with suppress(*DAMAGE), open_regular(folder / FILE) as file, np.load(file, allow_pickle=False) as found:
        return np.asarray(found["seconds"]).astype("<f8").reshape(-1), int(found["batch"])
    return np.zeros(0), 0
