"""Whole pictures of real runs: what is given up is gone on with, and what is done is opened at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.artifacts.saved import experiment_of
from engine.errors import InvalidExperiment
from engine.events import Preparing
from engine.landscape import kept
from engine.landscape.asked import Sight, Standpoint, coarse_first, coarse_grid
from engine.landscape.barriers import LossLine
from engine.landscape.grids import LossPlane, filled, lattice
from engine.landscape.survey import survey

Run = Callable[..., Path]


def places(run: Run, kind: str, folder: Path) -> tuple[Standpoint, ...]:
    """In a workspace of the test's own."""
    one, two = (Path(shutil.copytree(run(name, seed=seed), folder / name)) for seed, name in enumerate(NAMES))
    start = Standpoint(one, "start", start=True)
    return {"line": (start, Standpoint(one, "A")), "plane": (start, Standpoint(one, "A"), Standpoint(two, "B"))}.get(
        kind, (Standpoint(one, "A"),)
    )


NAMES = ("full0", "full1")
KINDS = ("line", "plane", "around")


def found(wanted: Sight) -> list[LossLine | LossPlane]:
    return [one for one in survey(wanted) if not isinstance(one, Preparing)]


@pytest.mark.parametrize("kind", KINDS)
def test_given_up_and_gone_on_with(kind: str, run: Run, tmp_path: Path) -> None:
    """A picture that was given up half way is the one that was not, to the last bit; done, it comes at once."""
    wanted = Sight(kind, places(run, kind, tmp_path), images=8, points=5)
    begun = survey(wanted)
    while isinstance(next(begun), Preparing):
        pass
    next(begun)
    begun.close()
    rest = found(wanted)
    assert 0 < rest[0].known.sum() < rest[0].known.size
    assert rest[-1].done
    again = found(wanted)
    assert len(again) == 1
    shutil.rmtree(tmp_path / "full0" / kept.FOLDER)
    whole = found(wanted)[-1]
    for one in (rest[-1], again[0]):
        same(one, whole)


def same(one: LossLine | LossPlane, other: LossLine | LossPlane) -> None:
    if isinstance(one, LossLine):
        assert isinstance(other, LossLine)
        pairs = [(one.losses[part], other.losses[part]) for part in ("train", "test")]
    else:
        assert isinstance(other, LossPlane)
        pairs = [(one.loss[part], other.loss[part]) for part in ("train", "test")]
        pairs += [(one.ends["loss", "test"], other.ends["loss", "test"])]
        pairs += [(a.places, b.places) for a, b in zip(one.trails, other.trails, strict=True)]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)
    assert (one.titles, one.images, one.averaged) == (other.titles, other.images, other.averaged)


def test_a_line_says_what_it_rests_on(run: Run, tmp_path: Path) -> None:
    line = found(Sight("line", places(run, "line", tmp_path), images=8, points=5))[-1]
    assert isinstance(line, LossLine)
    assert line.alphas.tolist() == [-0.5, 0, 0.5, 1, 1.5]
    assert line.images == "8 of 30 training examples and 8 of 18 test examples"
    assert line.averaged == 4
    assert 0 < line.distance < sum(line.sizes)
    np.testing.assert_allclose(line.loss("train"), line.losses["train"].mean(1))


def test_the_middle_of_a_random_plane_is_the_network(run: Run, tmp_path: Path) -> None:
    plane = found(Sight("around", places(run, "around", tmp_path), images=8, points=5))[-1]
    assert isinstance(plane, LossPlane)
    assert plane.loss["test"][2, 2] == plane.ends["loss", "test"][0]
    assert plane.averaged == 0


