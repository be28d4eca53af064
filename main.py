"""The front door: hands the command line to the terminal, which opens the window when no command is given."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Warmstart; returns the exit code (0 done, 1 a run failed, 2 bad input, 130 stopped with Ctrl+C)."""
    from ui.terminal.commands import run_command

    return run_command(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
