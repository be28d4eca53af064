"""The command line: what may be typed, and help that teaches. A fault becomes an `ExperimentError`."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from engine.data.dataset import BUNDLED
from engine.data.sources import datasets
from engine.errors import ExperimentError, InvalidExperiment, shown
from engine.work.process import WORKERS
from ui.about import version
from ui.command.between import add_between
from ui.command.cluster import add_cluster, add_worker_machine
from ui.command.help_texts import (
    ABOUT,
    BETWEEN_HELP,
    CLUSTER_HELP,
    FETCH_HELP,
    RESUME_HELP,
    RUN_HELP,
    STUDY_HELP,
    TOUR,
    WORKER_HELP,
)
from ui.command.table import EVERY, declare, one_experiment
from ui.command.using import add_using

COMMANDS = (
    "demo", "run", "resume", "study", "list", "show", "compare", "between", "fetch", "weights", "predict", "adapt",
    "test", "kept", "mix", "export", "cluster", "worker",
)  # fmt: skip
FIGURES = (".png", ".svg", ".pdf", ".csv")  # that a study's may be saved as
LISTS = ("datasets", "backbones", "methods", "presets", "devices", "runs")


def program() -> str:
    """How this program was called: "warmstart", or "python main.py" from its folder."""
    return "python main.py" if Path(sys.argv[0]).suffix == ".py" else "warmstart"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence and what to do in another; an option is known by its whole name."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        sentence = re.sub("'.{80,}'", lambda value: f"{value.group()[:80]}…'", message[:1].upper() + message[1:])
        raise InvalidExperiment(f"{sentence.rstrip('.')}.", f"See “{self.prog} --help”.")


def named(text: str) -> str:
    """Examples as they can be typed here."""
    return text.replace("PROGRAM", program())


def everywhere() -> Parser:
    """The options that may stand before or after any command."""
    options = Parser(add_help=False)
    options.add_argument(
        "--workspace",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where runs and downloads are kept (also: the variable WARMSTART_WORKSPACE)",
    )
    options.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object per line, for programs"
    )
    words = "ask nothing of any network; what would is refused (also: the variable WARMSTART_OFFLINE)"
    options.add_argument("--offline", action="store_true", default=argparse.SUPPRESS, help=words)
    return options


def parser() -> Parser:
    shape = argparse.RawDescriptionHelpFormatter
    shared = everywhere()
    top = Parser(prog=program(), description=ABOUT, epilog=named(TOUR), formatter_class=shape, parents=[shared])
    top.add_argument("--version", action="version", version=f"Warmstart {version()}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, words: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=words, description=f"{words[:1].upper()}{words[1:]}.", epilog=named(more), formatter_class=shape,
            parents=[shared],
        )  # fmt: skip

    add_demo(command("demo", "run the one-minute example and show the comparison"))
    add_run(command("run", "run an experiment or a study with a progress bar", RUN_HELP))
    add_resume(command("resume", "go on with runs that were cut off, stopped or left waiting", RESUME_HELP))
    add_study(command("study", "run or continue a study: arms, label counts, shifts and seeds as one grid", STUDY_HELP))
    add_questions(command)
    return top


def png_name(text: str) -> str:
    """A name for a picture: no PNG may be called by another kind; refused before anything is run."""
    if Path(text).suffix.lower() == ".png":
        return text
    raise InvalidExperiment(f"“{text}” does not end in .png, and the picture is a PNG.", "Give a name such as a.png.")


def figure_name(text: str) -> str:
    """A name for a figure; its ending says what is written, and others are refused before anything is run."""
    if Path(text).suffix.lower() in FIGURES:
        return text
    raise InvalidExperiment(f"“{shown(text)}” does not end in {', '.join(FIGURES)}.", "Give a name such as a.png.")


def way(text: str) -> tuple[str, int | str]:
    """ "tasks-at-once=4" -> ("tasks at once", 4)."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        remedy = "Give a name and a value: --compute torch-threads=1."
        raise InvalidExperiment(f"“{shown(text)}” is no NAME=VALUE.", remedy)
    return " ".join(name.replace("-", " ").split()), int(value) if value.isdecimal() else value


