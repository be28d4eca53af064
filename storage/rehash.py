"""Hashes of runs that earlier versions saved, and their places in a study, made anew from their experiments."""

from __future__ import annotations

import sqlite3

from pydantic import ValidationError

from engine.experiment import Experiment

Sources = dict[tuple[int, str], str]  # (study, weights "run:<uid>") -> the key of the cell that trained them
SOURCE = "source, "  # how the key of such a cell begins


def rehash(connection: sqlite3.Connection) -> None:
    """Give every run the hash and the cell that the same experiment has today, so that old runs are grouped with new
    ones and a study that was begun goes on without doing a cell again. What cannot be read keeps what it has."""
    sources: Sources = {}
    order = f"CASE WHEN cell LIKE '{SOURCE}%' THEN 0 ELSE 1 END, id"
    for row in connection.execute(f"SELECT id, uid, study_id, experiment, cell FROM run ORDER BY {order}").fetchall():
        try:
            experiment = Experiment.model_validate_json(row["experiment"])
        except ValidationError:
            continue
        cell = _cell(row["cell"], row["study_id"], experiment, sources)
        if cell.startswith(SOURCE):
            sources[row["study_id"], f"run:{row['uid']}"] = cell
        values = (experiment.group_hash(), cell, row["id"])
        connection.execute("UPDATE run SET group_hash = ?, cell = ? WHERE id = ?", values)


def _cell(cell: str, study: int | None, experiment: Experiment, sources: Sources) -> str:
    """The cell's words with today's digest; as it is outside of studies."""
    words = cell.rpartition(", ")[0]
    if study is None or not words:
        return cell
    source = sources.get((study, experiment.backbone.weights), "")
    if source:  # its own, as the study has it: the run's uid came in when the source was trained
        backbone = experiment.backbone.model_copy(update={"weights": "source"})
        experiment = experiment.model_copy(update={"backbone": backbone})
    return f"{words}, {experiment.digest(source)}"
