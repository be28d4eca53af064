"""Every preset is settings that its method takes."""

from __future__ import annotations

import pytest

from engine.method import Method
from engine.registry import methods


@pytest.mark.parametrize("kind", methods(), ids=lambda kind: kind.name)
def test_every_preset_is_settings_of_its_method(kind: type[Method]) -> None:
    for values in kind.presets.values():
        found = kind.from_values(values).hyperparameters
        assert {name: getattr(found, name) for name in values} == values
