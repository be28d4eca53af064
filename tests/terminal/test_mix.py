"""`mix`: a run with its start and several runs of one start, with what is kept of them as runs of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.store import RunStore
from storage.workspace import Workspace
from tests.terminal.conftest import Command

SMALL = ("--data", "digits", "--classes", 3, "--labels-per-class", 5, "--validation-per-class", 4, "--image-size", 16)
PROBE = (*SMALL, "--method", "linear_probe", "--set", "epochs=3")
FROM_PROBE = (*SMALL, "--weights", "run:1", "--keep-head", "--method", "full_ft", "--set", "epochs=2")


def test_a_run_and_its_start(tmp_path: Path, warmstart: Command) -> None:
    at = ("--workspace", tmp_path / "workspace")
    lp_ft = ("--method", "lp_ft", "--set", "epochs=2", "--set", "probe_epochs=3")
    assert warmstart("run", *SMALL, *lp_ft, *at).code == 0
    told = warmstart("mix", 1, *at)
    assert told.code == 0, told.err
    assert "chosen by 12 validation examples" in told.out
    assert "no saved run" in told.out
    objects = warmstart("mix", 1, "--json", *at).objects()
    assert [one["alpha"] for one in objects] == pytest.approx([place / 10 for place in range(11)])
    assert sum(one["chosen"] for one in objects) == 1
    assert warmstart("mix", 1, "--alpha", 0.3, "--name", "Mixed", *at).code == 0
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        kept = store.run(2)
        assert kept.name == "Mixed"
        assert kept.test is not None
        assert kept.test.value == pytest.approx(objects[3]["test"])
        assert kept.experiment.group_hash() != store.run(1).experiment.group_hash()
    again = tmp_path / "again.json"
    again.write_text(kept.experiment.model_dump_json())
    told = warmstart("run", again, *at)
    assert told.code == 0, told.err


def test_soups_of_runs_from_one_probe(tmp_path: Path, warmstart: Command) -> None:
    at = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", *PROBE, *at).code == 0
    for rate in ("0.001", "0.002"):
        assert warmstart("run", *FROM_PROBE, "--set", f"learning_rate={rate}", *at).code == 0
    told = warmstart("mix", 2, 3, "--keep", *at)
    assert told.code == 0, told.err
    for words in ("Greedy soup", "Uniform soup", "Ensemble of logits", "never by the"):
        assert words in told.out
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        assert store.run(4).name.startswith("Greedy soup of")
    refused = warmstart("mix", 1, 2, *at)
    assert refused.code == 2
    assert "random head" in refused.err
    assert "is for one run" in warmstart("mix", 2, 3, "--alpha", 0.5, *at).err
    assert "is no alpha" in warmstart("mix", 2, "--alpha", 1.5, *at).err
