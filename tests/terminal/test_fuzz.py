"""200 malformed inputs of every kind: each is answered by a sentence or taken, and nothing is written elsewhere.

The inputs are drawn with a fixed seed, so a failure comes back; what would train is only taken as far as the start.
"""

from __future__ import annotations

import copy
import json
import random
import re
import shutil
import sqlite3
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.plan import preset
from engine.studies.cells import study_as_json
from engine.studies.study import study_presets
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run

Command = Callable[..., Any]
SEED = 2026
NESTED: Any = 1
for _ in range(300):
    NESTED = [NESTED]
ODD = [
    None, True, -1, 0, 1.5, 2**31, 2**63, -(2**63), 10**40, 1e308, 5e-324, "", " ", "0", "NaN", "1e999", "\x00",
    "a\x00b",
    "\ud800", "\udcff\udcfe", "a" * 100_000, "9" * 5000, "\x1b]0;owned\x07\x1b[2J", "\x9b31m", "\u202egnp.exe",
    "../../x",
    "~nosuchuser/x", "/" + "a" * 5000, "/dev/null", "C:\\x", "\\\\server\\share", "run:", "run:' OR 1=1 --",
    "run:../../etc",
    "<b>x</b><img src='file:///etc/passwd'>", "=cmd|' /C calc'!A0", "[red]x[/red]", "%s%n{0}", "\u0661", "²", [], {},
    [[]],
    [None] * 50, NESTED, {"": 1}, {"__class__": {}}, ["noise:1"] * 500, [0] * 2000, {"kind": "fog"}, float("nan"),
    float("-inf"),
]  # fmt: skip
DIGITS = {
    "dataset": {"name": "digits", "labels_per_class": 2, "tested_on": [{"kind": "noise", "severity": 2}]},
    "backbone": {"name": "conv4", "weights": "omniglot-supervised", "head": "new", "image_size": None},
    "method": {"name": "lp_ft", "hyperparameters": {"epochs": 1, "learning_rate": 0.001,
    "layers": {"conv1": {"rate": 0}}}},
    "budget": {"minutes": 1, "instead_of_epochs": False}, "seed": 0, "device": "cpu", "precision": "float32",
    "search": {"trials": 2, "folds": 2, "parameters": ["learning_rate"], "pruning": True},
}  # fmt: skip
SETTINGS = ("epochs", "learning_rate", "batch_size", "optimiser", "layers", "layers.conv1.rate", "layers.head", "", "x")
FLAGS = (
    "--data", "--backbone", "--weights", "--image-size", "--method", "--labels-per-class", "--classes", "--seed",
    "--seeds", "--device", "--minutes", "--search", "--folds", "--search-over", "--part", "--validation-per-class",
    "--shift", "--tested-on", "--name", "--output",
)  # fmt: skip


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Every place in decoded JSON where another value may stand."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def spoilt(body: Any, chance: random.Random) -> Any:
    """The body with another value, an unknown name or nothing in one place, or in three."""
    body = copy.deepcopy(body)
    for _ in range(chance.choice((1, 1, 3))):
        *path, last = chance.choice(list(places(body)))
        holder = body
        for key in path:
            holder = holder[key]
        if chance.random() < 0.8:
            holder[last] = copy.deepcopy(chance.choice(ODD))
        elif isinstance(holder, dict):
            holder[str(chance.choice(ODD))] = holder.pop(last)
        else:
            del holder[last]
    return body


def text_of(value: Any) -> str:
    """As it can stand on a command line, which has no NUL."""
    return (value if isinstance(value, str) else json.dumps(value)).replace("\x00", "")


