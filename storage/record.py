"""Saved before shown: what a run says passes through here, is written, and is handed on."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Iterator

from engine.errors import ExperimentError
from engine.events import Event, Heard, ResumePoint, RunFailed
from storage.recording import ELSEWHERE, HERE, Recording
from storage.store import RunStore

Clock = Callable[[], float]
Place = Callable[[], Heard | None]


def _of_here() -> None:
    """What is said on this machine is in no journal."""


class RecordingStore(RunStore):
    """A store for whoever works runs: it saves what they say."""

    def record(self, run_id: int, events: Iterator[Event], heard: Place = _of_here) -> Generator[Event, None, None]:
        """See `record`."""
        return record(self, run_id, events, heard=heard)


def record(
    store: RunStore, run_id: int, events: Iterator[Event], clock: Clock | None = None, heard: Place = _of_here
) -> Generator[Event, None, None]:
    """Write what `events` says to the run and hand it on. The run becomes running, then what its last event says.

    Points are written every 0.25 s and at the end of epochs; trials, figures and runs at once. A storage error does not
    end the training: what is not saved is kept in memory and tried again, and a `Notice` says so once. An exception of
    `events` is saved as a failed run and passes on. Closing this closes `events` and writes the rest; the state stays.

    Points are stamped with seconds since the first step without pauses, in which nobody asks for the next event. clock:
    seconds since the epoch, by default the machine's, counted on steadily. heard: where the last event stands that came
    from elsewhere; written with it, so that each is saved once however often it is said.
    """
    recording = Recording(store, run_id, clock or steady(), HERE if heard is _of_here else ELSEWHERE)
    try:
        recording.begin()
        for event in events:
            recording.at(heard())
            recording.take(event)
            yield from recording.told() if recording.notices else ()
            if isinstance(event, ResumePoint):
                event = event.kept()  # what it holds on to is not for those who watch
            given = time.monotonic()
            yield event
            recording.paused_for(time.monotonic() - given)
            if recording.end_is_unsaved:
                break  # what it goes on from is removed by whoever is asked for more
        if not recording.ended:
            event = RunFailed("bug", "The run ended without saying how.", "Copy the details and report it.")
            recording.take(event)
            yield from recording.told()
            yield event
    except Exception as error:
        if not recording.ended:
            recording.take(_failure(error))
        raise
    finally:
        if close := getattr(events, "close", None):
            close()
        recording.close()


def steady() -> Callable[[], float]:
    """Seconds since the epoch as the machine has them now, counted on by its monotonic clock."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def _failure(error: Exception) -> RunFailed:
    if isinstance(error, ExperimentError):
        return RunFailed("experiment", error.message, error.advice)
    text = "".join(traceback.format_exception(error))
    return RunFailed(
        "bug", "The run ended because of a mistake in the program.", "Copy the details and report it.", text
    )
