"""Random valid experiments of every method, and what differs between two."""

import math
import random
from typing import Any

from engine import registry
from engine.backbones import catalog
from engine.backbones.info import BackboneInfo
from engine.errors import InvalidExperiment
from engine.experiment import Experiment, parse_experiment
from engine.families import FAMILIES
from engine.given import MOST_SEED
from engine.preflight.problems import problems
from engine.registry import HyperparameterField, complete
from engine.search.space import Range, searchable

NUMBERS, BANDS, STATES = "sine_mlp", "bands_cnn", "policy_mlp"  # they read curves, patches of four bands, places
TEXTS = ("minilm", "text_transformer", "text_bilstm")
SHIFTS = ("noise", "blur", "contrast", "jpeg", "inversion", "label shift")
TEXT_SHIFTS = ("typos", "case", "dropped words", "label shift")
Body = dict[str, Any]


def number(draw: random.Random, field: HyperparameterField) -> Any:
    """A value of a hyperparameter within its bounds, its own half of the time."""
    if draw.random() < 0.5:
        return field.default
    if field.kind == "choice":
        return draw.choice(field.choices)
    if field.kind == "bool":
        return draw.random() < 0.5
    low, high = field.low or 0, field.high if field.high is not None else max(100, 3 * field.default)
    return draw.randint(int(low), int(high)) if field.kind == "int" else draw.uniform(low, high)


def maybe(draw: random.Random, value: Any) -> Any:
    return value if draw.random() < 0.4 else None


def a_seed(draw: random.Random) -> int:
    return draw.choice((0, draw.randrange(1000), 20240101, draw.randrange(2**40), MOST_SEED))


def a_dataset(draw: random.Random, backbone: str, family: str) -> Body:
    own = {NUMBERS: "sinusoid", BANDS: "regions", STATES: "point_mass", **dict.fromkeys(TEXTS, "clinc150")}
    shifts = TEXT_SHIFTS if backbone in TEXTS else SHIFTS
    divided = FAMILIES[family].divides == "images"
    return {
        "name": own.get(backbone) or draw.choice(("glyphs", "digits")), "split_seed": a_seed(draw),
        "vary_frequency": backbone == NUMBERS and draw.random() < 0.5,
        "distance": draw.choice((1.0, draw.uniform(0, 3))),
        **({} if backbone in (NUMBERS, BANDS, STATES) else {"classes": maybe(draw, draw.randint(7, 10))}),
        **(of_images(draw, shifts) if divided else {"split": maybe(draw, "random-classes")}),
    }  # fmt: skip


def of_images(draw: random.Random, shifts: tuple[str, ...]) -> Body:
    """What only fine-tuning has."""
    shift = {"kind": draw.choice(shifts), "severity": draw.randint(1, 5)}
    further = draw.sample(shifts, draw.randint(0, 2))
    return {
        "labels_per_class": maybe(draw, draw.randint(1, 20)), "part": maybe(draw, "source half"),
        "split": maybe(draw, "stratified"), "shift": maybe(draw, shift),
        "validation_per_class": maybe(draw, draw.randint(1, 9)),
        "tested_on": [{"kind": kind, "severity": draw.randint(1, 5)} for kind in further],
    }  # fmt: skip


def a_run(draw: random.Random) -> Body:
    """Weights of a saved run, here of one that is gone."""
    return {"weights": f"run:{draw.randrange(10**9)}", "head": "kept"}


def start(draw: random.Random, backbone: BackboneInfo) -> Body:
    here = [info.name for info in catalog.weights(backbone.name) if info.here]
    sized = backbone.form.kind == "images" and not backbone.form.fixed
    return {"weights": draw.choice(here), "image_size": maybe(draw, draw.randint(32, 224)) if sized else None}


def layers(draw: random.Random, method: Any, blocks: tuple[str, ...]) -> Body:
    """Cells of the layer table, also some that are the method's own."""
    if not FAMILIES[method.family].layered or trains_nothing(method) or draw.random() < 0.5:
        return {}
    cells = {"rate": draw.choice((1.0, draw.uniform(0.1, 3), 1.000001)), "from_epoch": 0, "anchor": 1 / 3}
    some = draw.sample(sorted(cells), draw.randint(1, 3))
    return {"layers": {draw.choice(blocks): {column: cells[column] for column in some}}}


def trains_nothing(method: Any) -> bool:
    """Whether it only tests what a saved run left."""
    epochs = method.Hyperparameters.model_fields.get("epochs")
    return epochs is not None and epochs.default == 0


def an_experiment(draw: random.Random, method: Any) -> Body:
    backbone = draw.choice(catalog.backbones())
    fields = registry.fields(method, backbone.block_names)
    search = a_search(draw, method)
    minutes = maybe(draw, draw.choice((0.1, 200_000.0, draw.uniform(0, 10), 1e-7)))
    return {
        "dataset": a_dataset(draw, backbone.name, method.family), "seed": a_seed(draw),
        "backbone": {"name": backbone.name, **(a_run(draw) if trains_nothing(method) else start(draw, backbone))},
        "method": {"name": method.name, "hyperparameters": {
            **{field.name: number(draw, field) for field in fields}, **layers(draw, method, backbone.block_names),
        }},
        "budget": {"minutes": minutes, "instead_of_epochs": bool(minutes) and draw.random() < 0.5},
        "search": maybe(draw, search), "precision": draw.choice(("float32", "bfloat16", "automatic")),
    }  # fmt: skip


def a_search(draw: random.Random, method: Any) -> Body:
    ranges = searchable(method)
    chosen = draw.sample(ranges, draw.randint(0, len(ranges)))
    return {
        "trials": draw.randint(1, 1000), "folds": draw.randint(2, 20), "pruning": draw.random() < 0.5,
        "parameters": [one.name for one in chosen], "strategy": draw.choice(("bayesian", "random", "sweep")),
        "minutes": maybe(draw, draw.uniform(0.1, 200)),
        "ranges": {one.name: a_range(draw, one) for one in chosen if not one.choices and draw.random() < 0.3},
    }  # fmt: skip


def a_range(draw: random.Random, one: Range) -> Body:
    """Some of its parts, which may be as they are usually."""
    low, high = sorted(draw.uniform(one.low, one.high) for _ in range(2))
    ends = (math.floor(low), math.ceil(high)) if one.whole else (low, high)
    body = {"low": ends[0], "high": ends[1], "log": one.log, "values": draw.choice((2, 3, 3, 100))}
    return {name: value for name, value in body.items() if draw.random() < 0.5}


def valid(draw: random.Random, method: Any, many: int = 3) -> list[Experiment]:
    """Random experiments that could be started; their images are not looked at."""
    found: list[Experiment] = []
    for _ in range(300):
        try:
            given = complete(parse_experiment(an_experiment(draw, method)))
        except InvalidExperiment:
            continue
        if not problems(given):
            found.append(given)
        if len(found) == many:
            break
    return found


def changed(given: Experiment, got: Experiment) -> dict[str, tuple[Any, Any]]:
    """What is not as it was given: "dataset.split" -> (given, got)."""
    one, other = leaves(given.model_dump()), leaves(got.model_dump())
    return {key: (one.get(key), other.get(key)) for key in one | other if one.get(key) != other.get(key)}


def leaves(body: Body, under: str = "") -> Body:
    flat: Body = {}
    for key, value in body.items():
        flat |= leaves(value, f"{under}{key}.") if isinstance(value, dict) else {f"{under}{key}": value}
    return flat
