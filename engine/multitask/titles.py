"""What the tasks of an experiment are called, before any image is read. Torch-free."""

from __future__ import annotations

from engine.data.sources import known as source_of
from engine.errors import InvalidExperiment, shown
from engine.experiment import HALVES, DatasetChoice, Experiment, LabelSet, TaskChoice
from engine.multitask.method import MultiTaskMethod
from engine.naming import data_title
from engine.registry import build_as

SAID: dict[LabelSet, str] = {
    "classes": "Class", "first half": "First half", "second half": "Second half", "which half": "Which half",
}  # fmt: skip
WHEN = "when"  # where a figure of one task is measured, besides the task
BEFORE = "after its first stage"
GROUP = "by-"  # how the name of a split begins that keeps groups of classes together


def tasks_of(experiment: Experiment) -> tuple[TaskChoice, ...]:
    """As they are chosen, or the two halves of the classes."""
    return experiment.tasks or HALVES


def own_data(task: TaskChoice, experiment: Experiment) -> DatasetChoice:
    """The images of a task: its own, or the experiment's."""
    return task.dataset or experiment.dataset


def limited(task: TaskChoice, few: int | None) -> TaskChoice:
    """The task with so many labels per class of its own images; one on the experiment's has as many as these."""
    if task.dataset is None:
        return task
    return task.model_copy(update={"dataset": task.dataset.model_copy(update={"labels_per_class": few})})


def of_one(experiment: Experiment, place: int) -> Experiment:
    """The experiment as one of its tasks alone, whose images are its own."""
    choice = tasks_of(experiment)[place]
    alone = (choice.model_copy(update={"dataset": None}),)
    return experiment.model_copy(update={"dataset": own_data(choice, experiment), "tasks": alone})


def titled(run: str, experiment: Experiment, place: int) -> str:
    """What a task of a run of this name is called beside other runs."""
    return f"{run}: {titles(experiment)[place]}"


def learnt(experiment: Experiment) -> dict[int, str]:
    """Titles of the tasks that are learnt in its order, by their places."""
    names, method = titles(experiment), build_as(MultiTaskMethod, experiment)
    return {place: names[place] for place in sorted({one for stage in method.stages(len(names)) for one in stage})}


def task_called(experiment: Experiment, name: str) -> int:
    """The place of the task with this title or number, counted from 1; raises `InvalidExperiment` that lists them."""
    known = learnt(experiment)
    for place, title in known.items():
        if name.strip().casefold() in (title.casefold(), str(place + 1)):
            return place
    said = f"learnt no task “{shown(name)}”" if name else "learnt several tasks"
    choices = ", ".join(f"“{title}”" for title in known.values())
    raise InvalidExperiment(f"This run {said}.", f"Say which of them with --task: {choices}.", "task")


def refuse_task(name: str | None, run: str) -> None:
    """Raises `InvalidExperiment` where a task is asked for of a run that learnt one."""
    if name:
        raise InvalidExperiment(f"“{run}” did not learn several tasks.", "Leave out --task.", "task")


def group_word(choice: DatasetChoice) -> str:
    """What the classes of such data are parts of: "alphabet"; "" where they are parts of nothing that is known."""
    source = source_of(choice.name)
    return source.groups[0][0].removeprefix(GROUP) if source is not None and source.groups else ""


def titles(experiment: Experiment) -> tuple[str, ...]:
    """("Alphabet", "Class"), or with the names of the data where these differ: ("Digits", "Glyphs, first half")."""
    chosen = tasks_of(experiment)
    several = any(own_data(task, experiment) != experiment.dataset for task in chosen)
    found: list[str] = []
    for task in chosen:
        title = _title(task, experiment, several)
        found.append(title if title not in found else f"{title} ({len(found) + 1})")
    return tuple(found)


def _title(task: TaskChoice, experiment: Experiment, several: bool) -> str:
    choice = own_data(task, experiment)
    asked = SAID.get(task.labels) or (group_word(choice) or "group").capitalize()
    if not several:
        return asked
    data = data_title(experiment.model_copy(update={"dataset": choice}))
    return data if task.labels == "classes" else f"{data}, {asked.lower()}"
