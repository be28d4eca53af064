"""The parts of the Runs page: the list, the chosen run's header, curves, result and messages."""
