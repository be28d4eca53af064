"""Which column of a table of texts holds the text, which its class, its group and its part; by their names, by what is
in them, or as a person says. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from engine.data.files.parts import is_split, parts
from engine.data.files.sheets import TextTable
from engine.data.files.tables import SPLITS
from engine.data.files.text import Cells
from engine.errors import DataError

TEXTS = ("text", "texts", "sentence", "sentences", "utterance", "utterances", "content", "message", "messages", "query",
         "question", "review", "review_text", "comment", "comment_text", "body", "tweet", "sms", "document", "phrase",
         "statement", "input", "prompt", "headline", "abstract", "description", "title")  # fmt: skip
LABELS = ("label_text", "label_name", "class_name", "category_name", "intent", "label", "labels", "category", "class",
          "classes", "target", "sentiment", "topic", "emotion", "tag", "type", "rating", "stars", "polarity", "output",
          "y", "label_id", "class_id", "category_id", "class_index")  # fmt: skip
GROUPS = ("group", "domain", "scenario", "family", "area", "supercategory")
SAMPLE = 2_000  # rows from which a column is told
LOOKED_AT = 200  # letters of a cell
SURE_ROWS = 10  # from which on classes are told from texts that happen to be there twice
HEADER_WORDS, HEADER_LETTERS = 5, 60  # more than a name of a column has
MOST_NAMED = 6  # columns that a sentence names
CHOOSE = "Say under “Columns” of New experiment which column holds what."


@dataclass(frozen=True, slots=True)
class ColumnWish:
    """Names of columns, or their numbers from 1; "" to find them. labelled: whether there are classes at all."""

    text: str = ""
    label: str = ""
    group: str = ""
    part: str = ""
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the columns; None where there is none. names: of all columns, empty where the file names none. rivals:
    columns that could hold the classes as well, where these were told by what is in them alone."""

    text: int
    label: int | None
    group: int | None
    part: int | None
    names: Cells
    rivals: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """Cells a row must have to hold all of them."""
        return 1 + max(one for one in (self.text, self.label, self.group, self.part) if one is not None)

    def called(self, column: int) -> str:
        """ "“category”", or "column 2"."""
        return f"“{self.names[column]}”" if column < len(self.names) else f"column {column + 1}"


def columns_of(sheet: TextTable, wish: ColumnWish) -> Columns | None:
    """None where no column is the text, or none its class though there should be, or nothing but lists
    stands in it. Raises `DataError` for a column that was said and is not there."""
    if not sheet.rows or (wish.labelled and max(map(len, sheet.rows)) < 2):
        return None
    names = names_of(sheet, wish)
    rows = sheet.rows if sheet.names or not names else sheet.rows[1:]
    if not rows:
        return None
    said = {key: _said(sheet, names, getattr(wish, key)) for key in ("text", "label", "group", "part")}
    if wish.labelled and said["text"] is not None and said["text"] == said["label"]:
        raise DataError(f"“{sheet.path}” cannot have its texts and its classes in one column.", CHOOSE)
    found = _completed(names, rows, said, wish.labelled)
    if found is None or any(place is not None and _only_nested(sheet, place) for place in (found.text, found.label)):
        return None
    return found


def names_of(sheet: TextTable, wish: ColumnWish) -> Cells:
    """Of its columns; empty where the table names none."""
    return sheet.names or (_header(sheet, wish) if sheet.rows else ())


def names_only(sheet: TextTable) -> bool:
    """Whether the only row of a table names its columns."""
    return len(sheet.rows) == 1 and not sheet.names and bool(_header(sheet, ColumnWish()))


def _only_nested(sheet: TextTable, place: int) -> bool:
    """Whether nothing but lists and objects stands in this column."""
    return place in sheet.nested and not any(row[place] for row in sheet.rows)


def _completed(names: Cells, rows: list[Cells], said: dict[str, int | None], labelled: bool) -> Columns | None:
    """said: columns that a person named; the others are looked for."""
    folded = [name_key(name) for name in names]
    taken = set(said.values())
    part = said["part"] if said["part"] is not None else _part(folded, rows, taken)
    group = said["group"] if said["group"] is not None else _named(folded, GROUPS, taken)
    text, label = said["text"], said["label"] if labelled else None
    others = {*taken, part, group}
    if label is None and labelled:
        label = _named(folded, LABELS, others | set(_all_named(folded, TEXTS)))
    text = text if text is not None else _text(folded, rows, others | {label})
    guesses = _few_and_repeated(rows, others | {text}) if label is None and labelled else []
    label = guesses.pop(0) if guesses else label
    if text is None or (label is None and labelled):
        return None
    return Columns(text, label, group, part, names, tuple(guesses))


