"""A file is the old one or the new one, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.machine.files import replacing


def half_written(file: Path, shared: bool) -> None:
    with replacing(file, shared) as part, part.open("wb") as body:
        body.write(b"half of the n")
        body.write("ew")  # type: ignore[arg-type]


@pytest.mark.parametrize("shared", [False, True])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, shared: bool) -> None:
    file = tmp_path / "folder" / "kept.npz"
    with replacing(file, shared) as part:
        part.write_text("old")
    with pytest.raises(TypeError):
        half_written(file, shared)
    assert file.read_text() == "old"
    with replacing(file, shared) as part:
        part.write_text("new")
        assert file.read_text() == "old"
    assert {one.name: one.read_text() for one in file.parent.iterdir()} == {"kept.npz": "new"}
