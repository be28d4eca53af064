"""The machine a run works on: its processors, its memory, its time."""