def name_key(name: str) -> str:
    """By which a column that a person names is found: the first of them."""
    return name.casefold().strip().replace(" ", "_").replace("-", "_")


def _said(sheet: TextTable, names: Cells, wish: str) -> int | None:
    """The column of this name, else of this number from 1."""
    if not wish:
        return None
    folded = [name_key(name) for name in names]
    if name_key(wish) in folded:
        return folded.index(name_key(wish))
    width = max(map(len, sheet.rows))
    if wish.isascii() and wish.isdigit() and 1 <= int(wish) <= width:
        return int(wish) - 1
    there = ", ".join(f"“{name}”" for name in names[:MOST_NAMED]) or f"{width} columns without names"
    raise DataError(f"“{sheet.path}” has no column “{wish}”.", f"It has {there}.")


def _header(sheet: TextTable, wish: ColumnWish) -> Cells:
    """The first row where it names the columns, else empty: it holds a name that is known or was said, stands above
    numbers, or what stands above the classes is none of them."""
    first, rest = sheet.rows[0], sheet.rows[1:]
    if len(rest) > 1 and len(set(first)) == len(first) and _above_numbers(first, rest):
        return first
    short = all(cell and len(cell) <= HEADER_LETTERS and cell.count(" ") < HEADER_WORDS for cell in first)
    folded = [name_key(cell) for cell in first]
    if not rest:
        return first if {*TEXTS} & set(folded) and {*LABELS} & set(folded) else ()
    if not short or len(set(first)) < len(first):
        return ()
    wished = {name_key(one) for one in (wish.text, wish.label, wish.group, wish.part) if one}
    known = wished & set(folded) or {*TEXTS, *LABELS} & set(folded)
    if known:
        place = folded.index(next(iter(known)))
        return () if first[place] in _column(rest, place) else first
    if not wish.labelled and len(rest) < SURE_ROWS:  # a text that is answered needlessly is better than one that is not
        return ()
    label = next(iter(_few_and_repeated(rest, {_text([], rest, set())})), None)
    return () if label is None or label >= len(first) or first[label] in _column(rest, label) else first


def _above_numbers(first: Cells, rest: list[Cells]) -> bool:
    """Whether a word stands above a column of nothing but numbers, and no number in this row."""
    columns = [_column(rest, place) for place in range(len(first))]
    numbers = any(column and all(map(_is_number, column)) for column in columns)
    return numbers and all(first) and not any(map(_is_number, first))


def _is_number(cell: str) -> bool:
    return cell.replace(",", ".", 1).lstrip("+-").replace(".", "", 1).isdecimal()


def _column(rows: list[Cells], place: int) -> set[str]:
    return {row[place] for row in rows if place < len(row)}


def _named(folded: list[str], known: Iterable[str], taken: set[int | None]) -> int | None:
    return next((folded.index(name) for name in known if name in folded and folded.index(name) not in taken), None)


def _all_named(folded: list[str], known: tuple[str, ...]) -> list[int]:
    return [place for place, name in enumerate(folded) if name in known]


def _part(folded: list[str], rows: list[Cells], taken: set[int | None]) -> int | None:
    places = [place for place, name in enumerate(folded) if name in SPLITS and place not in taken]
    return next((place for place in places if is_split(parts(_column(rows, place) - {""}))), None)


def _text(folded: list[str], rows: list[Cells], taken: set[int | None]) -> int | None:
    """Of the columns called so, else of all, the one with most letters; what comes again counts once, as long names of
    classes do."""
    sample = rows[:: max(1, len(rows) // SAMPLE)]
    width = max(map(len, sample))
    free = [place for place in range(width) if place not in taken]
    called = [place for place in _all_named(folded, TEXTS) if place in free]
    letters = {
        place: _letters({row[place][:LOOKED_AT] for row in sample if place < len(row)}) for place in called or free
    }
    best = max(letters, key=lambda place: (letters[place], -place), default=None)
    return best if best is not None and (letters[best] or best in called) else None


def _letters(cells: Iterable[str]) -> int:
    """Letters of any script and signs that are no digits, which ids and stamps mostly are."""
    return sum(not letter.isdigit() and letter not in ".,:-/ " for letter in chain.from_iterable(cells))


def _few_and_repeated(rows: list[Cells], taken: set[int | None]) -> list[int]:
    """Of the other columns those whose cells, more than one, come again, that of fewest different ones first."""
    width = max(map(len, rows), default=0)
    different = {place: len(_column(rows, place) - {""}) for place in range(width) if place not in taken}
    fitting = [place for place, count in different.items() if 1 < count <= max(2, len(rows) // 2)]
    if len(different) == 1 and not fitting:
        return [place for place, count in different.items() if count == 1]
    return sorted(fitting, key=lambda place: (different[place], place))
