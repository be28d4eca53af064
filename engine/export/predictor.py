"""Writes reading.py, a run's way of reading image files in NumPy and Pillow, and predict.py, which asks the graph; of
runs on texts `engine.export.text_programs` does.

What one run does not need is left out: the programs say nothing but what is done with an image.
"""

from __future__ import annotations

from engine.data.cutting import PLAIN, Cut
from engine.data.files.grey import OVERSHOOT, REAL_TOPS, SHARE, UNHEARD_OF, WHOLE_TOPS, Levels
from engine.data.files.read_as import ReadAs
from engine.export.config import Kind
from engine.export.text_programs import text_program, text_reading
from engine.preparation.inputs import Normaliser, Pieces, Preparer

KINDS = 2  # of wide values: whole numbers and fractions
HEAD = '''\
"""Image files as the graph takes them. Needs NumPy and Pillow."""

import sys

import numpy as np
from PIL import Image, {more}ImageOps


def images(paths):
    """Each path with its image; what cannot be read is told, and the program ends with 1 after the others."""
    failed = False
    for path in paths:
        try:
            image = read(path)
        except Exception as fault:
            print(f"{{path}} cannot be read: {{fault}}", file=sys.stderr)
            failed = True
        else:
            yield path, image
    if failed:
        sys.exit(1)


def read(path):
    """uint8 [{size}, {size}, {channels}], as the network learnt to see an image."""
    with Image.open(path) as opened:
        opened.draft({draft}, ({twice}, {twice}))  # a large JPEG is decoded at less than its size
        image = ImageOps.exif_transpose(opened)
    if image.mode[0] in "IF":
        image = grey(np.asarray(image))
    elif image.mode[-1] in "Aa" or "transparency" in image.info:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
'''
GREY = '''\


def grey(values):
    """8 bits of 16, of 32 or of fractions."""
    known = np.isfinite(values) & (np.abs(values.astype(np.float64)) < {unheard_of:g})
    low, high = ends(values[known], np.issubdtype(values.dtype, np.integer))
    scaled = (np.where(known, values, low).astype(np.float64) - low) * (255 / (high - low or 1))
    return Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))


def ends(values, whole):
    """Which values become black and white."""
    if not values.size:
        return 0, 1
{ends}
'''
OWN_ENDS = """\
    low = min(np.quantile(values, {share:g}, method="higher"), np.quantile(values, {rest:g}, method="lower"))
    high = max(np.quantile(values, {share:g}, method="higher"), np.quantile(values, {rest:g}, method="lower"))
    room, least = (0, 0) if whole else ({overshoot:g}, 0.25)
    for top in {whole_tops} if whole else {real_tops}:
        if low >= -room * top and least * top <= high <= (1 + room) * top:
            return 0, top
    return float(low), float(high)"""
PROGRAM = '''\
"""{what} Needs onnxruntime, NumPy and Pillow: python predict.py IMAGE…"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from reading import images

FOLDER = Path(__file__).parent
session = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])
'''
CLASSIFY = """\
labels = (FOLDER / "labels.txt").read_text(encoding="utf-8").splitlines()
for path, image in images(sys.argv[1:]):
    {found} = session.run([{outputs}], {{"images": image[None]}})
    best = np.argsort(-found[0], kind="stable")[:3]
    said = ", ".join(f"{{labels[k]}} {{100 * found[0, k]:.1f}} %" for k in best)
    print(f"{{path}}:{none} {{said}}")
"""
ALWAYS = {"found": "(found,)", "outputs": '"probabilities"', "none": ""}
OR_NONE = {
    "found": "found, none", "outputs": '"probabilities", "none_of_these"',
    "none": "{' none of these;' * int(none[0])}",
}  # fmt: skip
ENCODE = """\
for path, image in images(sys.argv[1:]):
    (found,) = session.run(["features"], {"images": image[None]})
    print(path, *(f"{value:.6g}" for value in found[0].ravel()))
"""