def add_demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--output", type=png_name, metavar="FILE", help="where the picture of the comparison goes (PNG)")
    demo.add_argument("--no-window", action="store_true", help="stay in the terminal even where there is a display")


def add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("plan", nargs="?", metavar="FILE|PRESET", help="an experiment file or the name of a preset")
    flags = run.add_argument_group("an experiment from flags")
    bundled = ", ".join(one.name for one in datasets() if one.where == BUNDLED)
    names = f"{bundled} (default glyphs), one that was fetched, a folder, a zip"
    flags.add_argument("--data", metavar="NAME|FOLDER|ZIP", help=names)
    declare(flags, one_experiment())
    flags.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="a hyperparameter, or a cell of the layer table: layers.BLOCK.COLUMN=VALUE; repeatable",
    )
    both = run.add_argument_group("for files, presets and flags alike")
    add_seed_flags(both)
    declare(both, EVERY)
    add_compute(both)
    both.add_argument("--name", help="what the runs are called in the list")
    add_worker(both)
    both.add_argument("--dry-run", action="store_true", help="print the experiment file and run nothing")


def add_resume(resume: argparse.ArgumentParser) -> None:
    resume.add_argument("runs", metavar="RUN", nargs="*", help="its number, uid (or the start of it) or name")
    resume.add_argument("--all", action="store_true", help="every run that waits or was cut off, the oldest first")
    add_compute(resume)
    add_worker(resume)


def add_compute(flags: argparse._ActionsContainer) -> None:
    flags.add_argument(
        "--compute", action="append", default=[], metavar="NAME=VALUE", type=way,
        help="what the runs are computed by instead of what is measured, as “show” tells it of a run; repeatable",
    )  # fmt: skip


def add_worker(flags: argparse._ActionsContainer) -> None:
    words = "what trains each run, a thread of this program or a process of its own; default thread"
    flags.add_argument("--worker", choices=tuple(WORKERS), default="thread", help=words)


def add_seed_flags(flags: argparse._ActionsContainer) -> None:
    flags.add_argument("--seed", type=int, metavar="S", help="run every experiment once, with this seed")
    flags.add_argument("--seeds", type=int, metavar="N", help="run every experiment with N seeds, 0 to N-1")


def add_study(study: argparse.ArgumentParser) -> None:
    study.add_argument("what", metavar="PRESET|FILE|list|show|continue", help="a bundled study, a file, or what to do")
    study.add_argument("key", nargs="?", metavar="STUDY", help="for show and continue: its number, uid or title")
    add_seed_flags(study)
    study.add_argument("--device", metavar="NAME", help="cpu, cuda:0, cuda:all, mps, cluster (see: list devices)")
    add_compute(study)
    add_worker(study)
    study.add_argument("--data", metavar="DATA", help="ask the question of other data: a name, a folder or a file")
    study.add_argument("--figure", type=figure_name, metavar="FILE", help="also draw it: .png, .svg, .pdf or .csv")
    study.add_argument(
        "--dry-run", action="store_true", help="print the study file and about how long it takes, and run nothing"
    )


