"""The command line without a command, which opens the window: understood without the parser, whose flags are those of
all methods and data sets and take as long as the window itself."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence


def no_command(arguments: Sequence[str]) -> Namespace | None:
    """What the parser would answer to nothing, or to a workspace alone; None where it has to be asked."""
    match [*arguments]:
        case []:
            return Namespace(command=None, workspace=None, json=False, offline=False)
        case ["--workspace", root] if not root.startswith("-"):
            return Namespace(command=None, workspace=root, json=False, offline=False)
    return None
