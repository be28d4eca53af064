"""The commands that ask saved runs: about images, about what they keep, about what lies between them."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from engine.errors import InvalidExperiment, shown
from ui.command.help_texts import ADAPT_HELP, EXPORT_HELP, KEPT_HELP, MIX_HELP, PREDICT_HELP, TEST_HELP

TASK = "of a run that learnt several tasks: which of them answers, by its title or number"


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise InvalidExperiment(f"“{shown(text)}” is no number of classes.", "Give a whole number from 1 on.")
    return int(text)


def alpha(text: str) -> float:
    """Between 0 and 1; what is no number is refused like one beyond them."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if 0 <= found <= 1:
        return found
    raise InvalidExperiment(f"“{shown(text)}” is no alpha.", "Give a number from 0, the start, to 1, the result.")


def add_images(asked: argparse.ArgumentParser) -> None:
    words = "what to look at, in this order; of texts also tables and lists of them, and - for standard input"
    asked.add_argument("images", metavar="FILE|FOLDER|ZIP", nargs="*", help=words)
    words = "a text to be answered, as often as wished, by a run that learnt from texts"
    asked.add_argument("--text", metavar="TEXT", action="append", help=words)
    words = "a text file, or standard input, is one text; else each line is one"
    asked.add_argument("--whole", action="store_true", help=words)
    asked.add_argument("--column", metavar="NAME", help="of tables: the column with the texts, by name or number")
    asked.add_argument("--top", type=positive, metavar="N", help="how many classes; default 3, of --json all")
    asked.add_argument("--task", metavar="NAME", help=TASK)
    words = "also write a table, with the likeliest class or --top of them; what a spreadsheet would compute gets an "
    asked.add_argument("--csv", metavar="FILE", help=f"{words}apostrophe before it, which --json leaves out")
    asked.add_argument("--device", metavar="NAME", help="cpu, cuda:0, mps (see: list devices)")


def add_export(export: argparse.ArgumentParser) -> None:
    words = "its number, uid (or the start of it) or name; or a folder of kept classes"
    export.add_argument("run", metavar="RUN", help=words)
    export.add_argument("--to", metavar="DIR", required=True, help="the folder to make; it must not be there yet")
    export.add_argument(
        "--classes", metavar="DIR",
        help="for methods that learn classes by example: a folder of images for each class, or a table of texts",
    )  # fmt: skip
    export.add_argument("--task", metavar="NAME", help=TASK)
    words = "a folder of images or texts to check the export on, instead of the run's own"
    export.add_argument("--check-on", metavar="DIR", help=words)
    export.add_argument("--pt2", action="store_true", help="also torch's own file, for the same version of torch")


def add_mix(mix: argparse.ArgumentParser) -> None:
    mix.add_argument("runs", metavar="RUN", nargs="+", help="one run, or several of one start: numbers, uids or names")
    mix.add_argument("--on", metavar="NAME|FOLDER|ZIP", help="of one run: another set of images to test on")
    mix.add_argument("--alpha", type=alpha, metavar="A", help="of one run: keep this mixture, not the one chosen")
    mix.add_argument("--keep", action="store_true", help="keep the chosen mixture, tested as a run of its own")
    mix.add_argument("--name", help="what that run is called in the list")
    mix.add_argument("--device", metavar="NAME", help="cpu, cuda:0, mps (see: list devices)")


def add_using(command: Callable[..., argparse.ArgumentParser]) -> None:
    """What asks saved runs about images."""
    predict = command("predict", "what a saved or exported run says of images or texts", PREDICT_HELP)
    adapt = command("adapt", "let a saved run meet new classes, then say what it makes of images or texts", ADAPT_HELP)
    for asked, also in (
        (predict, ", or a folder that was exported"),
        (adapt, ", or a folder of classes kept on Try it"),
    ):
        asked.add_argument("run", metavar="RUN", help=f"its number, uid (or the start of it) or name{also}")
    adapt.add_argument(
        "classes", metavar="CLASSES", nargs="?",
        help="a folder with one folder of a few images for each class, or a table of texts with their classes; "
        "not after classes that were kept",
    )  # fmt: skip
    adapt.add_argument(
        "--head", metavar="NAME", default="nearest_mean",
        help="what tells the classes apart for a run that learns no tasks, on the features of its network",
    )  # fmt: skip
    adapt.add_argument(
        "--calibrate", action="store_true",
        help="measure first, on the run's own validation and test tasks, how sure a meta-learner may be; kept with it",
    )  # fmt: skip
    add_images(predict)
    add_images(adapt)
    again = command(
        "test", "test saved runs on another folder of images, or other texts, and keep the figures", TEST_HELP
    )
    again.add_argument("runs", metavar="RUN", nargs="+", help="numbers, uids or names")
    again.add_argument(
        "data", metavar="NAME|FOLDER|ZIP", help="images or texts with their classes, named as the runs' own"
    )
    again.add_argument("--device", metavar="NAME", help="cpu, cuda:0, mps (see: list devices)")
    kept = command("kept", "how well fine-tuned runs still tell the classes of the run they started from", KEPT_HELP)
    kept.add_argument("runs", metavar="RUN", nargs="+", help="numbers, uids or names")
    kept.add_argument("--device", metavar="NAME", help="cpu, cuda:0, mps (see: list devices)")
    add_mix(command("mix", "mix a run with its start (WiSE-FT), or several runs of one start (soups)", MIX_HELP))
    add_export(command("export", "write a saved run as a folder that works without this program", EXPORT_HELP))