def bytes_of(body: Any, chance: random.Random) -> bytes:
    """JSON as it should be, or cut short, in another encoding, or with a byte that is wrong."""
    text = json.dumps(body)
    whole = text.encode(chance.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32-le")))
    if chance.random() < 0.15:
        return whole[: chance.randrange(len(whole))]
    if chance.random() < 0.1:
        at = chance.randrange(len(whole))
        return whole[:at] + bytes([chance.randrange(256)]) + whole[at + 1 :]
    return whole


RAW = [
    b"", b" ", b"[" * 200_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900, b"\xff\xfe\x00", b"7", b"null", b'"lp_ft"',
    b'{"seed": NaN}', b'{"seed": 1e400}', b'{"seed": ' + b"9" * 5000 + b"}", b'{"experiments": []}', b'{"arms": {}}',
    b'{"name": "\\ud800", "experiments": [{}]}', b'{"\\u001b[2J": 1}', b"// no\n{}", b'{"seed": 1,}', b'{"seeds": [0]}',
    b'{"experiment": {}, "seeds": [' + b"1," * 2000 + b"1]}", b'{"experiments": [null]}',
    b'{"experiment": {"seed": []}}',
]  # fmt: skip


class Inputs:
    """Command lines drawn with a seed, and the files that they name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chance, self.made = folder, random.Random(SEED), 0

    def file(self, content: bytes, ending: str = ".json") -> Path:
        self.made += 1
        path = self.folder / f"{self.made}{ending}"
        path.write_bytes(content)
        return path

    def files(self) -> Iterator[list[object]]:
        plan = {"name": "mine", "experiments": [DIGITS, DIGITS], "seeds": [0, 1]}
        study = study_as_json(study_presets()[0])
        for content in RAW:
            yield [self.chance.choice(("run", "study")), self.file(content)]
        for number in range(54):
            body = (DIGITS, DIGITS, plan, study)[number % 4]
            yield ["run", self.file(bytes_of(spoilt(body, self.chance), self.chance))]

    def settings(self) -> Iterator[list[object]]:
        base = ["run", "--data", "digits", "--labels-per-class", "1", "--method", "linear_probe", "--set"]
        for _ in range(36):
            yield [*base, f"{self.chance.choice(SETTINGS)}={text_of(self.chance.choice(ODD))}"]

    def flags(self) -> Iterator[list[object]]:
        for flag in FLAGS:
            yield ["run", "--method", "linear_probe", f"{flag}={text_of(self.chance.choice(ODD))}"]
            yield ["run", flag, *(text_of(self.chance.choice(ODD)) for _ in range(self.chance.randrange(3)))]

    def names(self) -> Iterator[list[object]]:
        for command in (["show"], ["compare"], ["study", "show"], ["study", "continue"], ["list"], []):
            for _ in range(3):
                yield [*command, text_of(self.chance.choice(ODD))]
        for place in ("/dev/null", "/dev/null/x", "/proc/x", "~nosuchuser/x", "/" + "a" * 5000):
            yield ["--workspace", place, "list", "runs"]

    def zips(self) -> Iterator[list[object]]:
        whole = self.folder / "whole.zip"
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(8):
                archive.writestr(f"{'ab'[number % 2]}/{number}.png", self.picture(number))
        content = whole.read_bytes()
        for number in range(14):
            spoilt = bytearray(content[: len(content) if number % 3 else self.chance.randrange(len(content))])
            for _ in range(self.chance.choice((1, 20))):
                spoilt[self.chance.randrange(len(spoilt))] = self.chance.randrange(256)
            yield ["run", "--method", "linear_probe", "--data", self.file(bytes(spoilt), ".zip")]

    def picture(self, grey: int) -> bytes:
        path = self.folder / "picture.png"
        Image.fromarray(np.full((8, 8), 20 * grey, np.uint8)).save(path)
        return path.read_bytes()


def is_plain(text: str) -> bool:
    """No letter that a terminal obeys or that turns the text around."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in text) and not (
        {"\u202e", "\u2066"} & set(text)
    )


def faults(answer: Any) -> list[str]:
    """What is wrong with an answer, whatever was asked."""
    lines = answer.err.splitlines()
    rules = {
        f"exit code {answer.code}": answer.code in (0, 2),
        "a traceback": "Traceback" not in answer.err + answer.out,
        "a bug": "Something went wrong inside" not in answer.err + answer.out,
        "no reason": answer.code == 0 or len(lines) == 1,
        f"{len(answer.err)} letters": len(answer.err) < 900,
        "letters that steer a terminal": is_plain(answer.err + answer.out),
    }
    return [fault for fault, kept in rules.items() if not kept]


