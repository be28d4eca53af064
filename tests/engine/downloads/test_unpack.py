"""Archives that strangers made: what is in them comes out, and nothing else happens."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.downloads import unpack as room
from engine.downloads.unpack import is_archive, unpack
from engine.errors import Cancelled, DownloadError

FILES = {"photos/cat/1.png": b"one" * 1000, "photos/dog/2.png": b"", "photos/é a.txt": bytes(range(256))}
ENDS = ["zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"]


def packed(folder: Path, end: str, files: dict[str, bytes]) -> Path:
    path = folder / f"set.{end}"
    if end == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path
    kind = {"tar": "w", "tgz": "w:gz"}.get(end) or f"w:{end.partition('.')[2]}"
    with tarfile.open(path, kind) as tar:  # type: ignore[call-overload]
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return path


def found(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("end", ENDS)
def test_everything_comes_out(tmp_path: Path, end: str) -> None:
    archive = packed(tmp_path, end, FILES)
    unpack(archive, tmp_path / "out")
    assert found(tmp_path / "out") == FILES
    assert is_archive(archive.name)


def test_a_gz_is_its_file(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv.gz").write_bytes(gzip.compress(b"1,2,3"))
    unpack(tmp_path / "numbers.csv.gz", tmp_path / "out")
    assert found(tmp_path / "out") == {"numbers.csv": b"1,2,3"}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/tmp/out.txt", "..\\out.txt", "C:\\out.txt"])
def test_nothing_lands_outside(tmp_path: Path, name: str, end: str) -> None:
    archive = packed(tmp_path, end, {"fine.txt": b"1", name: b"2"})
    with pytest.raises(DownloadError, match="outside its folder"):
        unpack(archive, tmp_path / "deep" / "er")
    assert not list(tmp_path.rglob("out.txt"))


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "set.tar"
    with tarfile.open(path, "w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            header = tarfile.TarInfo(f"link-{kind.decode()}")
            header.type, header.linkname = kind, "/etc/passwd"
            tar.addfile(header)
        header = tarfile.TarInfo("link-2/inside")  # through the link of that name
        header.size = 1
        tar.addfile(header, io.BytesIO(b"x"))
    unpack(path, tmp_path / "out")
    assert found(tmp_path / "out") == {"link-2/inside": b"x"}


@pytest.mark.parametrize("end", ["zip", "tar.gz", "tar.xz", "gz"])
def test_what_would_be_endless_is_refused(tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "FREE_BYTES", 1_000_000)
    if end == "gz":
        archive = tmp_path / "big.gz"
        archive.write_bytes(gzip.compress(bytes(20_000_000)))
    else:
        archive = packed(tmp_path, end, {"big": bytes(20_000_000)})
    with pytest.raises(DownloadError, match="far more than its size can"):
        unpack(archive, tmp_path / "out")
    assert sum(len(data) for data in found(tmp_path / "out").values()) < 20_000_000


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_MEMBERS", 2)
    with pytest.raises(DownloadError, match="far more than its size can"):
        unpack(packed(tmp_path, "zip", FILES), tmp_path / "out")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes(64) + data[at + 64 :]


@pytest.mark.parametrize("harm", [cut, flipped, lambda _: b"", lambda _: b"no archive at all" * 40])
@pytest.mark.parametrize("end", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_damage_is_one_sentence(tmp_path: Path, end: str, harm: Callable[[bytes], bytes]) -> None:
    archive = packed(tmp_path, end, {"noise": random.Random(0).randbytes(300_000)})
    archive.write_bytes(harm(archive.read_bytes()))
    with pytest.raises(DownloadError, match="is damaged, or is none"):
        unpack(archive, tmp_path / "out")


def test_it_can_be_cancelled_and_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed(tmp_path, "zip", FILES)
    with pytest.raises(Cancelled):
        unpack(archive, tmp_path / "out", lambda: True)
    usage = room.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(DownloadError, match="disk is too full"):
        unpack(archive, tmp_path / "out2")
