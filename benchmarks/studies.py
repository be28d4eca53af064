"""Runs studies without a window on several processes of one thread each and writes their tables as Markdown.

    python -m benchmarks.studies [NAME|FILE …] [--jobs 2] [--seeds N] [--workspace DIR] [--output tables.md]
                                 [--pictures DIR]

NAME: a bundled study or a file of benchmarks/studies without its ending; all bundled ones if none is named. A study of
the same text in the workspace is continued, so that a broken-off call goes on where it was. `@photos` in a file stands
for --photos, a folder or zip of class folders. --pictures: also each study's figure as the window saves it, as
NAME.png; bars by arm from the best to the worst.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import machine
from engine.comparison.wording import duration
from engine.events import RunState
from engine.families import family
from engine.machine.places import settle
from engine.studies.cells import Cell, cell_name, cells, from_source
from engine.studies.checks import check_study
from engine.studies.study import Study, completed, load_study, parse_study, study_preset, study_presets
from engine.studies.table import StudyTable
from storage.record import record
from storage.store import CellRun, NewRun, RunStore, StudyRow
from storage.workspace import Workspace
from ui.studies.reading import StudyNow, read_study
from ui.terminal.study_display import text_table

OWN = Path(__file__).with_name("studies")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PICTURE = (1040, 340)  # pixels of the window


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME|FILE")
    parser.add_argument("--jobs", type=int, default=2, help="processes, each with one thread")
    parser.add_argument("--seeds", type=int, help="use seeds 0 to N-1")
    parser.add_argument("--photos", default="", help="what @photos in a study file stands for")
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    parser.add_argument("--output", type=Path, help="also write the tables to this file")
    parser.add_argument("--pictures", type=Path, help="also save the studies' figures in this folder")
    given = parser.parse_args()
    workspace = Workspace(given.workspace).open()
    settle(workspace.root)  # also for the processes: their weights of one's own lie there
    print(machine())
    texts = []
    for name in given.names or [study.name for study in study_presets()]:
        study = named(name, given.photos)
        study = completed(study if given.seeds is None else study.with_seeds(given.seeds))
        check_study(study)
        now = run_study(study, workspace, given.jobs)
        texts.append(markdown(now))
        print(f"\n{texts[-1]}", flush=True)
        if given.output:
            given.output.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
        if given.pictures:
            draw(now, given.pictures / f"{study.name}.png")


def named(name: str, photos: str) -> Study:
    """A bundled study, one of benchmarks/studies, or a file."""
    for path in (OWN / f"{name}.json", Path(name)):
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace("@photos", photos)
            return parse_study(json.loads(text), path.stem) if photos else load_study(path)
    return study_preset(name)


def run_study(study: Study, workspace: Workspace, jobs: int) -> StudyNow:
    """Run what is missing, the sources before the arms that start from them."""
    wanted = cells(study)
    with RunStore(workspace) as store:
        store.mark_interrupted()
        row = next((row for row in store.studies() if row.spec == study.canonical()), None)
        row = row or store.create_study(study.title, study.canonical())
        for part in ([cell for cell in wanted if cell.arm is None], [cell for cell in wanted if cell.arm is not None]):
            work(study, row, part, store, jobs)
        return read_study(store, row.id)


def work(study: Study, row: StudyRow, part: Sequence[Cell], store: RunStore, jobs: int) -> None:
    """Share the unfinished cells among the processes and say what each found."""
    done = finished(store.study_runs(row.id))
    todo = [cell for cell in part if cell.key not in done]
    if not todo:
        return
    root = str(store.workspace.root)
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read by the processes as they start
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        tasks = [pool.submit(run_cell, root, study, row.id, cell, done.get(cell.source, "")) for cell in todo]
        for place, task in enumerate(tasks, 1):
            print(f"{place} of {len(todo)}: {task.result()}", flush=True)


def finished(runs: Sequence[CellRun]) -> dict[str, str]:
    """Cell -> uid of its finished run."""
    return {run.cell: run.uid for run in runs if run.state is RunState.FINISHED}


def run_cell(root: str, study: Study, study_id: int, cell: Cell, source: str) -> str:
    """In a process of the pool: run one cell and save it; returns a line about it."""
    from engine.execute import execute

    experiment = from_source(cell, source)
    with RunStore(Workspace(root)) as store:
        kind, name = family(experiment).key, cell_name(study, cell)
        run = store.create(NewRun(experiment, kind, name, study.name, study_id, cell.key))
        with closing(record(store, run.id, execute(experiment, store.directory(run)))) as recorded:
            for _ in recorded:
                pass
        row = store.run(run.id)
    if row.failure:
        return f"{row.name}: failed. {row.failure.message} {row.failure.advice}"
    return f"{row.name}: {row.test.value:.3f}" if row.test else f"{row.name}: {row.state}"


def markdown(now: StudyNow) -> str:
    """The study's table with its title, its question and what it says; the sure best in bold."""
    heads, rows = text_table(now.table)
    lines = [f"### {now.row.title}", "", now.study.description, "", settings(now), ""]
    lines.append("| " + " | ".join(head.lstrip(">") for head in heads) + " |")
    lines.append("|" + "|".join("---:" if head.startswith(">") else "---" for head in heads) + "|")
    lines += ["| " + " | ".join(map(strong, row)) + " |" for row in rows]
    return "\n".join([*lines, "", *(f"- {said}" for said in now.sentences())])


def draw(now: StudyNow, path: Path) -> None:
    """The study's figure as the window saves it."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QApplication

    from ui import theme
    from ui.figures.figure_export import save
    from ui.studies.figure import StudyFigure
    from ui.studies.view import View

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, "light")
    figure = StudyFigure()
    figure.resize(QSize(*PICTURE))
    figure.show_view(View(ranked(now.table), now.crossings))
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path)


def ranked(table: StudyTable) -> StudyTable:
    """With the arms from the best to the worst, where the figure has a bar for each and no more."""
    if table.study.figure != "arm" or len(table.columns) > 1:
        return table
    values = [row[0].interval.value if row[0].interval else -1.0 for row in table.entries]
    order = sorted(range(len(values)), key=lambda arm: -values[arm])
    arms = tuple(table.study.arms[arm] for arm in order)
    study = table.study.model_copy(update={"arms": arms})
    return replace(table, study=study, entries=tuple(table.entries[arm] for arm in order))


def strong(cell: str) -> str:
    """ "81.2 ± 1.4 % *" as bold."""
    return f"**{cell.removesuffix(' *')}**" if cell.endswith(" *") else cell


def settings(now: StudyNow) -> str:
    """What the figures rest on, in a line."""
    study = now.study
    rates = (
        f", learning rates {', '.join(f'{rate:g}' for rate in study.learning_rates)}" if study.learning_rates else ""
    )
    seconds = now.seconds_per_run or 0.0
    return (
        f"{len(study.seeds)} seeds, mean ± 95 % Student interval, bold where the paired lead excludes zero; "
        f"{now.progress.finished} of {now.progress.total} runs, {duration(seconds)} each on one thread{rates}."
    )


if __name__ == "__main__":
    main()
