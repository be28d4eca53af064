"""The line that the window copies: what the terminal reads from it is the same experiment, letter by letter."""

import random
import shlex
from pathlib import Path

import pytest
from PIL import Image

from engine import registry
from engine.data.dataset import TEXTS_START
from engine.data.sources import resolve
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, TaskChoice
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


def test_settings_of_a_further_tasks_images_come_back(tmp_path: Path) -> None:
    """Seed, labels and parts of other images, of a data set and of a folder with a colon in its name."""
    photos = tmp_path / "a: b"
    for kind in ("cat", "dog"):
        (photos / kind).mkdir(parents=True)
        Image.new("L", (8, 8)).save(photos / kind / "1.png")
    digits = DatasetChoice(name="digits", split_seed=3, part="source half", labels_per_class=2)
    folder = resolve(str(photos)).model_copy(update={"class_level": 1, "validation_per_class": 4})
    for few in (None, 2, 5):
        given = complete(
            Experiment(
                dataset=DatasetChoice(name="glyphs", labels_per_class=few),
                method=MethodChoice(name="equal"),
                tasks=(
                    TaskChoice(),
                    *(TaskChoice(labels="first half", dataset=one) for one in (digits, folder)),
                ),
            )
        )
        (got,), _ = read(command_for([given]))
        assert got.tasks == given.tasks
        assert got.dataset == given.dataset


def test_few_labels_hold_for_a_further_tasks_images_unless_it_says_its_own() -> None:
    def tasks(*words: str) -> list[int | None]:
        line = f"{program()} run --data glyphs --labels-per-class 5 --method equal --tasks classes {' '.join(words)}"
        (got,), _ = read(line)
        return [one.dataset.labels_per_class for one in got.tasks if one.dataset is not None]

    assert tasks("digits:classes", "digits:first-half:labels-per-class=2") == [5, 2]
    assert tasks("digits:classes:labels-per-class=all") == [None]
    for wrong, said in (
        ("digits:classes:colour=1", "is no setting"),
        ("first-half:split-seed=1", "before the question"),
    ):
        with pytest.raises(InvalidExperiment, match=said):
            tasks(wrong)


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


def test_random_words_of_an_encoder_are_learnt_unless_it_is_said_otherwise() -> None:
    """What is usual of pretrained weights keeps their table of words, which is of no use where it is random."""
    line = f"{program()} run --data clinc150 --method full_ft --backbone minilm --weights"
    pretrained, random = (read(f"{line} {weights}")[0][0] for weights in ("sentences", "random"))
    assert pretrained.method.hyperparameters["layers"]["embeddings"] == {"rate": 0.0}
    assert random.method.hyperparameters["layers"] == {}
    for one in (pretrained, random):
        assert "--set" not in command_for([one])
        assert read(command_for([one]))[0] == [one]


@pytest.mark.parametrize(
    "layers,said",
    [
        ({"embeddings": {"rate": 0.0}, "head": {"rate": 20.0}}, []),  # as usual on an encoder of texts
        ({"embeddings": {"rate": 0.0}, "head": {"rate": 5.0}}, ["layers.head.rate=5.0"]),
        ({}, ["layers=none"]),
        ({"layer1": {"rate": 0.5}}, ["layers=none", "layers.layer1.rate=0.5"]),
    ],
)
def test_usual_changes_to_the_layer_table_are_not_said_and_can_be_taken_back(
    layers: dict[str, dict[str, float]], said: list[str]
) -> None:
    backbone = BackboneChoice(name="minilm", weights="sentences")
    values = registry.usual_values(TEXTS_START, "full_ft", backbone) | {"layers": layers}
    choice = MethodChoice(name="full_ft", hyperparameters=values)
    given = complete(Experiment(dataset=DatasetChoice(name="clinc150"), backbone=backbone, method=choice))
    line = command_for([given])
    assert [word for word in shlex.split(line) if "layers" in word] == said
    assert read(line)[0] == [given]
