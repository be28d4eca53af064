"""`list`: what there is to choose from, and which runs are saved. Only `list devices` loads torch."""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.comparison.wording import duration, figure, marked, size, thousands
from engine.data.dataset import DOWNLOAD, DatasetInfo
from engine.errors import InvalidExperiment
from storage.rows import RunRow
from ui.command.arguments import program
from ui.terminal.output import print_json, print_table, result_object, say

if TYPE_CHECKING:
    from engine.backbones.shelf import ShelfRow


@dataclass(frozen=True, slots=True)
class Printed:
    """The same things twice: as a table for people and as objects for programs."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    objects: Sequence[dict[str, Any]]
    when_empty: str = ""


def print_list(chosen: argparse.Namespace) -> int:
    from engine.errors import nearest

    if chosen.what not in LISTINGS:
        raise InvalidExperiment(f"There is no list of “{chosen.what}”.", nearest(chosen.what, LISTINGS))
    refuse_without_use(chosen)
    listing = LISTINGS[chosen.what](chosen)
    if chosen.json:
        for item in listing.objects:
            print_json(item)
    elif listing.rows:
        print_table(listing.columns, listing.rows)
    else:
        say(listing.when_empty)
    return 0


def refuse_without_use(chosen: argparse.Namespace) -> None:
    """An option that says nothing of this list; raises `InvalidExperiment`."""
    of = {"all": "backbones", "tag": "runs", "archived": "runs"}
    for name, what in of.items():
        given = getattr(chosen, name, None)
        if chosen.what != what and (given is not None if name == "all" else bool(given)):
            raise InvalidExperiment(
                f"--{name} is of {what}, and these are {chosen.what}.", f"Leave it out, or see: list {what}."
            )


def list_datasets(_: argparse.Namespace) -> Printed:
    from engine.data.sources import datasets

    known = datasets()
    rows = [
        (d.name, d.title, thousands(d.images), thousands(d.classes), where_words(d), d.licence, d.description)
        for d in known
    ]
    return Printed(("name", "title", ">images", ">classes", "where", "licence", "what it is"), rows, objects(known))


def where_words(info: DatasetInfo) -> str:
    """ "download, 94.3 MB" """
    return f"{info.where}, {size(info.bytes)}" if info.where == DOWNLOAD and info.bytes else info.where


def list_backbones(chosen: argparse.Namespace) -> Printed:
    from engine.backbones import catalog

    if getattr(chosen, "all", None) is not None:
        return list_weights(chosen.all)
    known = catalog.backbones()
    rows = [
        (b.name, b.title, thousands(b.parameters), b.form.words, weights_words(catalog.weights(b.name)))
        for b in known
    ]  # fmt: skip
    found = [
        {
            **{name: getattr(b, name) for name in ("name", "title", "idea", "features", "batch_norm", "parameters")},
            "blocks": objects(b.blocks), "weights": objects(catalog.weights(b.name)),
            "inputs": b.form.kind, "input_size": b.form.size, "min_size": b.form.least,
            "channels": b.form.channels, "fixed_size": b.form.fixed,
        }
        for b in known
    ]  # fmt: skip
    return Printed(("name", "title", ">parameters", ">input", "weights"), rows, found)


def list_weights(words: Sequence[str]) -> Printed:
    """Every row of the shelf that has all these words."""
    from engine.backbones import shelf

    found = shelf.having(words)
    rows = [
        (r.backbone, r.weights, thousands(r.parameters), f"{r.size} px", r.how, r.trained_on, r.licence, told(r))
        for r in found
    ]  # fmt: skip
    columns = ("backbone", "weights", ">parameters", ">input", "pretrained", "on", "licence", "where it is")
    return Printed(columns, rows, objects(found), "No weights have all these words.")


def told(row: ShelfRow) -> str:
    """ "download, about 102 MB", "needs warmstart[timm]" """
    if row.needs:
        return f"needs {row.needs}"
    return f"{row.state}, about {size(row.bytes)}" if row.state == "download" else row.state


def weights_words(found: Iterable[Any]) -> str:
    """ "random; imagenet (download, 5.0 MB)" """
    return "; ".join(w.name if w.state == "none needed" else f"{w.name} ({w.state}, {size(w.bytes)})" for w in found)


def list_methods(_: argparse.Namespace) -> Printed:
    from engine import registry

    known = registry.methods()
    rows = [(m.name, m.title, m.group, m.idea) for m in known]
    found = [
        {
            "name": m.name, "title": m.title, "family": m.family, "group": m.group, "idea": m.idea, "paper": m.paper,
            "differs": m.differs, "hyperparameters": objects(registry.fields(m)),
            "presets": {k: dict(v) for k, v in m.presets.items()},
        }
        for m in known
    ]  # fmt: skip
    return Printed(("name", "title", "group", "idea"), rows, found)


def list_presets(_: argparse.Namespace) -> Printed:
    from engine.plan import plan_as_json, presets

    rows = [(p.name, len(p.experiments), p.title, p.description) for p in presets()]
    return Printed(("name", ">runs", "title", "what it does"), rows, [plan_as_json(p) for p in presets()])


def list_devices(_: argparse.Namespace) -> Printed:
    from engine.machine.devices import devices

    known = devices()
    rows = [(d.name, d.title, "–" if d.free_bytes is None else size(d.free_bytes)) for d in known]
    return Printed(("name", "title", ">free memory"), rows, objects(known))


def list_runs(chosen: argparse.Namespace) -> Printed:
    from storage.store import RunStore
    from ui.terminal.workspaces import open_workspace

    with RunStore(open_workspace(chosen.workspace)) as store:
        store.mark_interrupted()
        saved = store.runs()
    runs = [run for run in saved if (chosen.archived or not run.archived) and has_tags(run, chosen.tag)]
    columns = [">run", "name", "state", ">test", "data", ">labels", "backbone", "method", ">seed", "created", ">took"]
    empty = f"No runs are saved yet. Start with: {program()} demo"
    if saved:
        empty = f"None of the {len(saved):,} saved runs is listed so; with --archived those in the archive are, too."
    rows = [run_cells(run) for run in runs]
    if any(run.tags for run in runs):
        columns.append("tags")
        rows = [(*row, " ".join(run.tags)) for row, run in zip(rows, runs, strict=True)]
    return Printed(columns, rows, [run_object(run) for run in runs], empty)


def has_tags(run: RunRow, wanted: Iterable[str]) -> bool:
    return {tag.casefold() for tag in wanted} <= {tag.casefold() for tag in run.tags}


def run_cells(run: RunRow) -> tuple[object, ...]:
    chosen = run.experiment
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created))
    took = "–" if run.took is None else duration(run.took)
    test = marked(figure(run.test.metric, run.test.value), run.test.notes) if run.test else "–"
    labels = chosen.dataset.labels_per_class or "all"
    state = "waiting" if run.waits else str(run.state)
    return (
        run.id, run.name, state, test, data_words(run), labels, chosen.backbone.name, chosen.method.name,
        chosen.seed, created, took,
    )  # fmt: skip


def data_words(run: RunRow) -> str:
    from engine.naming import data_title

    return data_title(run.experiment)


def run_object(run: RunRow) -> dict[str, Any]:
    """A saved run for programs: what it was, how far it came, and its figures."""
    return {
        "id": run.id, "uid": run.uid, "name": run.name, "state": str(run.state), "why": run.why, "plan": run.plan,
        "created": run.created, "started": run.started, "ended": run.ended, "seconds": run.took,
        "step": run.step, "total_steps": run.total_steps,
        "test": result_object(run.test) if run.test else None,
        "failure": dataclasses.asdict(run.failure) if run.failure else None,
        "best": {name: {"value": value, "step": step} for name, (value, step) in run.best.items()},
        "last": dict(run.last), "facts": dict(run.facts), "starred": run.starred, "note": run.note,
        "waits": run.waits, "tags": list(run.tags), "archived": run.archived,
        "cell_notes": {place: dataclasses.asdict(note) for place, note in run.cell_notes.items()},
        "experiment": run.experiment.told(),
    }  # fmt: skip


def objects(items: Iterable[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(item) for item in items]


LISTINGS: dict[str, Callable[[argparse.Namespace], Printed]] = {
    "datasets": list_datasets,
    "backbones": list_backbones,
    "methods": list_methods,
    "presets": list_presets,
    "devices": list_devices,
    "runs": list_runs,
}
