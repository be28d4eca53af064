"""Weights between a run and its start, and soups: real runs on drawn bars, ends and single runs to the last bit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch

from engine.artifacts.saved import SavedModel, experiment_of
from engine.backbones.backbone import snapshot
from engine.comparison.wording import caveats
from engine.errors import ExperimentError
from engine.events import Evaluated, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice
from engine.landscape.mixing import mixed
from engine.mixtures.saving import experiment_of_mixture, keep_mixture
from engine.mixtures.soup import cooked
from engine.mixtures.wise_ft import ALPHAS, best_of, line_of
from engine.provenance.in_sight import KEY, chosen_by_hand
from engine.provenance.seen import learnt_from
from engine.search_choice import SearchChoice
from engine.using.own_images import own_images
from storage.workspace import MIXTURE
from tests.engine.landscape.conftest import photos, run  # noqa: F401 its runs are shared

T = TypeVar("T")
Run = Callable[..., Path]
GENTLE = {"probe_epochs": 5, "learning_rate": 0.002}


def drained(work: Generator[Any, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def ingredients(run: Run) -> list[tuple[Path, str]]:  # noqa: F811
    """Two runs of one probe, with its head, and other rates and seeds."""
    run("probe", "linear_probe")
    start = {"backbone": {"weights": "run:probe", "head": "kept"}}
    rates = ((0, 0.002), (1, 0.004))
    return [(run(f"from probe {seed}", seed=seed, learning_rate=rate, **start), f"rate {rate}") for seed, rate in rates]


def test_the_ends_are_the_probe_and_the_result_bit_for_bit(run: Run) -> None:  # noqa: F811
    folder = run("gentle", "lp_ft", **GENTLE)
    line = drained(line_of(folder, "LP-FT"))
    test = line.material.test
    assert not line.surveyor.averaged  # LP-FT keeps batch norm as it came
    line.state(1.0)
    saved = SavedModel.open(folder)
    assert torch.equal(line.surveyor.logits(test), saved.seen(test.inputs[:])[1])
    line.state(0.0)
    probe = SavedModel.open(run("same probe", "linear_probe", epochs=5))
    assert torch.equal(line.surveyor.network.head.weight, probe.network.head.weight)
    assert torch.equal(line.surveyor.logits(test), probe.seen(test.inputs[:])[1])


def test_the_probe_ends_where_the_run_ended_it(run: Run) -> None:  # noqa: F811
    """By its patience, which validation images decide; the folder of the run is left as it is."""
    folder = run("patient", "lp_ft", probe_epochs=40, patience=1, learning_rate=0.002)
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    start = drained(line_of(folder, "LP-FT")).start
    probe = SavedModel.open(run("patient probe", "linear_probe", epochs=40, patience=1, tested="last epoch"))
    assert torch.equal(start.state["head.weight"], probe.network.head.weight)
    assert before == {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_alpha_is_chosen_by_validation_images_alone(run: Run) -> None:  # noqa: F811
    line = drained(line_of(run("gentle", "lp_ft", **GENTLE), "LP-FT"))
    found = drained(line.measured())
    assert len(found.test) == len(found.validation) == len(ALPHAS)
    assert found.chosen == best_of(list(found.validation))
    best = max(one.accuracy for one in found.validation)
    assert found.validation[found.chosen].accuracy == best
    assert not found.source
    assert "no saved run" in found.source_words
    assert best_of([]) is None


def test_the_source_and_another_folder_are_measured_along_the_way(run: Run, photos: Path) -> None:  # noqa: F811
    run("source", "scratch")
    folder = run("from source", "lp_ft", backbone={"weights": "run:source"}, dataset={"split_seed": 3}, **GENTLE)
    line = drained(line_of(folder, "LP-FT", DatasetChoice(name="folder", path=str(photos))))
    found = drained(line.measured())
    assert len(found.source) == len(found.further) == len(ALPHAS)
    assert found.source[0].values["source/old head"] == line.watch.before.values["source/old head"]  # type: ignore[union-attr]
    assert line.further is not None
    learnt = learnt_from(folder)
    assert learnt is not None
    data = line.material.data
    assert not set(data.contents[line.further.images.ids].tolist()) & set(learnt.tolist())


def test_the_ends_are_themselves_where_batch_norm_moved(run: Run) -> None:  # noqa: F811
    """A head probed on the pretrained statistics, then all of it fine-tuned by those of its batches."""
    run("probe", "linear_probe")
    kept = {"weights": "run:probe", "head": "kept"}
    folder = run("moved", backbone=kept)
    line = drained(line_of(folder, "full"))
    assert line.surveyor.averaged
    test = line.material.test.inputs[:]
    for alpha, own in ((0.0, "probe"), (1.0, "moved")):
        state = line.state(alpha)
        of = SavedModel.open(folder.parent / own)
        assert all(torch.equal(value, state[key]) for key, value in of.network.state_dict().items())
        assert torch.equal(line.surveyor.logits(line.material.test), of.seen(test)[1])


def test_between_the_ends_statistics_are_averaged_and_moved_as_the_ends_are(run: Run) -> None:  # noqa: F811
    """Near an end they are near its own, however far these are from an average: by hand for the first batch norm."""
    run("probe", "linear_probe")
    line = drained(line_of(run("moved", backbone={"weights": "run:probe", "head": "kept"}), "full"))
    ends = [line.start.state, line.end.state]
    name = sorted(line.surveyor.averaged)[0]
    averages = []
    for one in (*ends, mixed(ends, (0.25, 0.75))):
        line.surveyor.put(one)
        averages.append(snapshot(line.surveyor.network))
    state = line.state(0.75)
    own, anew = ([one[f"{name}.running_mean"] for one in states] for states in (ends, averages))
    expected = anew[2] + 0.25 * (own[0] - anew[0]) + 0.75 * (own[1] - anew[1])
    torch.testing.assert_close(state[f"{name}.running_mean"], expected)
    own, anew = ([one[f"{name}.running_var"] + 1e-5 for one in states] for states in (ends, averages))
    expected = anew[2] * (own[0] / anew[0]) ** 0.25 * (own[1] / anew[1]) ** 0.75 - 1e-5
    torch.testing.assert_close(state[f"{name}.running_var"], expected, rtol=1e-4, atol=1e-6)
    line.surveyor.averaged = frozenset()
    assert torch.equal(line.state(0.75)["head.weight"], state["head.weight"])


def test_a_soup_of_runs_of_one_start(run: Run) -> None:  # noqa: F811
    soup = drained(cooked(ingredients(run)))
    alone = [one.alone.validation.accuracy for one in soup.ingredients]
    assert alone == sorted(alone, reverse=True)
    assert soup.ingredients[0].taken
    assert soup.greedy.validation.accuracy >= alone[0]
    first = soup.ingredients[0].corner
    images = own = drained(own_images(first.model, first.folder)).test
    logits = soup.kitchen.mix([first]).logits(images)  # a soup of one
    assert torch.equal(logits, first.model.seen(own.inputs[:])[1])


def test_a_kept_mixture_is_tested_like_its_run_and_is_weights_for_others(run: Run, tmp_path: Path) -> None:  # noqa: F811
    folder = run("gentle", "lp_ft", **GENTLE)
    line = drained(line_of(folder, "LP-FT"))
    found, state = drained(line.measured()), line.state(0.5)
    name = keep_mixture(state, {"start": 0.5, folder.name: 0.5}, [line.end])
    assert keep_mixture(state, {"start": 0.5, folder.name: 0.5}, [line.end]) == name
    assert MIXTURE.fullmatch(f"run:{name}")
    events = list(execute(experiment_of_mixture(name, line.end), folder.parent / "kept mixture"))
    assert not [event for event in events if isinstance(event, RunFailed)]
    figure = next(event for event in events if isinstance(event, Evaluated))
    assert figure.value == pytest.approx(found.test[5].accuracy)
    again = SavedModel.open(folder.parent / "kept mixture")
    assert all(torch.equal(value, state[key]) for key, value in again.network.state_dict().items())


def test_the_figure_of_what_was_chosen_by_hand_says_so(run: Run) -> None:  # noqa: F811
    """And that of whatever starts from it, as long as it is tested on images whose figures were in sight."""
    folder = run("gentle", "lp_ft", **GENTLE)
    line = drained(line_of(folder, "LP-FT"))
    found, shares = drained(line.measured()), {"start": 0.7, folder.name: 0.3}
    validated = line.sighted(0.3, replace(found, chosen=3))
    assert not len(validated)
    notes = []
    for place, sighted in enumerate((validated, line.sighted(0.3, replace(found, chosen=4)))):
        name = keep_mixture(line.state(0.3), shares, [line.end], sighted)
        tested = folder.parent / f"chosen{place}"
        events = execute(experiment_of_mixture(name, line.end), tested)
        notes.append(next(event.notes for event in events if isinstance(event, Evaluated)))
    assert KEY not in notes[0]
    assert notes[1][KEY] == "weights chosen by hand with the figures of 18 of 18 test examples in sight"
    assert caveats(notes[1]) == [notes[1][KEY]]
    begun = BackboneChoice(weights="run:chosen1")
    data, split = line.material.data, line.material.split
    assert chosen_by_hand(begun, data, split.test, folder.parent)
    assert not chosen_by_hand(begun, data, split.train, folder.parent)


def test_runs_whose_images_are_shifted_otherwise_make_no_soup(run: Run) -> None:  # noqa: F811
    start = {"backbone": {"weights": "run:probe", "head": "kept"}, "dataset": {"shift": {"kind": "noise"}}}
    others = [*ingredients(run)[:1], (run("noisy from probe", **start), "noisy")]
    with pytest.raises(ExperimentError, match="validated or tested on other data"):
        drained(cooked(others))


def test_a_head_whose_rates_were_searched_for_is_not_learnt_again_by_others(run: Run, tmp_path: Path) -> None:  # noqa: F811
    """The run's folder has the settings as they were asked for, not those that the search chose."""
    folder = Path(shutil.copytree(run("gentle", "lp_ft", **GENTLE), tmp_path / "searched"))
    said = experiment_of(folder).model_copy(update={"search": SearchChoice()})
    (folder / "experiment.json").write_text(said.model_dump_json())
    with pytest.raises(ExperimentError, match="were searched for"):
        drained(line_of(folder, "LP-FT"))


def test_what_cannot_be_mixed_is_said(run: Run) -> None:  # noqa: F811
    with pytest.raises(ExperimentError, match="began with a random head"):
        drained(line_of(run("full0"), "full"))
    with pytest.raises(ExperimentError, match="random head"):
        drained(cooked([(run("full0"), "a"), (run("full1", seed=1), "b")]))
    with pytest.raises(ExperimentError, match="two runs or more"):
        drained(cooked(ingredients(run)[:1]))
    others = [*ingredients(run)[:1], (run("gentle", "lp_ft", **GENTLE), "LP-FT")]
    with pytest.raises(ExperimentError, match="other weights or another head"):
        drained(cooked(others))
