"""Making, finding and changing runs."""

from __future__ import annotations

import pytest

from engine.errors import StorageError
from engine.events import EpochCompleted, IllegalTransition, RunFailed, RunStarted, RunState
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from storage.record import record
from storage.store import NewRun, RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run


def test_a_new_run_is_queued_and_has_a_folder(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment, "  first try ", plan="demo"))
    assert (run.name, run.plan, run.state, run.family) == ("first try", "demo", RunState.QUEUED, "finetune")
    assert run.experiment == experiment
    assert run.group == experiment.group_hash()
    assert (run.started, run.ended, run.test, run.failure) == (None, None, None, None)
    assert store.directory(run).is_dir()
    assert store.runs() == [run]


def test_a_run_survives_closing_the_store(finished: RunRow, store: RunStore, workspace: Workspace) -> None:
    store.close()
    with RunStore(workspace) as again:
        assert again.run(finished.uid) == finished


def test_a_name_is_made_from_the_experiment(store: RunStore) -> None:
    few = DatasetChoice(name="folder", path="/photos/trash.zip", labels_per_class=1)
    run = store.create(new_run(Experiment(dataset=few, seed=3)))
    assert run.name == "lp_ft on folder"


def test_the_family_is_what_is_given_whatever_the_hyperparameters_are(store: RunStore) -> None:
    episodes = Experiment(method=MethodChoice(name="protonet", hyperparameters={"way": 5}))
    for key in ("meta", "finetune", "bench", "of a later version"):
        run = store.create(NewRun(episodes, key))
        assert store.run(run.id).family == run.family == key


def test_runs_are_listed_newest_first(store: RunStore, experiment: Experiment) -> None:
    made = [store.create(new_run(experiment.with_seed(seed))) for seed in range(4)]
    assert store.runs() == made[::-1]
    assert len({run.group for run in made}) == 1


def test_the_list_follows_every_change(store: RunStore, finished: RunRow, workspace: Workspace, training) -> None:
    assert store.runs() == [finished]
    with RunStore(workspace) as other:
        other.note(finished.id, "seen")
        run = other.create(new_run(finished.experiment))
        for event in record(other, run.id, training()):
            if isinstance(event, EpochCompleted):
                listed = store.runs()
                assert [row.note for row in listed] == ["", "seen"]
                assert listed[0].last["val/loss"] == 2 / event.step
        assert store.runs() == store.runs() == other.runs()
        other.purge([finished.id])
        assert [row.id for row in store.runs()] == [run.id]


@pytest.mark.parametrize("end", [RunState.FAILED, RunState.STOPPED])
def test_a_run_knows_its_newest_earlier_twin_whose_figures_are_to_be_expected(
    store: RunStore, experiment: Experiment, end: RunState
) -> None:
    first, other, second = (store.create(new_run(one)) for one in (experiment, experiment.with_seed(99), experiment))
    assert [store.twin(run) for run in (first, other)] == [None, None]
    assert store.twin(second) == first
    for state in (RunState.RUNNING, RunState.FINISHED):
        store.set_state(first.id, state)
    store.delete([first.id])
    assert store.twin(second) is None  # what is out of sight is no reason not to run it
    store.set_state(second.id, RunState.RUNNING)
    store.set_state(second.id, end)
    assert store.twin(store.create(new_run(experiment))) is None


def test_a_run_is_found_by_id_uid_beginning_and_name(store: RunStore, experiment: Experiment) -> None:
    old, new = (store.create(new_run(experiment, "same name")) for _ in range(2))
    assert store.run(old.id).id == store.run(str(old.id)).id == store.run(old.uid).id == old.id
    beginning = next(old.uid[:n] for n in range(1, 9) if not new.uid.startswith(old.uid[:n]))
    assert store.run(beginning).id == old.id
    assert store.run("same name").id == new.id


