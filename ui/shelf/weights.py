"""Sets of weights as lines of a long list: what each column says, what they are filtered by. No Qt, no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.backbones.download import key as download_key
from engine.backbones.download import remote, wanted
from engine.backbones.info import COLOURS, FAR, HERE
from engine.backbones.shelf import ShelfRow, rows
from engine.comparison.wording import brief, size
from engine.data.cutting import PLAIN, Cut
from engine.downloads.wanted import Wanted
from engine.experiment import DatasetChoice
from ui.shelf.list_line import DASH, Filter, ListColumn, ListLine, Told, at_most, kinds

COLUMNS = (
    ListColumn("Name", 36, "Network and weights"),
    ListColumn("Parameters", 10, "Of the network without a head", number=True),
    ListColumn("File", 9, "Size of the file that holds the weights", number=True),
    ListColumn("Input", 12, "Pixels on a side the weights were trained with", number=True),
    ListColumn("Trained on", 22, "What they learned from, and how"),
    ListColumn("Licence", 18, "As stated, and by whom"),
    ListColumn("Where", 18, "On this machine, to download, or needs an extra"),
)
KINDS = {1: "grey", COLOURS: "colour"}
PARAMETERS = (("Up to 5 M", 5e6), ("Up to 30 M", 30e6), ("Up to 100 M", 100e6))
SIZES = (("Up to 25 MB", 25e6), ("Up to 100 MB", 100e6), ("Up to 400 MB", 400e6))
TRAINING = 16  # bytes for each parameter that learns: itself, its gradient and the two averages of Adam, of 4 bytes


def entries(usual: frozenset[str]) -> tuple[ListLine, ...]:
    """usual: names of the networks that come first. Looks at folders; off the window's thread."""
    return tuple(entry_of(row, row.backbone in usual) for row in rows())


def entry_of(row: ShelfRow, usual: bool) -> ListLine:
    place, trained, licence = where(row), trained_on(row), _licence(row)
    cells = (
        row.title, brief(row.parameters), size(row.bytes) if row.bytes else DASH, _input(row), trained, licence, place,
    )  # fmt: skip
    order = (
        row.title.casefold(), row.parameters, row.bytes, (row.size, row.channels), trained, licence,
        (row.state not in HERE, bool(row.needs), row.bytes),
    )  # fmt: skip
    said = " ".join((row.title, row.backbone, row.weights, row.family, row.source, trained, licence, place, row.needs))
    fetch_key = download_key(row.backbone, row.weights) if row.state == "download" else ""
    return ListLine(
        line_of(row.backbone, row.weights),
        row,
        cells,
        order,
        said.casefold(),
        usual,
        row.state in HERE,
        row.bytes,
        fetch_key,
    )


def row_of(line: ListLine) -> ShelfRow:
    assert isinstance(line.item, ShelfRow)
    return line.item


def line_of(backbone: str, weights: str) -> str:
    """Key of their line."""
    return f"{backbone} {weights}"


def where(row: ShelfRow) -> str:
    if row.needs and row.state not in HERE:
        return f"needs “{extra(row)}”"
    return {"none needed": "nothing to load", "bundled": "bundled", "download": f"{size(row.bytes)} to load"}.get(
        row.state, "on this machine"
    )


def extra(row: ShelfRow) -> str:
    """The extra of the installation, "timm" of "warmstart[timm]"."""
    return row.needs.partition("[")[2].rstrip("]") or row.needs


def install(row: ShelfRow) -> str:
    """The command that installs what a row needs."""
    return f'pip install "warmstart[{extra(row)}]"'


def _input_words(row: ShelfRow) -> str:
    """ "224 px, colour", "texts, 64 word pieces", "numbers"."""
    if row.kind == "texts":
        return f"texts, {row.size} word pieces"
    return f"{_input(row)}{', colour' if row.channels == COLOURS else ''}"


def trained_on(row: ShelfRow) -> str:
    return "nothing, random values" if row.how == "random" else f"{row.trained_on}, {row.how}"


def _licence(row: ShelfRow) -> str:
    return f"{row.licence} ({row.stated_by})" if row.licence else DASH


def _input(row: ShelfRow) -> str:
    if row.kind != "images":
        return row.kind
    return f"{row.size} px" if row.channels == COLOURS else f"{row.size} px {KINDS.get(row.channels, 'bands')}"


# Filters


def _extras(found: Sequence[ListLine]) -> list[str]:
    return sorted({extra(row_of(one)) for one in found if row_of(one).needs})