def test_the_ways_of_runs_lie_on_the_plane(run: Run, tmp_path: Path) -> None:
    """Their ends are the corners where these are theirs: the first starts at 0 and its tested weights are the second
    corner, which is on its way."""
    plane = found(Sight("plane", places(run, "plane", tmp_path), images=8, points=5))[-1]
    assert isinstance(plane, LossPlane)
    own = {trail.run: trail for trail in plane.trails}
    assert set(own) == {"full0", "full1"}
    first, second = own["full0"], own["full1"]
    assert first.names[0] == second.names[0] == "start"
    np.testing.assert_allclose(first.places[0], [0, 0], atol=1e-9)
    for trail, corner in ((first, plane.corners[1]), (second, plane.corners[2])):
        away = np.abs(trail.places - corner).max(1)
        assert away.min() < 1e-6
        assert trail.off[away.argmin()] < 1e-3
    low, high = (np.array([axis[end] for axis in (plane.xs, plane.ys)]) for end in (0, -1))
    assert all((trail.places >= low).all() and (trail.places <= high).all() for trail in plane.trails)


def test_a_finished_picture_of_other_images_is_made_anew(run: Run, tmp_path: Path) -> None:
    """Of images that are others now nothing is shown; of those that cannot be read what was found stays."""
    wanted = Sight("line", places(run, "line", tmp_path), images=8, points=5)
    line = found(wanted)[-1]
    (file,) = (tmp_path / "full0" / kept.FOLDER).iterdir()
    kept.write(replace(line, images="of other images"), "another fingerprint", file)
    again = found(wanted)
    assert "of other images" not in {one.images for one in again}
    same(again[-1], line)
    said = experiment_of(tmp_path / "full0")
    gone = said.model_copy(update={"dataset": said.dataset.model_copy(update={"path": str(tmp_path / "gone")})})
    (tmp_path / "full0" / "experiment.json").write_text(gone.model_dump_json())
    (as_it_was,) = found(wanted)
    same(as_it_was, line)


def test_titles_are_those_of_now(run: Run, tmp_path: Path) -> None:
    old = places(run, "line", tmp_path)
    found(Sight("line", old, images=8, points=5))
    new = tuple(Standpoint(place.folder, f"new {place.title}", place.start) for place in old)
    (again,) = found(Sight("line", new, images=8, points=5))
    assert again.titles == ("new start", "new A")


def test_other_settings_are_another_picture(run: Run, tmp_path: Path) -> None:
    two = places(run, "line", tmp_path)
    keys = {
        Sight("line", two, **changes).key(["a", "b"])
        for changes in ({}, {"images": 8}, {"points": 21}, {"averaged": False})
    }
    keys |= {Sight("line", two).key(["a", "c"]), Sight("line", two[::-1]).key(["a", "b"])}
    same_weights = tuple(replace(place, folder=place.folder.parent / "of another run") for place in two)
    keys |= {Sight("line", same_weights).key(["a", "b"])}
    assert len(keys) == 7


@pytest.mark.parametrize(
    "kind,count,given", [("line", 3, {}), ("plane", 2, {}), ("line", 2, {"points": 4}), ("line", 2, {"images": 1})]
)
def test_what_makes_no_picture(kind: str, count: int, given: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(InvalidExperiment):
        Sight(kind, (Standpoint(tmp_path, "A"),) * count, **given)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", None])
def test_a_damaged_file_is_made_anew(damage: bytes | None, run: Run, tmp_path: Path) -> None:
    wanted = Sight("line", places(run, "line", tmp_path), images=8, points=5)
    expected = found(wanted)[-1]
    (file,) = (tmp_path / "full0" / kept.FOLDER).iterdir()
    file.write_bytes(file.read_bytes()[:400] if damage is None else damage)
    same(found(wanted)[-1], expected)


def test_coarse_comes_first() -> None:
    order = coarse_first(9)
    assert order == [0, 8, 4, 2, 6, 1, 3, 5, 7]
    grid = coarse_grid(25)
    assert len(grid) == len(set(grid)) == 625
    assert all(row % 3 == 0 and column % 3 == 0 for row, column in grid[:81])


def test_a_coarse_plane_is_drawn_without_gaps() -> None:
    """A bilinear surface is met exactly between its known points; what is known stays as it is."""
    x, y = np.meshgrid(np.arange(25.0), np.arange(25.0))
    surface = 2 * x - y + 0.1 * x * y
    known = np.zeros((25, 25), bool)
    assert not len(lattice(known)[0])
    for row, column in coarse_grid(25)[:90]:
        known[row, column] = True
    np.testing.assert_allclose(filled(np.where(known, surface, np.nan), known), surface, atol=1e-9)
