"""How each data set was left: its labels, its classes and what it alone can be set to, such as which column is read."""

from __future__ import annotations

from engine.errors import ExperimentError
from engine.experiment import parse_experiment
from engine.given import decode
from ui.new_experiment.data_cards import choice_of
from ui.new_experiment.data_settings import DataSettings, Left
from ui.window_memory import WindowMemory


class DataLeft:
    """By the key of its card. What was set for a person's own files is remembered for another day."""

    def __init__(self, settings: DataSettings, memory: WindowMemory) -> None:
        self._settings, self._memory = settings, memory
        self._left: dict[str, Left] = {}

    def keep(self, key: str) -> None:
        """The settings as they are now are those of this one."""
        self._left[key] = self._settings.left()
        if ":" in key:
            self._memory.keep_data_left(key, self._settings.apply(choice_of(key)).model_dump_json())

    def of(self, key: str) -> Left | None:
        """None where nobody has chosen it yet."""
        if key in self._left:
            return self._left[key]
        try:
            choice = parse_experiment({"dataset": decode(self._memory.data_left(key))}).dataset
        except (ExperimentError, ValueError, TypeError):  # nothing, or what another version wrote
            return None
        return (choice.labels_per_class, choice.classes), vars(choice)
