"""Land cover on unseen regions: random and pooled weights fine-tuned, MAML and ProtoNet, over shots and distance.

    python -m benchmarks.land_cover [--distances 0 1 2] [--seeds 5] [--output land_cover.json]

Each arm but the random one is trained on the same number of images of the same training regions; pooled arms learn to
tell the covers apart over all regions at once. All are tested on the same episodes of unseen regions. Every arm's rates
are chosen from its grid on validation regions, with the first seed and at each distance, and kept for the other seeds;
--chosen takes them from an earlier output. Another seed is another world of regions as well. The interval is Student's,
95 %, over seeds; the gap is paired over seeds, to the pooled arm that tests best at that shot.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from engine.comparison.intervals import mean_interval
from engine.events import Evaluated, Metrics, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.metrics import SHOTS

CURVES = {"few": "1, 2, 5", "all": "1, 2, 5, 10, 20"}  # shots that are tested
OWN = 2  # shots that are trained and validated with
WAY, QUERY = 4, 10
IMAGES = 60_000  # that each trained arm sees, unless told otherwise
EPISODE = WAY * (OWN + QUERY)
COMMON = {"way": WAY, "shot": OWN, "query": QUERY, "validation_episodes": 60, "validate_every": 10_000}
FINE_TUNED = {"adapts": "everything", "test_iterations": 20, "test_steps": 10}
Scores = dict[int, float]


class Arm:
    """name: of the method. values: what it is always run with. grid: what is chosen on validation regions."""

    def __init__(self, title: str, name: str, values: Mapping[str, Any], grid: Mapping[str, tuple[Any, ...]]) -> None:
        self.title, self.name, self.values, self.grid = title, name, values, grid

    def settings(self) -> Iterator[dict[str, Any]]:
        for values in product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))


def arms(images: int) -> tuple[Arm, ...]:
    """Everything that is compared; each trained arm sees `images` images."""
    batches, steps = images // 64, images // (4 * EPISODE)
    episodes = {"steps": steps, "meta_batch": 4}
    maml = {**episodes, "inner_steps": 2, "test_steps": 5, "learning_rate": 3e-3}
    return (
        Arm("ProtoNet", "protonet", {**episodes, "training_way": WAY}, {"learning_rate": (1e-3, 3e-3)}),
        Arm("Pooled pretraining, head only", "baseline", {"steps": batches}, {"learning_rate": (1e-3, 3e-3)}),
        Arm("Pooled pretraining, by angle", "baseline_pp", {"steps": batches}, {"learning_rate": (1e-3, 3e-3)}),
        Arm("MAML", "maml", maml, {"inner_rate": (0.03, 0.1)}),
        Arm(
            "Pooled pretraining, fine-tuned", "baseline", {"steps": batches, **FINE_TUNED},
            {"learning_rate": (3e-3,), "tuning_rate": (0.01, 0.05)},
        ),
        Arm("Random weights, fine-tuned", "baseline", {"steps": 0, **FINE_TUNED}, {"tuning_rate": (0.03, 0.1)}),
    )  # fmt: skip


@dataclass(frozen=True)
class Test:
    """episodes: at each number of shots. curve: the shots, one of `CURVES`."""

    episodes: int
    curve: str

    @property
    def shots(self) -> tuple[int, ...]:
        return tuple(map(int, CURVES[self.curve].split(",")))


def experiment(arm: Arm, setting: Mapping[str, Any], distance: float, seed: int, test: Test) -> Experiment:
    tested = {"test_episodes": test.episodes, "over_shots": CURVES[test.curve]}
    values = {**COMMON, **tested, **arm.values, **setting}
    return Experiment(
        dataset=DatasetChoice(name="regions", distance=distance, split_seed=seed),
        backbone=BackboneChoice(name="bands_cnn"),
        method=MethodChoice(name=arm.name, hyperparameters=values),
        seed=seed,
    )


def run(asked: Experiment) -> tuple[float, Scores]:
    """Validation accuracy of the weights that were tested, and shot -> test accuracy."""
    validation, scores = float("nan"), {}
    with tempfile.TemporaryDirectory() as folder:
        for event in execute(asked, Path(folder)):
            if isinstance(event, RunFailed):
                raise SystemExit(f"{event.message} {event.advice}\n{event.traceback}")
            if isinstance(event, Metrics) and "val/accuracy" in event.values:
                validation = event.values["val/accuracy"]
            if isinstance(event, Evaluated) and not event.at:
                scores[OWN] = event.value
            elif isinstance(event, Evaluated) and SHOTS in event.at:
                scores[int(event.at[SHOTS])] = event.value
    return validation, scores


def chosen(arm: Arm, distance: float, test: Test) -> tuple[dict[str, Any], Scores]:
    """The setting with the best validation accuracy at this distance, first seed, and what it scores."""
    asked = [(experiment(arm, setting, distance, 0, test), setting) for setting in arm.settings()]
    if not arm.values["steps"]:
        best, setting = max(asked, key=lambda one: untrained(one[0]))
        return setting, run(best)[1]
    tried = [(*run(one), setting) for one, setting in asked]
    _, scores, setting = max(tried, key=lambda one: one[0])
    return setting, scores


def untrained(asked: Experiment) -> float:
    """Mean accuracy over the validation episodes with the weights as they are at the start."""
    import torch

    from engine.meta.evaluation import Meeting
    from engine.meta.run import build, read_tasks
    from engine.registry import build_method

    method = build_method(asked)
    tasks = finished(read_tasks(asked, method, torch.device("cpu")))
    model = build(asked, method, tasks, Path())
    scores = finished(Meeting(method, model, tasks).scores(tasks.validation, "", lambda: False))
    return float(scores[:, -1].mean())


def earlier(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(arm, distance) -> the rates that were chosen on validation regions in an earlier run."""
    found = json.loads(path.read_text(encoding="utf-8"))["chosen"]
    return {(one["arm"], one["distance"]): one["chosen"] for one in found}


