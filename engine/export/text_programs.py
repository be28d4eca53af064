"""Writes reading.py, a run's way of cutting texts in NumPy, and predict.py, which asks the graph about texts.

What one run does not need is left out: the programs say nothing but what is done with a text.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import NotHere
from engine.export.config import PIECES, Kind
from engine.preparation.inputs import Pieces
from engine.texts import minilm, own, tokens, words

HEAD = '''\
"""Texts as the graph takes them. Needs NumPy{needs}."""

import sys
{imports}
LENGTH, FIXED = {length}, {fixed}  # pieces that are read of a text; whether each text is filled up to so many


def texts(given):
    """Each text, or each line of standard input for "-", with its pieces, int32 [pieces]; an empty one is told, and the
    program ends with 1 after the others."""
    empty = False
    sys.stdout.reconfigure(errors="replace")
    for text in map(tidy, every(given)):
        if text:
            yield text, rows([text])[0]
        else:
            print("no text", file=sys.stderr)
            empty = True
    if empty:
        sys.exit(1)


def every(given):
    for text in given:
        if text == "-":
            for body in sys.stdin.buffer:
                yield from (line for line in decoded(body).replace("\\r", "\\n").split("\\n") if line.strip())
        else:
            yield text


def decoded(body):
    """UTF-8, else as Windows wrote it."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def rows(given):
    """int32 [texts, pieces], padded with 0 to the longest of them."""
    found = [pieces(tidy(text)) for text in given]
    length = LENGTH if FIXED else max(2, *map(len, found))
    out = np.zeros((len(found), length), np.int32)
    for row, one in zip(out, found):
        row[: len(one)] = one
    return out


def tidy(text):
    """As the program reads texts."""
    text = text.replace("\\0", "").replace("\\r\\n", "\\n").replace("\\r", "\\n")
    return text.encode("utf-8", "replace").decode("utf-8").strip()[:{most}]

'''
CUTTER = '''\

cutter = Tokenizer.from_str((Path(__file__).parent / "{file}").read_text(encoding="utf-8"))
cutter.no_padding()
cutter.no_truncation()


def pieces(text):
    """Numbers of the word pieces; of a longer text the first ones, and the last, which marks the end."""
    found = cutter.encode(text).ids
    return found if len(found) <= LENGTH else [*found[: LENGTH - 1], found[-1]]
'''
HASHED = '''\

WORD = re.compile(r"{word}")


def pieces(text):
    """Words and signs, hashed to the numbers 1 .. {last:,}."""
    return [1 + crc32(word.encode()) % {last} for word in WORD.findall(text.lower())[:LENGTH]]
'''
OF_CUTTER = ("from pathlib import Path\n\nimport numpy as np\nfrom tokenizers import Tokenizer\n", " and tokenizers")
OF_WORDS = ("import re\nfrom zlib import crc32\n\nimport numpy as np\n", "")
PROGRAM = '''\
"""{what} Needs onnxruntime{needs}: python predict.py "TEXT"…, or - for each line of standard input."""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from reading import texts

FOLDER = Path(__file__).parent
session = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])
'''
CLASSIFY = """\
labels = (FOLDER / "labels.txt").read_text(encoding="utf-8").splitlines()
for text, row in texts(sys.argv[1:]):
    {found} = session.run([{outputs}], {{"pieces": row[None]}})
    best = np.argsort(-found[0], kind="stable")[:3]
    said = ", ".join(f"{{labels[k]}} {{100 * found[0, k]:.1f}} %" for k in best)
    print(f"{{text}}:{none} {{said}}")
"""
ENCODE = """\
for text, row in texts(sys.argv[1:]):
    (found,) = session.run(["features"], {"pieces": row[None]})
    print(*(f"{value:.6g}" for value in found[0].ravel()))
"""


def text_program(kind: Kind, form: Pieces, asked: dict[str, str]) -> str:
    """The text of predict.py. asked: which outputs of the graph, as `engine.export.predictor` has them."""
    needs = " and NumPy" if form.tokenizer == "words" else ", NumPy and tokenizers"
    if kind == "encoder":
        whole = PROGRAM.format(what="The features of texts.", needs=needs)
        return whole.replace("import numpy as np\n", "") + ENCODE
    return PROGRAM.format(what="The likeliest classes of texts.", needs=needs) + CLASSIFY.format(**asked)


def text_reading(form: Pieces, fixed: bool) -> str:
    """The text of reading.py. fixed: the graph takes texts of one length alone."""
    imports, needs = OF_WORDS if form.tokenizer == "words" else OF_CUTTER
    head = HEAD.format(imports=imports, needs=needs, length=form.size, fixed=fixed, most=tokens.MOST_CHARACTERS)
    if form.tokenizer == "words":
        return head + HASHED.format(word=words.WORD.pattern, last=words.NUMBERS - 1)
    return head + CUTTER.format(file=PIECES)


def cutter_of(form: Pieces) -> str:
    """The text of the tokenizer.json that a network's word pieces are made by, "" of hashed words. Raises `NotHere`."""
    if form.tokenizer == "words":
        return ""
    if own.ahead(form.tokenizer):
        raise NotHere(
            "Only word pieces of encoders that are built here can be exported, and this one is built by transformers.",
            "Export a run of MiniLM or of a plain BERT.", "backbone",
        )  # fmt: skip
    file = minilm.file() if form.tokenizer == "minilm" else own.file_of(form.tokenizer)
    if file is None or not Path(file).is_file():
        raise NotHere(
            "The word pieces of this network are not on this machine.", "Install or add them again.", "backbone"
        )  # fmt: skip
    return file.read_text(encoding="utf-8")
