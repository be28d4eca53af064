"""What a network makes of a few images while it learns without labels, kept look by look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.backbones.backbone import snapshot
from engine.backbones.networks import random_backbone
from engine.events import CheckpointSaved, Notice
from engine.preparation.inputs import Labelled, Normaliser
from engine.pretraining.album import FILE, MOST, NEITHER, RIGHT, WRONG, Album, LookPicture
from engine.pretraining.looking import FixedImages
from engine.pretraining.method import PretrainMethod
from engine.pretraining.naming import Naming, Puzzle, Turns
from engine.pretraining.picturing import Pictures, nearest, thumbnails
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import Compared, Pretext
from engine.pretraining.rebuilding import Masked
from engine.registry import method, methods

NAMES = [kind.name for kind in methods() if issubclass(kind, PretrainMethod) and kind.reads == "images"]
SHAPE = Normaliser(28, 1)
POOL = Pool(images=64, size=28, channels=1, background=0, batch=8)


def images(count: int, seed: int) -> Labelled:
    """Of four classes in turn."""
    pixels = torch.randint(0, 256, (count, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    return Labelled(pixels, torch.arange(count) % 4, np.arange(count))


def asked(name: str) -> tuple[torch.nn.Module, Pretext]:
    torch.manual_seed(0)
    model = random_backbone("conv4", None)
    chosen = method(name).from_values({})
    assert isinstance(chosen, PretrainMethod)
    return model, chosen.pretext(model, POOL)


def look(step: int, value: int = 0) -> LookPicture:
    return LookPicture(step, np.full((2, 3, 4, 4, 1), value, np.uint8), np.full((2, 3), NEITHER, np.int8), f"at {step}")


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_taken_without_touching_anything(name: str, labelled: bool, tmp_path: Path) -> None:
    model, pretext = asked(name)
    looks = FixedImages(images(64, 0), images(16, 1), SHAPE, 0, labelled)
    looks.values(model, pretext)
    before, state = (snapshot(model), snapshot(pretext)), torch.get_rng_state()
    pictures = Pictures(looks, images(64, 0), images(16, 1), tmp_path, 0)
    (said,) = pictures.take(model, pretext, 7)
    assert isinstance(said, CheckpointSaved)
    assert torch.equal(torch.get_rng_state(), state)
    for was, now in zip(before, (snapshot(model), snapshot(pretext)), strict=True):
        assert all(torch.equal(was[key], now[key]) for key in was)
    album = Album.load(tmp_path / FILE)
    assert album is not None
    (taken,) = album.looks
    rows = 4 if isinstance(pretext, Compared) else 8
    assert taken.images.shape == (rows, len(album.heads), 28, 28, 1)
    judged = taken.marks != NEITHER
    names = isinstance(pretext, Naming)
    assert judged.any() == (names or (isinstance(pretext, Compared) and labelled))
    (again,) = pictures.take(model, pretext, 8)
    later = Album.load(tmp_path / FILE)
    assert isinstance(again, CheckpointSaved)
    assert later is not None
    assert np.array_equal(later.looks[0].images, later.looks[1].images)  # the same network, asked the same


@pytest.mark.parametrize(
    "asking", [Turns(64, True), Turns(64, False), Puzzle(64, 2, 24, 0, 0), Puzzle(64, 3, 30, 0, 9)]
)
def test_what_is_guessed_right_is_the_image_again(asking: Naming) -> None:
    pixels = images(8, 0).inputs
    assert isinstance(pixels, torch.Tensor)
    changed, which = asking.once(pixels, torch.Generator().manual_seed(3))
    whole = 27 if isinstance(asking, Puzzle) and len(asking._orders[0]) == 9 else 28  # what nine tiles cover
    back = asking.undone(changed, which)
    assert torch.equal(back[..., :whole, :whole], pixels[..., :whole, :whole])
    assert (back[..., whole:, :] == 9).all()
    wrong = asking.undone(changed, (which + 1) % asking.head.out_features)
    assert not torch.equal(wrong, pixels)


def test_a_guess_is_marked_by_what_it_is(tmp_path: Path) -> None:
    """A head that says the second turn of everything is right where that was the turn."""
    model, pretext = asked("rotation")
    assert isinstance(pretext, Turns)
    pretext.head.bias.data = torch.tensor([0.0, 1.0, 0.0, 0.0])
    pixels = images(8, 0).inputs
    assert isinstance(pixels, torch.Tensor)
    model.eval()
    found = pretext.answered(model, SHAPE, pixels, torch.zeros(1, 28, 28), torch.Generator().manual_seed(0))
    _, which = pretext.once(pixels, torch.Generator().manual_seed(0))
    assert found.right is not None
    assert torch.equal(found.right, which == 1)
    assert found.said == f"{int((which == 1).sum())} of 8 right; one in 4 by chance."
    assert torch.equal(found.columns[1][found.right], pixels[found.right])


def test_what_is_rebuilt_stands_where_it_was_hidden_and_must_beat_the_mean() -> None:
    one = Masked(64, POOL, 0.5, standardised=False)
    truth, hidden = torch.ones(1, 1, 28, 28), torch.zeros(1, 1, 28, 28, dtype=torch.bool)
    hidden[..., :7, :] = True
    assert float(one.apart(torch.full_like(truth, 0.5), truth, hidden)) == pytest.approx(0.25)
    assert one.completed(torch.zeros_like(truth), truth, hidden).mean() == pytest.approx(0.75)
    own = Masked(64, POOL, 0.5, standardised=True)
    patch = torch.tensor([0.2, 0.4]).repeat(14).view(1, 1, 1, 28).expand(1, 1, 28, 28)  # each patch 8 of 0.2, 8 of 0.4
    assert own.simplest(patch, truth).allclose(torch.full_like(patch, 0.3), atol=1e-6)


def test_neighbours_by_hand() -> None:
    """Directions from the mean (1, 1): up, right, down, left."""
    known = torch.tensor([[1.0, 2.0], [2.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    asked = torch.tensor([[1.2, 3.0], [1.0, -4.0]])
    assert nearest(known, asked, None)[:, 0].tolist() == [0, 2]
    itself = torch.tensor([[True, False, False, False], [False, False, True, False]])
    found = nearest(known, asked, itself)
    assert found.shape == (2, 3)
    assert (found[0] != 0).all()
    assert (found[1] != 2).all()


def test_an_album_comes_back_and_keeps_its_first_and_newest_look(tmp_path: Path) -> None:
    album = Album(("a", "b", "c"))
    for step in range(3 * MOST):
        album.add(look(step, step % 5))
        assert len(album.looks) <= MOST
        assert (album.looks[0].step, album.looks[-1].step) == (0, step)
    steps = [one.step for one in album.looks]
    assert steps == sorted(set(steps))
    album.save(tmp_path / FILE)
    found = Album.load(tmp_path / FILE)
    assert found is not None
    assert found.heads == album.heads
    for one, other in zip(found.looks, album.looks, strict=True):
        assert (one.step, one.said) == (other.step, other.said)
        assert np.array_equal(one.images, other.images)
        assert np.array_equal(one.marks, other.marks)
    found.cut(10)
    assert all(one.step <= 10 for one in found.looks)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"not one"])
def test_a_damaged_album_is_none(tmp_path: Path, content: bytes) -> None:
    assert Album.load(tmp_path / FILE) is None
    (tmp_path / FILE).write_bytes(content)
    assert Album.load(tmp_path / FILE) is None


def test_what_cannot_be_written_is_said_once_and_costs_the_run_nothing(tmp_path: Path) -> None:
    model, pretext = asked("simclr")
    looks = FixedImages(images(64, 0), images(16, 1), SHAPE, 0, True)
    looks.values(model, pretext)
    (tmp_path / "folder").write_text("a file where the folder should be")
    pictures = Pictures(looks, images(64, 0), images(16, 1), tmp_path / "folder", 0)
    said = [*pictures.take(model, pretext, 0), *pictures.take(model, pretext, 1)]
    assert [type(one) for one in said] == [Notice]


def test_few_images_have_no_neighbour_in_themselves(tmp_path: Path) -> None:
    """Without validation images training images are asked, and none is its own neighbour."""
    model, pretext = asked("simclr")
    few = images(6, 0)
    looks = FixedImages(few, images(0, 1), SHAPE, 0, False)
    looks.values(model, pretext)
    list(Pictures(looks, few, images(0, 1), tmp_path, 0).take(model, pretext, 0))
    album = Album.load(tmp_path / FILE)
    assert album is not None
    (taken,) = album.looks
    assert taken.images.shape[:2] == (4, 6)
    assert all(not np.array_equal(row[0], other) for row in taken.images for other in row[1:])


def test_a_large_image_is_made_small() -> None:
    assert thumbnails(torch.zeros(2, 3, 224, 224, dtype=torch.uint8)).shape == (2, 48, 48, 3)
    assert {RIGHT, WRONG, NEITHER} == {1, 0, -1}


def test_an_album_with_a_wrong_byte_anywhere_is_read_or_is_none(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 9, (4, 2, 8, 8, 1)).astype(np.uint8)
    look = LookPicture(0, images, np.full((4, 2), NEITHER, np.int8))
    Album(("a", "b"), [look]).save(tmp_path / FILE)
    whole = (tmp_path / FILE).read_bytes()
    for place in range(0, len(whole), 3):
        (tmp_path / FILE).write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        found = Album.load(tmp_path / FILE)
        assert found is None or isinstance(found, Album)
