"""Classes of long names are those that a run of before 0.17 learnt, which kept their names without an ellipsis."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.artifacts import weights
from engine.data.labelled_set import as_counted
from engine.errors import WeightsError
from engine.experiment import BackboneChoice
from engine.provenance.seen import Past, plain

LONG = "a" * 80


def test_a_name_that_was_cut_is_the_name_that_it_was() -> None:
    assert as_counted((f"{LONG}…", "b")) == as_counted((LONG, "b")) == (LONG, "b")
    assert as_counted(None) == ()
    assert plain(f"{LONG}…") == plain(LONG)


def test_a_head_of_before_is_kept_for_classes_of_long_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    state = {"weight": torch.tensor([[1.0], [2.0]]), "bias": torch.tensor([3.0, 4.0])}
    monkeypatch.setattr(weights, "head_weights", lambda choice, runs: state)
    monkeypatch.setattr(weights, "past", lambda choice, runs: Past(classes=("b", LONG)))
    choice = BackboneChoice(weights="run:0123456789ab")
    found = weights.head_of(choice, tmp_path, (f"{LONG}…", "b"))
    assert found["bias"].tolist() == [4.0, 3.0]
    with pytest.raises(WeightsError):
        weights.head_of(choice, tmp_path, (LONG, "c"))