def finished(work: Any) -> Any:
    """What a generator returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def table(found: Mapping[str, Mapping[str, list[Scores]]], distance: str, shots: tuple[int, ...]) -> str:
    """Markdown: arm by shot, mean ± half-width over seeds in percent."""
    lines = [f"Distance {distance}", "", f"| | {' | '.join(f'{shot}-shot' for shot in shots)} |"]
    lines.append("|---" * (len(shots) + 1) + "|")
    for title, by_distance in found.items():
        seeds = by_distance.get(distance, [])
        if seeds:
            cells = [words([scores[shot] for scores in seeds]) for shot in shots]
            lines.append(f"| {title} | {' | '.join(cells)} |")
    gaps = (gap(found, distance, title, shots) for title in ("MAML", "ProtoNet"))
    return "\n".join([*lines, *filter(None, gaps)])


def gap(found: Mapping[str, Mapping[str, list[Scores]]], distance: str, title: str, shots: tuple[int, ...]) -> str:
    """A row: the lead over pooled pretraining (the better of its two arms by mean, at each shot), paired over seeds."""
    pooled = [by_distance.get(distance, []) for name, by_distance in found.items() if name.startswith("Pooled")]
    mine = found.get(title, {}).get(distance, [])
    count = min((len(seeds) for seeds in (mine, *pooled)), default=0) if pooled else 0
    if not count:
        return ""
    cells = []
    for shot in shots:
        best = max(pooled, key=lambda seeds: sum(scores[shot] for scores in seeds[:count]))
        cells.append(words([mine[n][shot] - best[n][shot] for n in range(count)], sign=True))
    return f"| {title} − best pooled | {' | '.join(cells)} |"


def words(values: list[float], sign: bool = False) -> str:
    found = mean_interval(values)
    value = f"{100 * found.value:+.1f}" if sign else f"{100 * found.value:.1f}"
    return f"{value} ± {100 * found.half:.1f}" if found.known else value


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distances", type=float, nargs="+", default=[0.0, 1.0, 2.0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--episodes", type=int, default=150, help="test episodes at each shot")
    parser.add_argument("--shots", choices=list(CURVES), default="all", help="few: 1, 2, 5; all: 10 and 20 as well")
    parser.add_argument("--images", type=int, default=IMAGES, help="that each trained arm sees")
    titles = [arm.title for arm in arms(IMAGES)]
    parser.add_argument("--arms", nargs="+", choices=titles, default=titles, metavar="TITLE", help="; ".join(titles))
    parser.add_argument("--chosen", type=Path, help="an earlier output, whose chosen rates are used again")
    parser.add_argument("--output", type=Path, default=Path("land_cover.json"))
    return parser.parse_args()


def main() -> None:
    given = arguments()
    test, begin = Test(given.episodes, given.shots), time.perf_counter()
    compared = [arm for arm in arms(given.images) if arm.title in given.arms]
    found: dict[str, dict[str, list[Scores]]] = {arm.title: {} for arm in compared}
    kept: dict[tuple[str, str], dict[str, Any]] = earlier(given.chosen) if given.chosen else {}
    for seed, distance, arm in product(range(given.seeds), given.distances, compared):
        key = f"{distance:g}"
        if (arm.title, key) not in kept:
            kept[arm.title, key], scores = chosen(arm, distance, test)
        else:
            _, scores = run(experiment(arm, kept[arm.title, key], distance, seed, test))
        found[arm.title].setdefault(key, []).append(scores)
        spent = time.perf_counter() - begin
        print(f"{spent:.0f} s", key, seed, arm.title, kept[arm.title, key], scores, flush=True)
        settings = [{"arm": title, "distance": far, "chosen": values} for (title, far), values in kept.items()]
        body = {"machine": machine(), "images": given.images, "seconds": spent, "chosen": settings, "scores": found}
        given.output.write_text(json.dumps(body, indent=1), encoding="utf-8")
    print("\n\n".join(table(found, f"{distance:g}", test.shots) for distance in given.distances), flush=True)


if __name__ == "__main__":
    main()
