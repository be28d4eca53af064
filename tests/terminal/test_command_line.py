"""The line that the window copies: what the terminal reads from it is the same experiment, letter by letter."""

import random
import shlex
from pathlib import Path

import pytest
from PIL import Image

from engine import registry
from engine.data.sources import resolve
from engine.experiment import Experiment
from engine.families import FAMILIES
from engine.registry import complete
from tests.random_experiments import changed, valid
from ui.command.arguments import parse, program
from ui.command.command_line import command_for
from ui.command.flags import plan_from
from ui.command.none import no_command

ODD = (
    "-x",
    "a b",
    "it's",
    '"',
    "$HOME",
    "`id`",
    "a;b",
    "--help",
    "*",
    "\\",
    "\u308a\u3093\u3054",
    "#1",
    "a=b",
    "two\nlines",
    "",
)


def read(line: str) -> tuple[list[Experiment], str]:
    """The experiments and the name that the terminal takes from a line."""
    words = shlex.split(line)
    assert words[: len(program().split())] == program().split()
    chosen = parse(words[len(program().split()) :])
    return list(plan_from(chosen).experiments), chosen.name or ""


@pytest.mark.parametrize("family", FAMILIES)
def test_the_line_gives_the_same_experiment(family: str) -> None:
    draw = random.Random(f"lines, {family}")
    wrong = []
    for method in (method for method in registry.methods() if method.family == family):
        for given in valid(draw, method):
            (got,), _ = read(command_for([given]))
            wrong += [(method.name, found) for found in [changed(given, got)] if found]
    assert wrong == []


def test_a_plain_experiment_makes_a_short_line() -> None:
    plain = complete(Experiment())
    assert command_for([plain]) == f"{program()} run --data glyphs --backbone conv4 --weights random --method lp_ft"


@pytest.mark.parametrize("name", ODD)
def test_odd_names_of_runs_and_folders_are_quoted(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / f"photos {name}"
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        Image.new("L", (8, 8)).save(folder / label / "one.png")
    given = complete(Experiment(dataset=resolve(folder)))
    assert read(command_for([given], name, tmp_path / name)) == ([given], name)


def test_several_seeds_are_one_line_from_0_and_else_one_for_each() -> None:
    one = complete(Experiment())
    from_0, from_7 = ([one.with_seed(first + place) for place in range(3)] for first in (0, 7))
    assert read(command_for(from_0)) == (from_0, "")
    lines = command_for(from_7).splitlines()
    assert [experiment for line in lines for experiment in read(line)[0]] == from_7


@pytest.mark.parametrize("arguments", [[], ["--workspace", "a"], *(["--workspace", word] for word in ODD)])
def test_no_command_is_what_the_parser_says_of_it(arguments: list[str]) -> None:
    chosen = no_command(arguments)
    if arguments[-1:] in (["-x"], ["--help"]):
        assert chosen is None
    else:
        assert chosen == parse(arguments)


@pytest.mark.parametrize("arguments", [["--workspace"], ["--json"], ["demo"], ["--workspace", "a", "list", "runs"]])
def test_all_else_is_left_to_the_parser(arguments: list[str]) -> None:
    assert no_command(arguments) is None
