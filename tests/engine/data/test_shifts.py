"""Shifts against values worked out by hand, at 28 and 224 pixels, grey and in colour."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from engine.data.shifts import (
    IMAGE_KINDS,
    KINDS,
    NAMES,
    SEVERITIES,
    TITLES,
    describe,
    kinds_of,
    parse_shift,
    renamed,
    shifted,
    shifted_background,
    shifted_labels,
    short,
)
from engine.data.sources import load
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice, Shift

SHAPES = [(28, 1), (28, 3), (224, 1), (224, 3)]


def shift(kind: str, severity: int = 3) -> Shift:
    return Shift.model_validate({"kind": kind, "severity": severity})


def change(pixels: np.ndarray, kind: str, severity: int = 3, first: int = 0) -> np.ndarray:
    return shifted(pixels, shift(kind, severity), np.arange(first, first + len(pixels)))


def flat(value: int, size: int = 28, channels: int = 1, images: int = 1) -> np.ndarray:
    return np.full((images, size, size, channels), value, np.uint8)


def scene(size: int, channels: int, images: int = 2) -> np.ndarray:
    """Soft stripes, a bright square and, in colour, unequal channels."""
    ramp = (np.arange(size) * 255 // (size - 1)).astype(np.uint8)
    pixels = np.zeros((images, size, size, channels), np.uint8)
    pixels[:, :, :, 0] = ramp[None, None, :]
    pixels[:, size // 4 : size // 2, size // 4 : size // 2] = 255
    if channels == 3:
        pixels[..., 2] = ramp[None, :, None]
    return pixels


@pytest.mark.parametrize("kind", kinds_of("images"))
@pytest.mark.parametrize(("size", "channels"), SHAPES)
def test_every_shift_keeps_shape_and_kind_and_leaves_its_input_alone(kind: str, size: int, channels: int) -> None:
    pixels = scene(size, channels)
    before = pixels.copy()
    for severity in (1, 5):
        out = change(pixels, kind, severity)
        assert (out.shape, out.dtype) == (pixels.shape, np.uint8)
        assert np.array_equal(out, before) == (kind == "label shift")
        assert not np.shares_memory(out, pixels)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_a_more_severe_shift_is_further_from_the_image(kind: str) -> None:
    pixels = load(DatasetChoice(name="digits")).pixels(range(40), 28, 1)
    away = [float(np.abs(change(pixels, kind, s).astype(int) - pixels).mean()) for s in SEVERITIES]
    if kind == "inversion":
        assert len(set(away)) == 1
    else:
        assert all(less < more for less, more in pairwise(away)), away


def test_inversion_is_255_minus_the_value() -> None:
    pixels = np.array([0, 1, 100, 255], np.uint8).reshape(1, 2, 2, 1)
    assert change(pixels, "inversion", 1).ravel().tolist() == [255, 254, 155, 0]
    assert np.array_equal(change(pixels, "inversion", 5), change(pixels, "inversion", 1))


def test_contrast_shrinks_about_the_mean_of_each_image() -> None:
    """Mean 100: 100 + 0.2 (x - 100); mean 50 in the second image: 50 + 0.2 (x - 50)."""
    pixels = np.array([[0, 200, 40, 160], [0, 100, 0, 100]], np.uint8).reshape(2, 2, 2, 1)
    assert change(pixels, "contrast", 3).reshape(2, 4).tolist() == [[80, 120, 88, 112], [40, 60, 40, 60]]


def test_contrast_has_a_mean_for_each_colour() -> None:
    pixels = np.zeros((1, 2, 2, 3), np.uint8)
    pixels[0, 0, :, 1] = 200  # green: mean 100; red and blue are black and stay so
    out = change(pixels, "contrast", 1)  # 0.4 of the distance is left
    assert out[..., 0].max() == out[..., 2].max() == 0
    assert out[0, :, 0, 1].tolist() == [140, 60]


def test_brightness_adds_and_stops_at_white() -> None:
    pixels = np.array([0, 100, 200, 255], np.uint8).reshape(1, 2, 2, 1)
    assert change(pixels, "brightness", 2).ravel().tolist() == [51, 151, 251, 255]  # 0.2 x 255 = 51
    assert change(pixels, "brightness", 4).ravel().tolist() == [102, 202, 255, 255]


def test_pixelation_gives_each_tile_its_mean() -> None:
    """8 pixels at severity 5: two tiles along a side (0.25 x 8), so each 4 x 4 block becomes its mean."""
    pixels = np.zeros((1, 8, 8, 1), np.uint8)
    pixels[0, 0, :4, 0] = 160  # a quarter of the first block: mean 40
    pixels[0, 4:, 4:, 0] = 7
    out = change(pixels, "pixelate", 5)[0, :, :, 0]
    expected = np.kron([[40, 0], [0, 7]], np.ones((4, 4), int))
    assert out.tolist() == expected.tolist()


def test_tiles_that_do_not_divide_the_image_share_the_pixels_between_them() -> None:
    """5 pixels at severity 5 are one tile (0.25 x 5 rounds to 1); at severity 4 two of 2.5 pixels (0.3 x 5)."""
    pixels = np.zeros((1, 5, 5, 1), np.uint8)
    pixels[0, :, 2, 0] = 100
    assert set(change(pixels, "pixelate", 5).ravel().tolist()) == {20}  # 100 / 5
    assert set(change(pixels, "pixelate", 4).ravel().tolist()) == {20}  # half of the column in 2.5: 50 / 2.5
    pixels[0, :, 0, 0] = 100  # the left tile has a whole column more: (100 + 50) / 2.5
    assert change(pixels, "pixelate", 4)[0, 0, :, 0].tolist() == [60, 60, 20, 20, 20]


def test_blur_spreads_a_point_as_a_gaussian() -> None:
    """25 pixels at severity 2: standard deviation 0.02 x 25 = 0.5; weights 1, e^-2 and e^-8 along each side."""
    pixels = np.zeros((1, 25, 25, 1), np.uint8)
    pixels[0, 12, 12] = 255
    total = 1 + 2 * (np.exp(-2) + np.exp(-8))
    middle, side = 1 / total, np.exp(-2) / total
    out = change(pixels, "blur", 2)[0, :, :, 0]
    assert out[12, 12] == round(255 * middle * middle)
    assert out[12, 11] == out[11, 12] == round(255 * middle * side)
    assert out[11, 11] == round(255 * side * side)


def test_blur_leaves_an_even_image_as_it_is_up_to_its_edge() -> None:
    for size, channels in SHAPES:
        assert set(change(flat(90, size, channels), "blur", 5).ravel().tolist()) == {90}


def test_blur_is_the_same_share_of_a_small_and_a_large_image() -> None:
    """The width of a blurred edge, in shares of the side."""
    widths = []
    for size in (28, 224):
        pixels = flat(0, size)
        pixels[:, :, size // 2 :] = 255
        row = change(pixels, "blur", 5)[0, size // 2, :, 0].astype(int)
        widths.append(((row > 20) & (row < 235)).sum() / size)
    assert widths[0] == pytest.approx(widths[1], abs=0.04)


@pytest.mark.parametrize(("severity", "share"), [(1, 0.08), (2, 0.12), (3, 0.18), (4, 0.26), (5, 0.38)])
def test_noise_has_the_stated_spread_and_no_bias(severity: int, share: float) -> None:
    """On grey 128 up to severity 3 nothing is cut off; above, the spread within the cut is a little smaller."""
    difference = change(flat(128, 28, 1, 60), "noise", severity).astype(float) - 128
    assert abs(difference.mean()) < 2
    if severity <= 2:
        assert difference.std() == pytest.approx(255 * share, rel=0.02)
    assert abs(np.median(np.abs(difference)) - 0.6745 * 255 * share) < 2


def test_the_same_image_gets_the_same_noise_whenever_it_is_asked_for() -> None:
    pixels = scene(28, 1, 9)
    together = change(pixels, "noise", 3)
    assert np.array_equal(change(pixels, "noise", 3), together)
    alone = shifted(pixels[4:5], shift("noise"), np.array([4]))
    assert np.array_equal(alone[0], together[4])
    turned = shifted(pixels[::-1], shift("noise"), np.arange(9)[::-1])
    assert np.array_equal(turned[::-1], together)
    assert not np.array_equal(together[0], together[1])


def test_many_images_are_shifted_as_each_alone() -> None:
    """More than are worked on at once."""
    pixels = scene(224, 3, 40)
    out = change(pixels, "noise", 2)
    for place in (0, 27, 28, 39):
        assert np.array_equal(out[place], change(pixels[place : place + 1], "noise", 2, first=place)[0])


def test_a_grey_image_stays_grey_in_three_channels() -> None:
    grey = scene(28, 1)
    for kind in IMAGE_KINDS:
        as_rgb = change(np.repeat(grey, 3, axis=3), kind, 4).astype(int)
        assert np.abs(as_rgb - as_rgb[..., :1]).max() <= (1 if kind == "jpeg" else 0), kind
        assert np.abs(as_rgb[..., :1] - change(grey, kind, 4)).max() <= (2 if kind == "jpeg" else 0), kind
    coloured = scene(28, 3)
    noise = change(coloured, "noise").astype(int) - coloured
    assert not np.array_equal(noise[..., 0], noise[..., 1])


def test_jpeg_is_what_a_decoder_gives_back() -> None:
    pixels = scene(224, 3, 1)
    packed = io.BytesIO()
    Image.fromarray(pixels[0]).save(packed, "JPEG", quality=15)
    assert np.array_equal(change(pixels, "jpeg", 3)[0], np.asarray(Image.open(packed)))


def test_label_shift_gives_every_class_its_neighbours_name() -> None:
    labels = np.array([0, 1, 2, 3, 3, 0])
    assert shifted_labels(labels, 4, shift("label shift", 5), seed=0).tolist() == [1, 2, 3, 0, 0, 1]
    assert shifted_labels(labels, 4, shift("noise", 5), seed=0).tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("classes", "moved"), [(10, (2, 4, 6, 8, 10)), (6, (2, 3, 4, 5, 6)), (2, (2, 2, 2, 2, 2)), (3, (2, 2, 2, 3, 3))]
)
def test_a_milder_label_shift_moves_some_classes_in_one_cycle(classes: int, moved: tuple[int, ...]) -> None:
    before: set[int] = set()
    for severity, expected in zip(SEVERITIES, moved, strict=True):
        names = renamed(classes, shift("label shift", severity), seed=3)
        changed = np.flatnonzero(names != np.arange(classes))
        assert len(changed) == expected
        assert sorted(names.tolist()) == list(range(classes))
        visited, place = set(), int(changed[0])
        while place not in visited:
            visited.add(place)
            place = int(names[place])
        assert visited == set(changed.tolist())
        assert before <= visited
        before = visited


def test_which_classes_are_renamed_follows_the_seed() -> None:
    names = {tuple(renamed(20, shift("label shift", 2), seed).tolist()) for seed in range(5)}
    assert len(names) > 1
    assert renamed(20, shift("label shift", 2), 1).tolist() == renamed(20, shift("label shift", 2), 1).tolist()


def test_what_lies_outside_a_shifted_image() -> None:
    assert shifted_background(255, shift("inversion")) == 0
    assert shifted_background(0, shift("brightness", 2)) == 51
    assert shifted_background(255, shift("brightness", 2)) == 255
    assert shifted_background(0, shift("noise")) == 0


def test_shifts_in_words() -> None:
    assert list(TITLES) == list(NAMES) == list(KINDS)
    assert (describe(shift("noise")), short(shift("noise"))) == ("Gaussian noise, severity 3", "noise 3")
    assert (describe(shift("inversion", 2)), short(shift("inversion", 2))) == ("Inversion", "inversion")
    assert short(shift("label shift", 5)) == "label shift 5"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("noise:3", ("noise", 3)), ("label-shift:5", ("label shift", 5)), ("JPEG", ("jpeg", 3)), (" blur:1", ("blur", 1))],
)
def test_shifts_as_they_are_typed(text: str, expected: tuple[str, int]) -> None:
    found = parse_shift(text)
    assert (found.kind, found.severity) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nois:3", "There is no shift called “nois”. Did you mean “noise”?"),
        ("fog:3", "There is no shift called “fog”. Choose one of noise, blur,"),
        ("noise:6", "“6” is no severity of a shift. Give a number from 1 to 5, such as noise:3."),
        ("noise:hard", "“hard” is no severity of a shift."),
        ("noise:", "“” is no severity of a shift."),
    ],
)
def test_what_is_no_shift(text: str, said: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        parse_shift(text)
    assert str(caught.value).startswith(said)
