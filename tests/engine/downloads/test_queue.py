"""What was asked for comes in its turn, can be stopped and gone on with, and survives a restart of the program."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.downloads import arriving
from engine.downloads.bring import bring, filling
from engine.downloads.entries import Download, as_json, from_json
from engine.downloads.queue import DownloadQueue
from engine.downloads.remote import Remote
from engine.downloads.wanted import Wanted
from engine.machine.places import VARIABLE, home
from tests.bad_server import BadServer, connections


def zipped() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number in range(4):
            archive.writestr(zipfile.ZipInfo(f"photos/class {number}/1.png"), bytes([number]) * 100_000)
    return written.getvalue()


def data(host: BadServer, folder: Path, way: str = "good", name: str = "photos", unpack: bool = True) -> Wanted:
    """A data set of an archive and a list."""
    host.files |= {f"{name}.zip": zipped(), f"{name}.csv": b"1,2"}
    files = tuple(
        Remote(host.address(way, one), one, len(body := host.files[one]), f"md5:{hashlib.md5(body).hexdigest()}")
        for one in (f"{name}.zip", f"{name}.csv")
    )
    return Wanted(f"data:{name}", name.capitalize(), files, folder / name, unpack, "CC BY 4.0")


def weights(host: BadServer, folder: Path, way: str = "good") -> Wanted:
    host.files["net.pth"] = bytes(range(256)) * 2000
    return Wanted("weights:net:imagenet", "Net", (Remote(host.address(way, "net.pth"), "net.pth"),), folder)


Make = Callable[[], DownloadQueue]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[DownloadQueue] = []

    def queue() -> DownloadQueue:
        made.append(DownloadQueue(tmp_path / "home" / "downloads.json", lambda: None))
        return made[-1]

    yield queue
    for one in made:
        one.close()
        one.join()


def until(queue: DownloadQueue, settled: Callable[[dict[str, Download]], bool]) -> dict[str, Download]:
    end = time.monotonic() + 200
    while not settled(found := {entry.key: entry for entry in queue.entries()}):
        assert time.monotonic() < end, found
        time.sleep(0.01)
    return found


def states(found: dict[str, Download]) -> list[str]:
    return [entry.state for entry in found.values()]


def test_data_and_weights_come_in_turn(host: BadServer, tmp_path: Path, make: Make) -> None:
    queue = make()
    (tmp_path / "cache").mkdir()
    for wanted in (data(host, tmp_path / "datasets"), weights(host, tmp_path / "cache")):
        queue.ask(wanted)
        queue.ask(wanted)
    found = until(queue, lambda found: states(found) == ["done", "done"])
    place = tmp_path / "datasets" / "photos"
    assert sorted(str(p.relative_to(place)) for p in place.rglob("*.*")) == sorted(
        ["photos.csv", *(f"photos/class {number}/1.png" for number in range(4))]
    )
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == ["photos"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["net.pth"]
    assert found["data:photos"].fraction == 1.0
    assert [name for _, name, _ in host.asked] == ["photos.zip", "photos.csv", "net.pth"]


def test_archives_within_an_archive_are_unpacked_too(host: BadServer, tmp_path: Path, make: Make) -> None:
    """As Caltech-101 is published. A lone gz stays, as its reader opens it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("all/inner.zip", zipped())
        archive.writestr("all/labels.gz", b"\x1f\x8b")
    host.files["outer.zip"] = written.getvalue()
    queue = make()
    queue.ask(
        Wanted("data:outer", "Outer", (Remote(host.address("good", "outer.zip"), "outer.zip"),), tmp_path / "o", True)
    )
    until(queue, lambda found: states(found) == ["done"])
    found = {str(path.relative_to(tmp_path / "o")) for path in (tmp_path / "o").rglob("*") if path.is_file()}
    assert found == {"all/labels.gz", *(f"all/photos/class {number}/1.png" for number in range(4))}


