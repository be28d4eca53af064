"""`weights`: files of weights that a person brings: how they fit, kept, listed, removed."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from engine.backbones.kept import Kept, kept, remove
from engine.errors import InvalidExperiment, nearest
from ui.terminal.output import print_json, say
from ui.terminal.workspaces import open_workspace


def weights_from_command_line(chosen: argparse.Namespace) -> int:
    """Raises `WeightsError` for a file that is refused."""
    open_workspace(chosen.workspace)
    if chosen.action != "list" and not chosen.files:
        raise InvalidExperiment(f"There is nothing to {chosen.action}.", f"Name it: weights {chosen.action} NAME.")
    for one in kept() if chosen.action == "list" else (done(file, chosen) for file in chosen.files):
        if chosen.json:
            print_json(asdict(one) | {"name": one.name})
        else:
            say(f"{one.name}: {one.title} for --backbone {one.backbone}. {one.words}")
    return 0


def done(name: str, chosen: argparse.Namespace) -> Kept:
    return added(name, chosen) if chosen.action == "add" else removed(name)


def added(file: str, chosen: argparse.Namespace) -> Kept:
    from engine.backbones.own.bringing import keep, look

    found = look(Path(file).expanduser(), chosen.backbone or "")
    if found.also and not chosen.json:
        say(found.also)
    return keep(found, chosen.insist)


def removed(name: str) -> Kept:
    known = {one.name: one for one in kept()}
    if name not in known:
        raise InvalidExperiment(f"There are no weights called “{name}”.", nearest(name, known))
    remove(known[name])
    return known[name]
