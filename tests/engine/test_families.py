"""The table of families: every method belongs to one, and what it refuses is its own."""

from __future__ import annotations

from typing import Any

import pytest

from engine import registry
from engine.errors import InvalidExperiment
from engine.experiment import parse_experiment
from engine.families import FAMILIES, FINE_TUNING, family, named
from engine.preflight.problems import problems


def test_every_method_belongs_to_a_family_whose_list_it_stands_in() -> None:
    assert {method.family for method in registry.methods()} == set(FAMILIES)
    for one in FAMILIES.values():
        assert registry.method(one.start).family == one.key
        assert one.under in {"", *FAMILIES}


def test_a_family_is_told_by_the_method_and_fine_tuning_where_it_is_unknown() -> None:
    keys = {name: family(parse_experiment({"method": {"name": name}})).key for name in ("maml", "lp_ft", "head_bench")}
    assert keys == {"maml": "meta", "lp_ft": "finetune", "head_bench": "bench"}
    with pytest.raises(InvalidExperiment, match="no method called"):
        family(parse_experiment({"method": {"name": "gone"}}))
    assert named("from a later version") is FINE_TUNING


SETTINGS: dict[str, Any] = {
    "labels_per_class": 2, "part": "target half", "validation_per_class": 3,
    "shift": {"kind": "noise", "severity": 1}, "tested_on": [{"kind": "noise", "severity": 1}],
}  # fmt: skip


@pytest.mark.parametrize("key", FAMILIES)
def test_settings_of_the_data_that_a_family_does_not_read_are_refused_and_no_others(key: str) -> None:
    asked: dict[str, Any] = {"method": {"name": FAMILIES[key].start}}
    for name, value in SETTINGS.items():
        found = [fault.message for fault in problems(parse_experiment({**asked, "dataset": {name: value}}))]
        assert any("does not apply" in words for words in found) == (name not in FAMILIES[key].data_settings), name


@pytest.mark.parametrize("method", registry.methods(), ids=lambda method: method.name)
def test_only_what_counts_epochs_may_train_for_a_time_instead(method: Any) -> None:
    budget = {"minutes": 1.0, "instead_of_epochs": True}
    found = problems(parse_experiment({"method": {"name": method.name}, "budget": budget}))
    assert any(fault.field == "budget" for fault in found) != FAMILIES[method.family].for_a_time