def test_space_for_the_archive_and_what_is_in_it_is_looked_for_before(
    host: BadServer, tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    free = arriving.RESERVE + 600_000
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    queue = make()
    queue.ask(data(host, tmp_path / "sets"))
    found = until(queue, lambda found: states(found) == ["failed"])
    assert found["data:photos"].why.startswith("The disk is too full for Photos: 1 MB more are needed.")
    assert host.asked == []


def test_a_set_that_is_not_unpacked_is_there_only_once_it_is_whole(host: BadServer, tmp_path: Path, make: Make) -> None:
    queue, place = make(), tmp_path / "sets" / "photos"
    queue.ask(data(host, tmp_path / "sets", "held", unpack=False))
    until(queue, lambda found: found["data:photos"].done > 0)
    assert not place.exists()
    host.go_on.set()
    until(queue, lambda found: states(found) == ["done"])
    assert sorted(path.name for path in place.iterdir()) == ["photos.csv", "photos.zip"]


def test_what_failed_says_why_and_the_next_goes_on(host: BadServer, tmp_path: Path, make: Make) -> None:
    queue = make()
    queue.ask(data(host, tmp_path / "sets", "404"))
    queue.ask(weights(host, tmp_path / "cache"))
    found = until(queue, lambda found: states(found) == ["failed", "done"])
    assert found["data:photos"].why.startswith("The file is not at 127.0.0.1 any more")
    queue.ask(data(host, tmp_path / "sets"))
    until(queue, lambda found: found["data:photos"].state == "done")


def test_stopped_at_once_and_gone_on_with(host: BadServer, tmp_path: Path, make: Make) -> None:
    queue = make()
    queue.ask(weights(host, tmp_path / "cache", "stall"))
    queue.ask(data(host, tmp_path / "sets", "stall"))
    until(queue, lambda found: found["weights:net:imagenet"].done > 0)
    queue.cancel_all()
    assert states({entry.key: entry for entry in queue.entries()}) == ["stopped", "stopped"]
    assert not queue.is_busy()
    queue.ask(weights(host, tmp_path / "cache"))
    until(queue, lambda found: found["weights:net:imagenet"].state == "done")
    assert (tmp_path / "cache" / "net.pth").read_bytes() == host.files["net.pth"]


def test_a_list_survives_a_restart_and_nothing_goes_on_by_itself(host: BadServer, tmp_path: Path, make: Make) -> None:
    first = make()
    first.ask(data(host, tmp_path / "sets", "404", "gone"))
    first.ask(data(host, tmp_path / "sets", "held"))
    first.ask(weights(host, tmp_path / "cache"))
    until(first, lambda found: found.get("data:photos", found["data:gone"]).done > 0)
    first.close()
    first.join()
    with connections() as connected:
        second = make()
        second.load()
        found = until(second, lambda found: len(found) == 3)
        assert {key: entry.state for key, entry in found.items()} == {
            "data:gone": "failed", "data:photos": "stopped", "weights:net:imagenet": "stopped",
        }  # fmt: skip
        assert found["data:gone"].why
        assert found["data:photos"].wanted == data(host, tmp_path / "sets", "held")
        time.sleep(0.2)
        assert connected == [], "nothing is fetched without a click"
    host.go_on.set()
    second.ask(found["data:photos"].wanted)
    until(second, lambda found: found["data:photos"].state == "done")
    assert host.asked[-2][2].startswith("bytes="), "it goes on where it was"


def test_two_programs_keep_one_list(host: BadServer, tmp_path: Path, make: Make) -> None:
    first, second = make(), make()
    first.ask(data(host, tmp_path / "sets", "404", "one"))
    until(first, lambda found: states(found) == ["failed"])
    second.ask(data(host, tmp_path / "sets", "404", "two"))
    until(second, lambda found: states(found) == ["failed", "failed"])
    second.remove("data:one")
    second.join()
    kept = from_json((tmp_path / "home" / "downloads.json").read_text())
    assert [entry.key for entry in kept] == ["data:two"]


def test_removing_takes_what_has_come_and_leaves_what_is_whole(host: BadServer, tmp_path: Path, make: Make) -> None:
    queue = make()
    queue.ask(weights(host, tmp_path / "cache", "stall"))
    queue.ask(data(host, tmp_path / "sets", "stall"))
    until(queue, lambda found: found["weights:net:imagenet"].done > 0)
    queue.cancel("weights:net:imagenet")
    until(queue, lambda found: found["data:photos"].done > 0)
    for key in ("data:photos", "weights:net:imagenet"):
        queue.remove(key)
    end = time.monotonic() + 200
    while [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "downloads.json"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    queue.ask(data(host, tmp_path / "sets"))
    until(queue, lambda found: states(found) == ["done"])
    queue.remove("data:photos")
    queue.join()
    assert (tmp_path / "sets" / "photos").is_dir()


def entry(**wrong: object) -> str:
    file = {"url": "http://h/a", "name": "a", "bytes": 1, "digest": "", "magic": "", "mirrors": []}
    file |= {key: value for key, value in wrong.items() if key in file}
    wanted = {"key": "data:a", "title": "A", "files": [file], "folder": "a", "unpack": False, "licence": ""}
    body = {"wanted": wanted, "state": "stopped", "done": 1, "total": 1, "why": ""}
    return json.dumps([body | {key: value for key, value in wrong.items() if key in body}])


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", '[{"wanted": {}}]', "[" * 10_000, '{"a": 1}', entry(done=float("inf")), entry(total="x"),
     entry(wanted=[]), entry(bytes=None), entry(magic=5), entry(mirrors=5), entry(name="..")],
)  # fmt: skip
def test_a_list_that_makes_no_sense_is_an_empty_one(tmp_path: Path, make: Make, text: str) -> None:
    file = tmp_path / "home" / "downloads.json"
    file.parent.mkdir()
    file.write_text(text)
    queue = make()
    queue.load()
    queue.join()
    assert queue.entries() == ()


def test_an_address_that_is_none_is_told(tmp_path: Path, make: Make) -> None:
    file = tmp_path / "home" / "downloads.json"
    file.parent.mkdir()
    file.write_text(entry(url="http://[::1/a"))
    queue = make()
    queue.load()
    queue.join()
    (kept,) = queue.entries()
    assert kept.wanted.hosts == ("http://[::1/a",)
    queue.ask(kept.wanted)
    until(queue, lambda found: states(found) == ["failed"])
    assert "is no address" in queue.entries()[0].why


def test_what_was_on_its_way_follows_a_workspace_that_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = from_json(entry())[0].wanted
    assert wanted.folder == home() / "a"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "old"))
    inside, outside = (Download(replace(wanted, folder=one)) for one in (home() / "datasets" / "a", tmp_path / "b"))
    text = as_json([inside, outside])
    monkeypatch.setenv(VARIABLE, str(tmp_path / "new"))
    assert [one.wanted.folder for one in from_json(text)] == [tmp_path / "new" / "datasets" / "a", tmp_path / "b"]


