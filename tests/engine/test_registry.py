"""Methods are found, completed and explained; faults come as sentences before anything starts."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from pydantic import ValidationError

from engine import registry
from engine.backbones import catalog
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice, parse_experiment
from engine.method import ENCODERS, HyperparameterModel, hyper
from engine.preflight.problems import problems

NAMES = [
    "lp_ft", "setfit", "full_ft", "discriminative", "l2_sp", "reinit_last", "surgical", "gradual", "auto_rgn",
    "auto_snr", "bitfit", "lora",
    "linear_probe", "scratch", "as_is", "target_statistics", "tent",
]  # fmt: skip
META = ["protonet", "maml", "fomaml", "anil", "boil", "meta_sgd", "reptile"]
META += ["matching", "relation", "siamese", "ridge", "baseline", "baseline_pp", "pmf"]
META += ["cnp", "joint", "snail"]
META += ["maml_pp", "cavia", "imaml", "ensemble_anil"]
META += ["metaoptnet", "meta_baseline", "feat", "simple_shot", "bd_cspn"]
NAMES += META


def experiment(method: str = "lp_ft", **values: object) -> Experiment:
    return Experiment(method=MethodChoice(name=method, hyperparameters=values))


def test_every_method_of_the_slice_is_found_the_default_first() -> None:
    found = [m.name for m in registry.methods() if m.family == "finetune"]
    assert found == NAMES[: -len(META)]
    assert {m.name for m in registry.methods() if m.family == "meta"} == set(META)


@pytest.mark.parametrize("name", NAMES)
def test_every_hyperparameter_is_explained_and_its_default_lies_within_bounds(name: str) -> None:
    for field in registry.fields(registry.method(name)):
        assert field.help.endswith(".")
        assert field.label[0].isupper()
        assert field.low is None or field.low <= field.default
        assert field.high is None or field.default <= field.high
        assert not field.choices or field.default in field.choices


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_is_valid_and_the_picture_names_every_block(name: str) -> None:
    method = registry.method(name)
    for title, values in method.presets.items():
        blocks = catalog.backbone("minilm" if title == ENCODERS else "conv4").block_names
        assert tuple(method.picture(values, blocks)) == blocks


def test_pictures_say_what_happens() -> None:
    blocks = ("one", "two", "head")
    pictures = {name: registry.method(name).picture({}, blocks) for name in NAMES}
    assert pictures["linear_probe"] == {"one": "frozen", "two": "frozen", "head": "new"}
    assert pictures["lp_ft"] == {"one": "trained later", "two": "trained later", "head": "new"}
    assert pictures["full_ft"] == {"one": "trained", "two": "trained", "head": "new"}
    assert pictures["scratch"] == {"one": "new", "two": "new", "head": "new"}
    assert pictures["maml"] == {"one": "adapted", "two": "adapted", "head": "adapted"}


def test_completing_fills_in_every_value_and_changes_nothing_given() -> None:
    filled = registry.complete(experiment(epochs=3)).method.hyperparameters
    assert filled["epochs"] == 3
    written = {field.name for field in registry.fields(registry.method("lp_ft"))} - {"probe"}  # if it is not by steps
    assert set(filled) == written | {"layers"}


@pytest.mark.parametrize(
    "values,sentence",
    [
        ({"learning_rate": math.nan}, "“learning_rate” must be a finite number"),
        ({"epochs": 0}, "“epochs” must be greater than or equal to 1"),
        ({"epochs": "many"}, "“epochs” must be a valid integer"),
        ({"epoch": 3}, "“epoch” is not a known setting"),
        ({"schedule": "linear"}, "“schedule” must be 'cosine', 'constant', 'slanted triangular' or 'one-cycle'"),
    ],
)
def test_bad_hyperparameters_are_named(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        registry.complete(experiment(**values))
    assert sentence in caught.value.message
    assert caught.value.field == f"hyperparameters.{next(iter(values))}"


def test_an_unknown_method_gets_the_nearest_name() -> None:
    with pytest.raises(InvalidExperiment, match=r"no method called “lpft”. Did you mean “lp_ft”") as caught:
        registry.method("lpft")
    assert caught.value.field == "method"


@pytest.mark.parametrize(
    "data,sentence",
    [
        ({"seed": -1}, "“seed” must be greater than or equal to 0"),
        ({"colour": "red"}, "“colour” is not a known setting"),
        ({"budget": {"minutes": math.inf}}, "“budget.minutes” must be a finite number"),
        ([], "must be a valid dictionary"),
    ],
)
def test_a_bad_experiment_file_is_one_sentence(data: object, sentence: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        parse_experiment(data)
    assert sentence in caught.value.message


def test_an_experiment_goes_through_json_unchanged_and_cannot_be_changed() -> None:
    given = experiment("maml", inner_rate=0.1)
    assert Experiment.model_validate_json(given.canonical()) == given
    with pytest.raises(ValidationError):
        given.seed = 3  # type: ignore[misc]


def test_seeds_of_one_configuration_share_their_group() -> None:
    assert experiment().group_hash() == experiment().with_seed(7).group_hash()
    assert experiment().group_hash() != experiment(epochs=3).group_hash()


@pytest.mark.parametrize(("field", "value", "same"), [("device", "cuda:1", True), ("precision", "bfloat16", False)])
def test_where_it_runs_is_no_part_of_a_configuration_and_how_it_rounds_is(field: str, value: str, same: bool) -> None:
    other = experiment().model_copy(update={field: value})
    assert (other.group_hash() == experiment().group_hash()) is same
    assert (other.configuration() == experiment().configuration()) is same
    assert Experiment.model_validate_json(other.canonical()) == other


@pytest.mark.parametrize(
    "given,field",
    [
        (Experiment(method=MethodChoice(name="lpft")), "method"),
        (Experiment(backbone=BackboneChoice(name="conv5")), "backbone"),
        (Experiment(backbone=BackboneChoice(weights="imagenet")), "backbone"),
        (Experiment(dataset=DatasetChoice(name="gliphs")), "dataset"),
        (Experiment(dataset=DatasetChoice(name="folder")), "dataset"),
        (Experiment(dataset=DatasetChoice(name="folder", path="/nowhere/at/all")), "dataset"),
        (experiment(epochs=-1), "hyperparameters.epochs"),
        (Experiment(method=MethodChoice(name="maml"), precision="bfloat16"), "precision"),
        (Experiment(method=MethodChoice(name="maml"), dataset=DatasetChoice(labels_per_class=2)), "dataset"),
    ],
)
def test_preflight_names_the_field_and_what_to_do(given: Experiment, field: str) -> None:
    found = problems(given)
    assert [fault.field for fault in found] == [field]
    assert found[0].advice


def test_a_sound_experiment_has_no_problems() -> None:
    assert problems(experiment()) == []


def test_scratch_does_not_ask_for_weights_it_will_not_load() -> None:
    backbone = BackboneChoice(name="resnet18", weights="imagenet")
    assert problems(Experiment(backbone=backbone, method=MethodChoice(name="scratch"))) == []


def test_the_window_can_draw_forms_before_torch_is_loaded() -> None:
    code = (
        "import sys, engine.registry as r, engine.backbones.catalog as c, engine.preflight.problems as p\n"
        "assert not any(m.Hyperparameters.__pydantic_complete__ for m in r.methods()), 'checks are made when needed'\n"
        "[r.fields(m) or m.picture({}, c.backbone('conv4').block_names) for m in r.methods()]\n"
        "p.problems(__import__('engine.experiment').experiment.Experiment())\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TIMED = Budget(minutes=1, instead_of_epochs=True)


@pytest.mark.parametrize(
    "wanted,sentence",
    [
        (experiment("full_ft", layers={"conv9": {"rate": 0.1}}), "no block called “conv9”"),
        (experiment("full_ft", layers={"conv1": {"speed": 1}}), "“speed” is not a known setting"),
        (experiment("full_ft", layers={"head": {"rate": 0}}), "new head never learns"),
        (experiment("surgical", head="stays as it is"), "new head never learns"),
        (experiment("surgical", block="stage9"), "no block “stage9”"),
        (experiment("linear_probe", layers={"head": {"rate": 0}}), "Nothing learns at first"),
        (experiment("lp_ft", layers={"head": {"from_epoch": 100}}), "Nothing learns at first"),
        (experiment("protonet").model_copy(update={"budget": TIMED}), "is for fine-tuning and pretraining"),
        (experiment("as_is"), "tests the head that came with the weights"),
        (Experiment(budget=Budget(instead_of_epochs=True)), "needs the minutes"),
    ],
)
def test_a_table_that_cannot_work_is_a_sentence(wanted: Experiment, sentence: str) -> None:
    faults = [fault for fault in problems(wanted) if sentence in fault.message]
    assert len(faults) == 1
    assert faults[0].advice
    assert faults[0].field


def test_equal_tables_are_written_equally() -> None:
    tables = ({"conv1": {"rate": 0}, "conv2": {}}, {"conv1": {"rate": 0.0}})
    first, second = (registry.complete(experiment("full_ft", layers=table)) for table in tables)
    assert first.group_hash() == second.group_hash()


def test_what_is_not_as_published_is_told_beside_the_paper() -> None:
    told = {method.name: method for method in registry.methods() if method.differs}
    assert {"reptile", "imaml", "relation", "matching", "pmf", "maml_pp", "cnp", "baseline", "baseline_pp"} <= set(told)
    for method in told.values():
        assert method.source() == f"{method.paper}. {method.differs}"
        assert method.differs.endswith(".")
        assert not method.paper.endswith(".")
    assert registry.method("protonet").source() == registry.method("protonet").paper


def test_the_value_that_turns_something_off_is_stated_as_one_and_told_in_the_help() -> None:
    class Toy(HyperparameterModel):
        drop: float = hyper(0.5, "Drop", "Share that is dropped.", low=0.0, high=1.0, off=0)
        wait: int = hyper(1, "Wait", "Epochs; never less than 0 is offered.", low=0)

    drop, wait = (registry._field(name, info, ()) for name, info in Toy.model_fields.items())
    assert (drop.off, drop.help) == (0, "Share that is dropped; 0 is off.")
    assert (wait.off, wait.help) == (None, "Epochs; never less than 0 is offered.")