def program(kind: Kind, refuses: bool = False, form: Preparer | None = None) -> str:
    """The text of predict.py. refuses: the graph says what is none of the classes. form: of what it reads, images
    unless it is one of texts."""
    if isinstance(form, Pieces):
        return text_program(kind, form, OR_NONE if refuses else ALWAYS)
    if kind == "encoder":
        return PROGRAM.format(what="The features of images.").replace("import numpy as np\n", "") + ENCODE
    asks = CLASSIFY.format(**OR_NONE if refuses else ALWAYS)
    return PROGRAM.format(what="The likeliest classes of images.") + asks


def reading(form: Preparer, read_as: ReadAs, fixed: bool = False) -> str:
    """The text of reading.py. fixed: the graph takes texts of one length alone."""
    if isinstance(form, Pieces):
        return text_reading(form, fixed)
    head = HEAD.format(
        more="ImageChops, " * read_as.inverted, size=form.size, channels=form.channels,
        draft='"L"' if form.channels == 1 else None, twice=2 * form.cut.resized(form.size),
    )  # fmt: skip
    return head + _to_square(form, read_as.inverted) + _grey(read_as.scales)


def _to_square(form: Normaliser, inverted: bool) -> str:
    mode = "L" if form.channels == 1 else "RGB"
    colours = 'image.convert("RGB")'
    lines = [f"image = ImageChops.invert({colours})"] if inverted else []
    before = "image" if inverted else colours
    lines.append(f'image = {before}.convert("{mode}")' if mode == "L" or not inverted else "")
    lines += _plain(form.size) if form.cut == PLAIN else _cut(form.size, form.cut, mode)
    lines.append("return np.asarray(image)" + ("[:, :, None]" if mode == "L" else ""))
    return "".join(f"    {line}\n" for line in lines if line)


def _plain(size: int) -> list[str]:
    """The largest square in the middle."""
    return [
        "left, top = (image.width - min(image.size)) / 2, (image.height - min(image.size)) / 2",
        "box = left, top, left + min(image.size), top + min(image.size)",
        f"image = image.resize(({size}, {size}), Image.Resampling.BILINEAR, box)",
    ]


def _cut(size: int, how: Cut, mode: str) -> list[str]:
    """Resized, then the middle of it."""
    side, resample = how.resized(size), f"Image.Resampling.{how.interpolation.upper()}"
    width_height = {
        "squash": f"width, height = {side}, {side}",
        "border": f"width, height = (max(1, round(n * {side} / max(image.size))) for n in image.size)",
    }.get(how.mode, f"width, height = (n * {side} // min(image.size) for n in image.size)")
    lines = [width_height, f"image = image.resize((width, height), {resample})"]
    if how.mode == "border":
        fill = how.fill[0] if mode == "L" else how.fill
        return [
            *lines, f"square = Image.new(image.mode, ({size}, {size}), {fill})",
            f"left, top = (({size} - n) // 2 if n < {size} else -round((n - {size}) / 2) for n in image.size)",
            "square.paste(image, (left, top))", "image = square",
        ]  # fmt: skip
    return [
        *lines, f"left, top = round((width - {size}) / 2), round((height - {size}) / 2)",
        f"image = image.crop((left, top, left + {size}, top + {size}))",
    ]  # fmt: skip


def _grey(scales: tuple[Levels, ...]) -> str:
    """By the scales of the run's own set; a kind of values that it has none for is scaled by the file alone."""
    lines = [
        f"    if {'whole' if one.whole else 'not whole'}:\n        return {one.low!r}, {one.high!r}  # as the run's set"
        for one in scales
    ]
    if len(scales) < KINDS:
        tops = {"whole_tops": tuple(map(int, WHOLE_TOPS)), "real_tops": tuple(map(int, REAL_TOPS))}
        lines.append(OWN_ENDS.format(share=SHARE, rest=1 - SHARE, overshoot=OVERSHOOT, **tops))
    return GREY.format(unheard_of=UNHEARD_OF, ends="\n".join(lines))
