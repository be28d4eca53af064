"""reading.py reads every kind of image file as the program does, whatever a network wants of it."""

from __future__ import annotations

import io
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from engine.data.cutting import Cut
from engine.data.files.grey import Levels
from engine.data.files.read_as import PLAIN, ReadAs
from engine.export.config import Kind
from engine.export.predictor import program, reading
from engine.preparation.inputs import Normaliser

RNG = np.random.default_rng(0)
COLOURS = Image.fromarray((RNG.integers(0, 90, (90, 130, 3)) + np.mgrid[:90, :130][1][..., None]).astype(np.uint8))
GREY = COLOURS.convert("L")
FORMS = {
    "plain colour": Normaliser(32, 3),
    "plain grey": Normaliser(28, 1),
    "middle": Normaliser(32, 3, cut=Cut("bicubic", 0.875)),
    "squeezed": Normaliser(32, 3, cut=Cut("bicubic", 0.9, "squash")),
    "border": Normaliser(32, 3, cut=Cut("bilinear", 0.9, "border", (124, 116, 104))),
    "border, grey": Normaliser(32, 1, cut=Cut("lanczos", 1.0, "border", (9, 9, 9))),
}
SCALES = (Levels(0.0, 4095.0, True), Levels(-2.0, 3.5, False))
WAYS = {
    "as they are": PLAIN, "inverted": ReadAs((), True), "12 bits": ReadAs(SCALES[:1]), "both kinds": ReadAs(SCALES),
}  # fmt: skip


def transparent(mode: str) -> Image.Image:
    image = COLOURS.convert(mode)
    image.putalpha(Image.fromarray(RNG.integers(0, 256, (90, 130)).astype(np.uint8)))
    return image


def wide(kind: type[np.generic], top: float, low: float = 0.0) -> Image.Image:
    return Image.fromarray((np.asarray(GREY) / 255 * (top - low) + low).astype(kind))


def palette() -> Image.Image:
    return COLOURS.quantize(17)


def saved(image: Image.Image, form: str, **more: object) -> bytes:
    body = io.BytesIO()
    image.save(body, form, **more)
    return body.getvalue()


def turned(number: int, form: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = number
    return saved(COLOURS, form, exif=exif)


FILES = {
    "png": saved(COLOURS, "PNG"),
    "jpeg": saved(COLOURS, "JPEG", quality=80),
    "large jpeg": saved(COLOURS.resize((1300, 900)), "JPEG", quality=80),
    "large grey jpeg": saved(GREY.resize((900, 1300)), "JPEG", quality=80),
    "cmyk": saved(COLOURS.convert("CMYK"), "JPEG"),
    "grey": saved(GREY, "PNG"),
    "one bit": saved(GREY.convert("1"), "PNG"),
    "palette": saved(palette(), "PNG"),
    "gif": saved(palette(), "GIF"),
    "transparent palette": saved(palette(), "PNG", transparency=3),
    "transparent colour": saved(transparent("RGB"), "PNG"),
    "transparent grey": saved(transparent("L"), "PNG"),
    "one colour clear": saved(COLOURS, "PNG", transparency=(90, 100, 110)),
    "webp": saved(transparent("RGB"), "WEBP", lossless=True),
    "bmp": saved(COLOURS, "BMP"),
    "16 bits": saved(wide(np.uint16, 65535), "PNG"),
    "12 bits": saved(wide(np.uint16, 4000), "PNG"),
    "odd range": saved(wide(np.int32, 90_000, -300), "TIFF"),
    "fractions": saved(wide(np.float32, 1.02, -0.05), "TIFF"),
    "other fractions": saved(wide(np.float32, 3.0, -2.0), "TIFF"),
    "no number": saved(Image.fromarray(np.full((9, 9), np.nan, np.float32)), "TIFF"),
    "as small as can be": saved(COLOURS.resize((1, 1)), "PNG"),
    "tall": saved(COLOURS.resize((20, 100)), "PNG"),
    **{f"turned {number}": turned(number, "JPEG") for number in range(1, 9)},
    "turned png": turned(6, "PNG"),
    "turned tiff": turned(5, "TIFF"),
}  # fmt: skip


def loaded(form: Normaliser, read_as: ReadAs) -> ModuleType:
    """As a person would import it."""
    module = ModuleType("reading")
    exec(compile(reading(form, read_as), "reading.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", FORMS)
def test_every_file_becomes_the_same_pixels(form: str, way: str, tmp_path: Path) -> None:
    read = loaded(FORMS[form], WAYS[way]).read
    for name, body in FILES.items():
        (tmp_path / "image").write_bytes(body)
        expected = WAYS[way].pixels(body, FORMS[form])
        found = read(tmp_path / "image")
        assert found.dtype == np.uint8, name
        assert np.array_equal(found, expected), name


BROKEN = {
    "no image": b"hello", "empty": b"", "cut short.jpg": FILES["jpeg"][:300], "cut short.png": FILES["png"][:-900],
    "no image.png": FILES["png"][:20] + b"x" * 400, "cut short.tif": FILES["fractions"][:-2000],
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_read_is_told_in_a_line_and_the_others_are_read(
    form: str, way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, body in BROKEN.items():
        (tmp_path / name).write_bytes(body)
    whole = tmp_path / "whole.png", tmp_path / "another.png"
    for path in whole:
        path.write_bytes(FILES["png"])
    faults = [*(tmp_path / name for name in BROKEN), tmp_path / "not there", tmp_path]
    module, found = loaded(FORMS[form], WAYS[way]), list[Path]()
    with pytest.raises(SystemExit) as ended:
        found.extend(path for path, _ in module.images([whole[0], *faults, whole[1]]))
    assert found == list(whole)
    assert ended.value.code == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(" cannot be read: ")[0] for line in told] == [str(path) for path in faults]
    assert [path for path, _ in module.images(whole)] == list(whole)


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("kind", ["classifier", "classes by example", "encoder"])
def test_the_program_is_short_and_needs_three_packages(kind: Kind, refuses: bool) -> None:
    lines = [line for line in program(kind, refuses).splitlines() if line.strip()]
    assert len(lines) <= 14
    assert packages_of(lines) <= {"sys", "pathlib", "numpy", "onnxruntime", "reading"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", FORMS)
def test_the_reader_is_short_and_needs_two_packages(form: str, way: str) -> None:
    lines = [line for line in reading(FORMS[form], WAYS[way]).splitlines() if line.strip()]
    assert len(lines) <= 53
    assert packages_of(lines) == {"sys", "numpy", "PIL"}


def packages_of(lines: list[str]) -> set[str]:
    assert max(map(len, lines)) <= 120
    return {line.split()[1] for line in lines if line.startswith(("import", "from"))}