def filters(found: Sequence[ListLine]) -> tuple[Filter, ...]:
    return (
        Filter("Where", (("Anywhere", lambda one: True), ("On this machine", lambda one: one.here),
                         ("To download", lambda one: bool(one.fetch_key)),
                         *map(_of_extra, _extras(found)))),
        kinds("Kind of network", "All kinds", found, lambda one: str(row_of(one).family).capitalize()),
        at_most("Parameters", "All parameters", lambda one: row_of(one).parameters, PARAMETERS),
        at_most("Size of the file", "All files", lambda one: row_of(one).bytes, SIZES),
        kinds("Licence, as stated", "All licences", found, lambda one: row_of(one).licence),
    )  # fmt: skip


def _of_extra(name: str) -> tuple[str, Callable[[ListLine], bool]]:
    return f"Extra “{name}”", lambda one: extra(row_of(one)) == name


def fits(free: int) -> Callable[[ListLine], bool]:
    """Whether all of a network can be trained with so many bytes free, images not counted."""
    return lambda one: TRAINING * row_of(one).parameters < free


# What is said of one


def told(row: ShelfRow) -> Told:
    from engine.backbones import catalog

    info, fetched = catalog.backbone(row.backbone), _address(row)
    blocks = ", ".join(block.title for block in info.blocks)
    lines = [
        ("Parameters", f"{row.parameters:,} without a head"),
        ("File", size(row.bytes) if row.bytes else ""),
        ("Input", _input_words(row)),
        ("Trained on", trained_on(row)),
        ("Accuracy", f"{row.accuracy}, as stated by {row.stated_by}" if row.accuracy else "not stated"),
        ("Resized", resized(row) if row.kind == "images" else ""),
        ("Mean", "" if row.kind == "texts" else _numbers(row.pixels.mean)),
        ("Deviation", "" if row.kind == "texts" else _numbers(row.pixels.std)),
        ("Licence", f"{row.licence}, as stated by {row.stated_by}" if row.licence else ""),
        ("Where", where(row)),
        ("Install", install(row) if row.needs and row.state not in HERE else ""),
        ("Blocks", f"{len(info.blocks)}: {blocks}"),
    ]
    return Told(row.title, tuple(line for line in lines if line[1]), fetched)


def resized(row: ShelfRow) -> str:
    """ "bicubic, middle 87.5 %"; random weights have no recipe."""
    plain = row.how == "random" or row.pixels.as_always
    return (PLAIN if plain else Cut(row.pixels.interpolation, row.pixels.crop, row.pixels.mode)).words


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _address(row: ShelfRow) -> str:
    file = remote(row.backbone, row.weights)
    return file.url if file is not None else ""


def to_fetch(row: ShelfRow) -> Wanted | None:
    """None where nothing is to be fetched, or an extra has to be installed."""
    return wanted(row.backbone, row.weights) if row.state == "download" else None


def why_not(row: ShelfRow) -> str:
    """Why a run cannot start from them now."""
    if row.state in HERE:
        return ""
    if row.needs:
        return f"They need the extra “{extra(row)}”. Install it: {install(row)}"
    return "They are not on this machine. Download them first."


# What does not suit the data


def misfits(found: Sequence[ListLine], data: DatasetChoice) -> Mapping[str, str]:
    """Why, by key. Raises `ExperimentError` where the data cannot be read. Off the window's thread."""
    from engine.data.images import images_of
    from engine.data.sources import kind_of, load

    if (wanted := kind_of(data)) != "images":
        reads = {one.key: row_of(one).kind for one in found}
        return {key: f"It reads {kind}, and these are {wanted}." for key, kind in reads.items() if kind != wanted}
    images = images_of(load(data))
    side, channels = min(images.typical_size), images.channels
    return {one.key: reason for one in found if (reason := misfit(row_of(one), side, channels))}


def misfit(row: ShelfRow, side: int, colour: int) -> str:
    """Why these weights do not suit images of so many pixels and channels, "" where they do; as
    `engine.backbones.info.suits`."""
    if row.kind != "images":
        return f"It reads {row.kind}, and these are images."
    if row.channels < colour:
        kind = KINDS.get(colour, f"of {colour} bands")
        return f"It reads {KINDS.get(row.channels, 'few bands')} images, and yours are {_kind(kind)}."
    if row.channels > COLOURS >= colour:
        return f"It reads images of {row.channels} bands, and yours are {_kind(KINDS.get(colour, ''))}."
    if row.size >= FAR * side or side >= FAR * row.size:
        return f"It reads images of {row.size} px, and yours have {side} px."
    return ""


def _kind(kind: str) -> str:
    return "in colour" if kind == KINDS[COLOURS] else kind
