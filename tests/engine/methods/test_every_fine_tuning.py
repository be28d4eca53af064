"""Every fine-tuning method against the contract, whoever wrote it."""

from __future__ import annotations

import pytest

from engine.registry import methods
from engine.tuning.method import FineTuneMethod
from tests.engine.methods.tuning_contract import follows_the_labels, hold

KINDS = [kind for kind in methods() if issubclass(kind, FineTuneMethod) and kind.from_values({}).stages()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_contract(kind: type[FineTuneMethod]) -> None:
    hold(kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_it_follows_the_labels(kind: type[FineTuneMethod]) -> None:
    follows_the_labels(kind)
