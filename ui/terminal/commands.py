"""Which function answers which command, and how errors and exit codes leave the program."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from engine.errors import ExperimentError, mendable
from ui.command.none import no_command

BAD_INPUT, INTERRUPTED = 2, 130
UNWRITABLE = (errno.EBADF, errno.ENOSPC, errno.EIO)  # standard output that is closed, full or gone


def run_command(arguments: Sequence[str]) -> int:
    """Parse and answer one command line; returns the exit code. Bugs keep their traceback."""
    prepare_streams()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it searches every installed package for them
    try:
        code = answer(understood(arguments))
        sys.stdout.flush()
        return code
    except ExperimentError as error:
        complain(error)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        mute()
        return 0
    except (MemoryError, RuntimeError, ImportError) as error:
        told = mendable(error)
        if not isinstance(told, ExperimentError):
            raise
        complain(told)
        return BAD_INPUT
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            raise
        mute()
        reason = (error.strerror or str(error)).lower()
        complain(ExperimentError(f"Nothing can be written to standard output ({reason}).", "Send it somewhere else."))
        return BAD_INPUT


def understood(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; all that may be typed is imported only when there is something to look up."""
    if (chosen := no_command(arguments)) is not None:
        return chosen
    from ui.command.arguments import parse

    return parse(arguments)


def complain(error: ExperimentError) -> None:
    """In a module that knows tables and figures too: imported for a fault alone."""
    from ui.terminal import output

    output.complain(error)


def prepare_streams() -> None:
    """A terminal without “quotes” shows ? instead of a traceback; a program started without streams has none."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 for as long as the program runs
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def mute() -> None:
    """Nobody reads standard output any more: what is left in its buffer goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


COMMANDS = {  # command -> module of this package and what answers in it
    "run": ("run", "run_from_command_line"),
    "resume": ("resume", "resume_from_command_line"),
    "study": ("study", "study_from_command_line"),
    "list": ("listing", "print_list"),
    "show": ("show", "show_run"),
    "compare": ("verdicts", "compare_from_command_line"),
    "between": ("between", "between_from_command_line"),
    "demo": ("demo", "run_demo"),
    "fetch": ("fetch", "fetch_from_command_line"),
    "weights": ("weights", "weights_from_command_line"),
    "predict": ("predict", "predict_from_command_line"),
    "export": ("export", "export_from_command_line"),
    "adapt": ("predict", "adapt_from_command_line"),
    "test": ("test", "test_from_command_line"),
    "mix": ("mix", "mix_from_command_line"),
    "kept": ("kept", "kept_from_command_line"),
    "cluster": ("cluster", "cluster_from_command_line"),
    "worker": ("cluster", "worker_from_command_line"),
}


def answer(chosen: argparse.Namespace) -> int:
    """Each command is imported only when it is asked for, so that --help and list stay quick."""
    from engine.machine.hubs import keep_quiet
    from engine.machine.offline import work_offline
    from engine.machine.places import settle
    from storage.workspace import Workspace, default_root

    keep_quiet()
    if getattr(chosen, "offline", False):
        work_offline()
    settle(Workspace(default_root(chosen.workspace)).root)
    module, name = COMMANDS.get(chosen.command, ("window", "open_workbench"))
    return int(getattr(import_module(f"ui.terminal.{module}"), name)(chosen))
