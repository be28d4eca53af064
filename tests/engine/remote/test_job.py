"""Jobs of a batch system as docs/slurm.md has them: what is on their line is understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from engine.remote.job import understood

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "slurm.md").read_text("utf-8")
LINE = re.compile(r"-m engine\.remote\.job (.*)")


def written(name: str) -> str:
    """The code of the document behind this mark."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found.group(1)


def line_of(script: str) -> list[str]:
    (line,) = LINE.findall(script)
    return shlex.split(line)


def test_the_line_of_the_job_array_is_understood() -> None:
    chosen = understood(line_of(written("sbatch")))
    assert (chosen.address, chosen.places, chosen.lifetime) == ("tls://login1:8786", 1, 3.9)
    assert chosen.key.name == "cluster.key"


@pytest.mark.parametrize(
    "line", ["tls://login1:8786 --name w --nthreads 1 --memory-limit 7.45GiB --death-timeout 60 --key /k --places 2"]
)
def test_what_the_batch_package_adds_is_taken_and_not_used(line: str) -> None:
    chosen = understood(shlex.split(line))
    assert (chosen.key, chosen.places, chosen.lifetime) == (Path("/k"), 2, 0.0)


def test_the_package_for_batch_systems_writes_such_a_line() -> None:
    """As it stands in the document, where the package is installed."""
    pytest.importorskip("dask_jobqueue")
    names: dict[str, object] = {}
    exec(compile(written("jobqueue"), "docs/slurm.md", "exec"), names)
    chosen = understood(line_of(str(names["script"])))
    assert (chosen.address, chosen.places, chosen.lifetime) == ("tls://login1:8786", 1, 3.9)
    assert str(chosen.shared) == "/scratch/warmstart"