def test_removing_leaves_what_another_program_is_fetching(host: BadServer, tmp_path: Path, make: Make) -> None:
    """Else that one would go on with a folder of which half is gone, and call it whole."""
    wanted = data(host, tmp_path / "sets", "held")
    first, second = make(), make()
    first.ask(wanted)
    until(first, lambda found: found["data:photos"].done > 0)
    second.ask(weights(host, tmp_path / "cache"))  # reads the list
    until(second, lambda found: "data:photos" in found)
    second.remove("data:photos")
    until(second, lambda found: "data:photos" not in found and states(found) == ["done"])
    second.join()
    assert (tmp_path / "sets" / "photos.part").is_dir()
    host.go_on.set()
    until(first, lambda found: states(found)[0] == "done")
    assert len(list((tmp_path / "sets" / "photos").rglob("*.png"))) == 4


def test_what_a_killed_program_left_of_a_whole_set_is_cleared_away(host: BadServer, tmp_path: Path) -> None:
    """It may end between the folder's taking its name and the archive's removal."""
    wanted = data(host, tmp_path)
    left = filling(wanted)
    for folder in (wanted.folder, left):
        folder.mkdir()
    (left / "photos.zip").write_bytes(bytes(1000))
    assert bring(wanted, lambda *_: None, lambda: False) == wanted.folder
    assert not left.exists()
    assert host.asked == []


def test_a_kept_name_that_leads_elsewhere_is_not_taken(host: BadServer, tmp_path: Path, make: Make) -> None:
    queue = make()
    queue.ask(data(host, tmp_path / "sets", "404"))
    until(queue, lambda found: states(found) == ["failed"])
    queue.join()
    file = tmp_path / "home" / "downloads.json"
    body = json.loads(file.read_text())
    body[0]["wanted"]["files"][0]["name"] = "../../evil"
    assert from_json(json.dumps(body)) == []