def test_200_malformed_inputs(
    warmstart: Command, tmp_path: Path, own_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ui.terminal.run
    import ui.terminal.study

    started: list[object] = []
    monkeypatch.setattr(ui.terminal.run, "run_plan", lambda plan, *rest: (started.append(plan) or [], 0))
    monkeypatch.setattr(ui.terminal.study, "work", lambda *rest: started.append(rest) or 0)
    monkeypatch.setattr("ui.terminal.window.open_workbench", lambda chosen: 0)
    (tmp_path / "in").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    inputs = Inputs(tmp_path / "in")
    kinds = (inputs.files, inputs.settings, inputs.flags, inputs.names, inputs.zips)
    wrong, tried = [], 0
    for arguments in (one for kind in kinds for one in kind()):
        tried += 1
        try:
            found = faults(warmstart(*arguments))
        except BaseException as error:  # noqa: BLE001 the test names the input
            found = [f"{type(error).__name__}: {str(error)[:200]}"]
        wrong += [(ascii(arguments)[:300], found)] if found else []
    assert wrong == []
    assert tried >= 180
    assert len(started) < tried / 4, "most of these are refused"
    assert list((tmp_path / "here").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"in", "here"}


def test_40_damaged_workspaces(warmstart: Command, own_workspace: Path, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    plan = preset("demo")
    with RunStore(Workspace(own_workspace)) as store:
        for experiment in plan.experiments[:2]:
            store.create(new_run(experiment, "one of them"))
        store.mark_interrupted()
    database = own_workspace / "warmstart.db"
    whole = database.read_bytes()
    columns = ("name", "state", "facts", "experiment", "uid", "created", "family", "note", "failure_kind", "plan")
    for number in range(40):
        database.write_bytes(whole)
        if number % 2:
            with closing(sqlite3.connect(database)) as opened, opened:
                opened.execute("PRAGMA ignore_check_constraints=ON")
                column = chance.choice(columns)
                value = 1e300 if column == "created" else chance.choice([str(one)[:9000] for one in ODD])
                value = value.encode(errors="replace").decode() if isinstance(value, str) else value
                opened.execute(f"UPDATE run SET {column} = ? WHERE id = 1", (value,))
        else:
            spoilt = bytearray(whole)
            for _ in range(20):
                spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
            database.write_bytes(bytes(spoilt))
        for command in (["list", "runs"], ["list", "runs", "--json"], ["show", 1], ["compare", 1, 2]):
            answer = warmstart(*command)
            assert faults(answer) == [], (number, command, answer)
            assert number % 2 == 0 or command[0] != "list" or (answer.code == 0 and "one of them" in answer.out)
        for leftover in own_workspace.glob("warmstart.db-*"):
            leftover.unlink()
    shutil.rmtree(own_workspace)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that takes nothing")
def test_an_output_that_takes_nothing(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from main import main

    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert main(["list", "datasets", "--json"]) == 2
        said = capfd.readouterr().err
        assert said == (
            "warmstart: Nothing can be written to standard output (no space left on device). Send it somewhere else.\n"
        )
    monkeypatch.setattr("sys.stdout", None)  # as for a program that was started without streams
    monkeypatch.setattr("sys.stderr", None)
    assert main(["list", "datasets"]) == 0
    assert main(["list", "nothing"]) == 2
    sys.stdout.close()
    sys.stderr.close()


def test_everything_that_is_printed_goes_through_one_place() -> None:
    """Names of strangers' files and plans may hold sequences that set a clipboard or a window's title."""
    from ui.terminal.output import visible

    folder = Path(__file__).resolve().parents[2] / "ui" / "terminal"
    printing = [
        path.name
        for path in folder.glob("*.py")
        if re.search(r"(?<![\w.])print\(|std(out|err)\.write\(", path.read_text())
    ]
    assert printing == ["output.py"]
    assert visible("a\x1b]52;c;cm0=\x07\x9b\u202eb\té\n") == "a␛]52;c;cm0=␇��b\té\n"