def add_questions(command: Callable[..., argparse.ArgumentParser]) -> None:
    listing = command("list", "say what there is to choose from, or which runs are saved")
    listing.add_argument("what", metavar="|".join(LISTS))
    listing.add_argument(
        "--all", nargs="*", metavar="WORD",
        help="of backbones: all weights that libraries publish, or those that say all these words (vit mit)",
    )  # fmt: skip
    listing.add_argument("--tag", action="append", default=[], metavar="TAG", help="only runs that have this tag")
    listing.add_argument("--archived", action="store_true", help="also the runs that were put into the archive")
    show = command("show", "show one saved run: settings, results with intervals, messages")
    show.add_argument("run", metavar="RUN", help="its number, uid (or the start of it) or name")
    compare = command("compare", "put saved runs side by side and say which is better")
    compare.add_argument(
        "runs", metavar="RUN", nargs="+", help="numbers, uids or names; seeds of one setting are grouped"
    )
    add_between(command("between", "the loss between saved runs, or around one, in the space of weights", BETWEEN_HELP))
    fetch = command("fetch", "download data sets or weights, going on where an earlier try was cut off", FETCH_HELP)
    fetch.add_argument("names", metavar="NAME", nargs="+", help="a data set, a backbone, or backbone:weights")
    add_using(command)
    add_cluster(command("cluster", "begin, look at or end a cluster of machines that work runs", CLUSTER_HELP))
    add_worker_machine(command("worker", "let this machine work runs for a cluster until Ctrl+C", WORKER_HELP))
    own = command("weights", "start from a file of weights of one's own: add, list or remove")
    own.add_argument("action", choices=("add", "list", "remove"))
    own.add_argument("files", metavar="FILE|NAME", nargs="*", help="to add: a file or folder; to remove: own:NAME")
    own.add_argument("--backbone", metavar="NAME", help="the network they are of; default: the one that fits best")
    own.add_argument("--insist", action="store_true", help="keep them though little of the network was found")
    words = "also save a picture of the comparison (PNG)"
    compare.add_argument("--output", type=png_name, metavar="FILE", help=words)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line as a namespace with `workspace` and `json` always set; raises `ExperimentError`."""
    refuse_unknown_command(arguments)
    top = parser()
    chosen, unknown = top.parse_known_args(arguments)
    if unknown and not taken(chosen, unknown):
        refuse_unknown_options(top, chosen.command, unknown)
    chosen.workspace = getattr(chosen, "workspace", None)
    chosen.json = getattr(chosen, "json", False)
    chosen.offline = getattr(chosen, "offline", False)
    return chosen


def taken(chosen: argparse.Namespace, behind: Sequence[str]) -> bool:
    """Whether these are files to look at that stand behind options, which argparse leaves over where there may be
    none."""
    if not hasattr(chosen, "images") or any(one.startswith("-") and one != "-" for one in behind):
        return False
    files = list(behind)
    if getattr(chosen, "classes", "") is None:
        chosen.classes = files.pop(0)
    chosen.images = [*chosen.images, *files]
    return True


def refuse_unknown_command(arguments: Sequence[str]) -> None:
    """Say which command was probably meant; argparse only lists them all."""
    words = [word for before, word in zip(("", *arguments), arguments, strict=False) if before != "--workspace"]
    first = next((word for word in words if not word.startswith("-")), None)
    if first is None or first in COMMANDS:
        return
    close = difflib.get_close_matches(first, COMMANDS, 1)
    hint = f"Did you mean “{close[0]}”? " if close else ""
    raise ExperimentError(f"There is no command called “{first}”.", f"{hint}Commands: {', '.join(COMMANDS)}.")


def refuse_unknown_options(top: Parser, command: str | None, unknown: Sequence[str]) -> NoReturn:
    """Say which option of the command was probably meant."""
    commands = next(action.choices for action in top._actions if isinstance(action, argparse._SubParsersAction))
    of = commands[command] if command else top
    wrong = next((word for word in unknown if word.startswith("-")), "")
    known = [name for name in of._option_string_actions if name.startswith("--")]
    close = difflib.get_close_matches(f"--{wrong.lstrip('-').partition('=')[0]}", known, 1) if wrong else []
    hint = f"Did you mean {close[0]}? " if close else ""
    raise InvalidExperiment(f"Unrecognized arguments: {' '.join(unknown)}.", f"{hint}See “{of.prog} --help”.")
