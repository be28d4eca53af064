"""Two families of error: what a person can mend (`ExperimentError`) and bugs (the rest, with a traceback)."""

from __future__ import annotations


class ExperimentError(Exception):
    """Something the person or the machine can mend.

    message: one sentence that says what is wrong. advice: one sentence that says what to do.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class InvalidExperiment(ExperimentError):
    """The experiment itself asks for something impossible. `field` names the input it belongs to, e.g. "dataset"."""

    def __init__(self, message: str, advice: str = "", field: str = "") -> None:
        super().__init__(message, advice)
        self.field = field


class DataError(ExperimentError):
    """The data set cannot be read or used as asked."""


class WeightsError(ExperimentError):
    """Pretrained weights are missing, unreadable or of another architecture."""


class StorageError(ExperimentError):
    """The workspace or its database cannot be opened or written."""


class Diverged(ExperimentError):
    """The loss is no longer a number."""


class Cancelled(Exception):
    """Raised inside a long preparation when the person asked to stop; never shown as an error."""
