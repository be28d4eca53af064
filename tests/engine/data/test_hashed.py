"""The hash of a large file is worked out once, and anew when the file is another."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.data.files import hashed
from engine.data.files.hashed import hash_of
from engine.data.files.reading import Entry
from engine.data.hashes import short_hash
from engine.data.sources import load
from engine.experiment import DatasetChoice
from engine.machine.files import cache_folder
from tests.engine.data import published_files as made

ENTRY = Entry("part/large.bin", 5, 7, "part/large.bin")
BODY, OTHER = memoryview(b"first"), memoryview(b"other")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_CACHE", str(tmp_path / "cache"))


def test_a_file_that_is_as_it_was_is_not_read_again(tmp_path: Path) -> None:
    assert hash_of(tmp_path, ENTRY, BODY) == short_hash(b"first")
    assert hash_of(tmp_path, ENTRY, OTHER) == short_hash(b"first")
    for changed in (replace(ENTRY, size=6), replace(ENTRY, stamp=8), replace(ENTRY, real="/data/else")):
        assert hash_of(tmp_path, changed, OTHER) == short_hash(b"other")
    assert hash_of(tmp_path / "else", ENTRY, OTHER) == short_hash(b"other")


@pytest.mark.parametrize("damage", [b"", b"[5, 7]", b"{}", b"[5, 7, 3]", b"\xff", b"[" * 100_000])
def test_a_damaged_note_costs_time_alone(tmp_path: Path, damage: bytes) -> None:
    hash_of(tmp_path, ENTRY, BODY)
    (note,) = (cache_folder() / hashed.FOLDER).iterdir()
    note.write_bytes(damage)
    assert hash_of(tmp_path, ENTRY, OTHER) == short_hash(b"other")


def test_photos_without_a_label_are_known_by_their_note_until_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.stl10(tmp_path / "stl")
    choice = DatasetChoice.model_validate({"name": "stl10", "path": str(tmp_path / "stl"), "labels": "nowhere"})
    first = load(choice).fingerprint
    file = tmp_path / "stl" / "stl10_binary" / "unlabeled_X.bin"
    assert first == short_hash(file.read_bytes())
    was = file.stat()
    file.write_bytes(bytes(3 * 96 * 96))
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns + 1_000_000_000))
    assert load(choice).fingerprint == short_hash(bytes(3 * 96 * 96)) != first