@pytest.mark.parametrize("key", ["", "no such run", 999, "999", "%", "9" * 40, "' OR 1=1 --"])
def test_an_unknown_run_is_told_in_words(store: RunStore, finished: RunRow, key: int | str) -> None:
    with pytest.raises(StorageError, match="There is no run") as caught:
        store.run(key)
    assert caught.value.advice


def test_an_ambiguous_beginning_is_told(store: RunStore, experiment: Experiment) -> None:
    uids = [store.create(new_run(experiment)).uid for _ in range(27)]
    shared = next(uid[0] for uid in uids if sum(other[0] == uid[0] for other in uids) > 1)
    with pytest.raises(StorageError, match="is the beginning of"):
        store.run(shared)


def test_states_follow_the_table(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment))
    for state in (RunState.RUNNING, RunState.PAUSED, RunState.RUNNING, RunState.RUNNING, RunState.STOPPED):
        store.set_state(run.id, state)
        assert store.run(run.id).state is state
    row = store.run(run.id)
    assert row.started is not None
    assert row.ended is not None
    assert row.created <= row.started <= row.ended
    with pytest.raises(IllegalTransition):
        store.set_state(run.id, RunState.RUNNING)
    with pytest.raises(StorageError, match="There is no run 77"):
        store.set_state(77, RunState.RUNNING)


def test_ids_are_never_given_twice(store: RunStore, experiment: Experiment) -> None:
    first = store.create(new_run(experiment))
    store.purge([first.id])
    assert store.create(new_run(experiment)).id > first.id


def started(store: RunStore, experiment: Experiment, *packages: dict[str, str]) -> RunRow:
    """A run that was begun once on each machine."""
    run = store.create(new_run(experiment))
    for has in packages:
        made_with = {"python": "3.12.1", "packages": has, "hardware": {"CPU cores": 64}}
        events = [RunStarted(1, 1, 1, environment=made_with), RunFailed("experiment", "No.", "Do this.")]
        list(record(store, run.id, iter(events)))
        store.set_state(run.id, RunState.QUEUED)
    return run


def test_the_environment_is_that_of_the_last_start_and_kept_once(store: RunStore, experiment: Experiment) -> None:
    here, there = {"torch": "2.0"}, {"torch": "3.0"}
    waits, first, second, moved = (started(store, experiment, *on) for on in ((), (here,), (here,), (here, there)))
    assert store.environment(waits.id) == {}
    assert store.environment(first.id) == {"python": "3.12.1", "packages": here, "hardware": {"CPU cores": 64}}
    assert store.environment(moved.id)["packages"] == there
    assert store._connection.execute("SELECT count(*) FROM env").fetchone()[0] == 2
    with store._connection:
        store._connection.execute("UPDATE env SET packages = '[1'")
    assert store.environment(second.id) == {}  # a damaged row costs itself


def test_seeds_of_one_configuration_share_their_settings(store: RunStore, experiment: Experiment) -> None:
    """As saved, also the largest seed and settings that were not written by this program."""
    seeds = (0, 7, 2**63 - 1)
    for seed in seeds:
        store.create(new_run(experiment.with_seed(seed)))
    runs = store.runs()
    assert [run.experiment for run in runs] == [experiment.with_seed(seed) for seed in reversed(seeds)]
    assert len({id(run.experiment.method) for run in runs}) == 1
    for text in (
        '{"seed": 3}',
        '{"seed":3,"device":"cpu"}',
        '{"method":{"hyperparameters":{"a":1,"seed":5}},"seed":3}',
    ):
        store._connection.execute("UPDATE run SET experiment = ? WHERE id = 1", (text,))
        assert store.run(1).experiment == Experiment.model_validate_json(text)


def test_names_are_cut_and_letters_that_are_no_unicode_replaced(store: RunStore, experiment: Experiment) -> None:
    run = store.create(new_run(experiment, "x" * 100_000, plan="\udcff plan"))
    assert (run.name, run.plan) == ("x" * 200, "? plan")
    store.note(run.id, "a\ud800b")
    assert store.run(run.id).note == "a?b"
