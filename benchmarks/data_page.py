"""The page "Data" with 100,000 images in 1,000 classes, or with a table of texts: how soon there is something to see,
how it scrolls, what it takes of memory.

    python benchmarks/data_page.py [--images 100000] [--folder FOLDER|TABLE]

TABLE is a file of texts. FOLDER is written to where it is not there yet: small JPEG files, each of its own. Without it
a temporary folder is used. Run it twice: in the second run every image was looked at before.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from PySide6.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import engine.data.files.tree as tree
from storage.workspace import Workspace
from ui import theme
from ui.data.sample_grid import SampleGrid
from ui.pages.data import DataPage
from ui.window.engine_loading import EngineLoading
from ui.window.garbage import Garbage
from ui.window.main_window import MainWindow

CLASSES, SIDE, STEPS = 1000, 64, 400


def write_images(folder: Path, images: int) -> None:
    """1,000 classes; every file differs, as a comment of its own stands in it."""
    rng = np.random.default_rng(0)
    for label in range(CLASSES):
        inside = folder / f"class {label:04d}"
        inside.mkdir(parents=True)
        blobs = Image.fromarray(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)).resize((SIDE, SIDE), 3)
        for place in range(images // CLASSES):
            body = io.BytesIO()
            blobs.rotate(360 * place / 100).save(body, "JPEG", quality=80, comment=f"{label} {place}".encode())
            (inside / f"{place:05d}.jpg").write_bytes(body.getvalue())


def wait(app: QApplication, ready: Callable[[], bool], seconds: float, served: list[float] | None = None) -> bool:
    """served: is given the milliseconds of each turn of the event loop."""
    end = time.monotonic() + seconds
    while not ready() and time.monotonic() < end:
        begun = time.perf_counter()
        app.processEvents()
        if served is not None:
            served.append(1000 * (time.perf_counter() - begun))
        time.sleep(0.001)
    return ready()


def resident() -> float:
    """MB that this process holds."""
    return float(psutil.Process().memory_info().rss) / 1e6


def is_full(grid: SampleGrid) -> bool:
    """Whether every image that is seen is painted."""
    bar = grid.verticalScrollBar().value()
    seen = [tile.place for tile in grid.rows.tiles(bar, bar + grid.viewport().height())]
    return bool(seen) and all(grid.thumbnails.get(int(grid.order[place])) is not None for place in seen)


def scrolled(app: QApplication, grid: SampleGrid, jump: int) -> list[float]:
    """Milliseconds of each of `STEPS` steps of the bar, 60 a second, from when it was due to what is painted; between
    two the event loop serves what comes, and is late for the next where that takes longer."""
    bar, took, due = grid.verticalScrollBar(), list[float](), time.perf_counter()
    for _ in range(STEPS):
        while time.perf_counter() < due:
            app.processEvents()
            time.sleep(0.0005)
        bar.setValue((bar.value() + jump) % max(1, bar.maximum()))
        app.processEvents()
        done = time.perf_counter()
        took.append(1000 * (done - due))
        due = max(due + 1 / 60, done)
    return took


def told(name: str, took: list[float]) -> None:
    middle, late, worst = np.percentile(took, (50, 99, 100))
    print(f"{name}: median {middle:.1f} ms, p99 {late:.1f} ms, longest {worst:.1f} ms", flush=True)


def measure(app: QApplication, page: DataPage, folder: Path, patience: float) -> None:
    grid, listed_at, peak = page.detail.grid, [0.0], [0.0]
    listing, ended = tree.list_files, threading.Event()

    def timed(*given: object) -> object:
        begun = time.monotonic()
        found = listing(*given)  # type: ignore[arg-type]
        listed_at[0] = time.monotonic()
        print(f"listing: {listed_at[0] - begun:.2f} s")
        return found

    def watch() -> None:
        while not ended.wait(0.05):
            peak[0] = max(peak[0], resident())

    tree.list_files = timed  # type: ignore[assignment]
    before, opening = resident(), list[float]()
    threading.Thread(target=watch, daemon=True).start()
    page.open_path(str(folder))
    assert wait(
        app, lambda: page.detail.data is not None and len(grid.order) > 10_000 and is_full(grid), patience, opening
    )
    print(f"first screen, after listing: {time.monotonic() - listed_at[0]:.2f} s")
    told("a turn of the event loop until then", opening)
    if page.reading.is_reading:
        told("scrolling by a third of a row while images are looked at", scrolled(app, grid, 35))
    whole = wait(app, page.is_settled, patience)
    print(f"all of it read: {whole}, {time.monotonic() - listed_at[0]:.1f} s after listing")
    told("scrolling by a third of a row", scrolled(app, grid, 35))
    told("scrolling by ten screens", scrolled(app, grid, 10 * grid.viewport().height()))
    told("scrolling to the far end in steps", scrolled(app, grid, grid.verticalScrollBar().maximum() // STEPS))
    ended.set()
    print(
        f"memory: {before:.0f} MB idle, {resident() - before:.0f} MB more now, {peak[0] - before:.0f} MB more at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only-write", action="store_true")
    parser.add_argument("--patience", type=float, default=300.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary) / "images"
        if not folder.exists():
            write_images(folder, chosen.images)
        if chosen.only_write:
            return
        os.environ.setdefault("WARMSTART_CACHE", str(Path(temporary) / "cache"))
        app = QApplication([])
        theme.apply(app, "light")
        window = MainWindow(Workspace(Path(temporary) / "workspace").open())
        window.resize(1440, 900)
        window.show()
        wait(app, lambda: bool(window.pages), 20)
        loading, loaded = EngineLoading(window), list[bool]()
        loading.engine.connect(lambda: loaded.append(True))
        garbage = Garbage(loading)
        loading.start()  # as the program does, which also makes threads take shorter turns
        wait(app, lambda: bool(loaded), 60)
        page = window.show_page("data")
        assert isinstance(page, DataPage)
        wait(app, lambda: page.is_settled() and is_full(page.detail.grid), 30)
        measure(app, page, folder, chosen.patience)
        garbage.timer.stop()
        window.closing.decide_to_quit()
        window.close()
        window.parts.background.wait()


if __name__ == "__main__":
    main()
