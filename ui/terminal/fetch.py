"""`fetch`: data sets and weights that others publish, by name."""

from __future__ import annotations

import argparse

from engine.backbones import catalog, listed
from engine.backbones.download import wanted as wanted_weights
from engine.data.sources import datasets, known, place
from engine.data.sources import wanted as wanted_data
from engine.downloads.wanted import Wanted
from engine.errors import InvalidExperiment, nearest
from ui.terminal.downloads import fetch_shown
from ui.terminal.output import print_json, say
from ui.terminal.workspaces import open_workspace


def fetch_from_command_line(chosen: argparse.Namespace) -> int:
    """Each name in turn; all are understood before the first is fetched. What is here is said and not fetched."""
    open_workspace(chosen.workspace)
    found = [(name, understood(name)) for name in dict.fromkeys(chosen.names)]
    for name, wanted in found:
        if wanted is not None:
            fetch_shown(wanted, chosen.json)
        elif chosen.json:
            print_json({"event": "here", "name": name})
        else:
            say(f"{name}: it is on this machine")
    return 0


def understood(name: str) -> Wanted | None:
    """What is to be fetched; None where it is here. Raises `InvalidExperiment`."""
    if known(name) is not None:
        return of_data(name)
    backbone, _, weights = name.partition(":")
    usual = [info.name for info in catalog.backbones()]
    if backbone in usual or backbone in listed.networks():
        return of_weights(backbone, weights)
    names = [*(info.name for info in datasets() if info.where == "download"), *usual]
    raise InvalidExperiment(f"There is no data set and no backbone called “{name}”.", nearest(name, names))


def of_data(name: str) -> Wanted | None:
    """None where it came with the program or was fetched."""
    wanted = wanted_data(name)
    if wanted is None and (source := known(name)) is not None and source.read is not None:
        raise InvalidExperiment(f"{source.info.title} cannot be fetched.", "Bring your own copy and pick its folder.")
    return wanted if place(name) is None else None


def of_weights(backbone: str, weights: str) -> Wanted | None:
    """weights: "" for those that are not here, the first of them."""
    there = {one.name: one for one in catalog.weights(backbone)}
    if not weights:
        weights = next((one.name for one in there.values() if not one.here), "random")
    wanted = wanted_weights(backbone, weights)
    if there[weights].here:
        return None
    if wanted is None:
        raise catalog.not_here(catalog.backbone(backbone), there[weights])
    return wanted
