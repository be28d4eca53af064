"""Which function answers which command, and how errors and exit codes leave the program."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from engine.errors import ExperimentError, mendable
from ui.command.arguments import parse
from ui.terminal.output import complain

BAD_INPUT, INTERRUPTED = 2, 130
UNWRITABLE = (errno.EBADF, errno.ENOSPC, errno.EIO)  # standard output that is closed, full or gone


def run_command(arguments: Sequence[str]) -> int:
    """Parse and answer one command line; returns the exit code. Bugs keep their traceback."""
    prepare_streams()
    try:
        code = answer(parse(arguments))
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


def answer(chosen: argparse.Namespace) -> int:
    """Each command is imported only when it is asked for, so that --help and list stay quick."""
    if chosen.command == "run":
        from ui.terminal.run import run_from_command_line

        return run_from_command_line(chosen)
    if chosen.command == "resume":
        from ui.terminal.resume import resume_from_command_line

        return resume_from_command_line(chosen)
    if chosen.command == "study":
        from ui.terminal.study import study_from_command_line

        return study_from_command_line(chosen)
    if chosen.command == "list":
        from ui.terminal.listing import print_list

        return print_list(chosen)
    if chosen.command == "show":
        from ui.terminal.show import show_run

        return show_run(chosen)
    if chosen.command == "compare":
        from ui.terminal.verdicts import compare_from_command_line

        return compare_from_command_line(chosen)
    if chosen.command == "demo":
        from ui.terminal.demo import run_demo

        return run_demo(chosen)
    from ui.terminal.window import open_workbench

    return open_workbench(chosen)
