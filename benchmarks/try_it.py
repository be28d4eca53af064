"""A folder of 10,000 images of 256 px answered on Try it by SqueezeNet: how fast, how late the window is meanwhile, and
what it takes of memory.

    python benchmarks/try_it.py [--images 10000] [--repeats 3]

Beside it the plain way: a DataLoader that opens, resizes and stacks the same files for the same network, with as many
workers as are best. Offscreen; the network has random weights, which takes as long. The window's lateness is how long
after its time a timer of 5 ms is served.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SIDE, BATCH, WORKERS = 256, 64, (0, 2)
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FIRST = 256  # images before it is measured


def write_images(folder: Path, images: int) -> Path:
    """JPEG files of noise over soft blobs, each its own; of about 20 kB, as photos of this size are."""
    rng = np.random.default_rng(0)
    for place in range(images):
        blobs = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((SIDE, SIDE), 3)
        noisy = np.asarray(blobs, np.int16) + rng.integers(-12, 12, (SIDE, SIDE, 1))
        body = io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(body, "JPEG", quality=85)
        inside = folder / ("a", "b")[place % 2]
        inside.mkdir(parents=True, exist_ok=True)
        (inside / f"{place:05d}.jpg").write_bytes(body.getvalue())
    return folder


def saved_run(root: Path, photos: Path) -> None:
    from main import main

    given = ["--data", str(photos), "--backbone", "squeezenet1_0", "--weights", "random", "--method", "linear_probe"]
    assert main(["run", *given, "--labels-per-class", "2", "--set", "epochs=1", "--workspace", str(root)]) == 0


class Files:
    """A data set as people write one."""

    def __init__(self, files: list[Path], size: int) -> None:
        self.files, self.size = files, size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> object:
        import torch

        with Image.open(self.files[place]) as opened:
            pixels = np.asarray(opened.convert("RGB").resize((self.size, self.size), Image.Resampling.BILINEAR))
        values = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float().div_(255)
        mean, deviation = (torch.tensor(one).view(3, 1, 1) for one in (MEAN, DEVIATION))
        return (values - mean) / deviation


def plain_loop(model: object, files: list[Path], size: int, workers: int) -> tuple[float, float]:
    """Images a second, and milliseconds of all processors for one."""
    import torch
    from torch.utils.data import DataLoader

    loader = DataLoader(Files(files, size), BATCH, num_workers=workers)  # type: ignore[arg-type]
    begun, worked = time.perf_counter(), processor()
    with torch.no_grad():
        for batch in loader:
            model(batch.contiguous(memory_format=torch.channels_last)).softmax(1)  # type: ignore[operator]
    return len(files) / (time.perf_counter() - begun), 1000 * (processor() - worked) / len(files)


class Window:
    """The program's window with the run ticked."""

    def __init__(self, root: Path) -> None:
        from PySide6.QtCore import Qt, QTimer

        from storage.store import RunStore
        from storage.workspace import Workspace
        from ui import theme
        from ui.window.app import make_application
        from ui.window.engine_loading import EngineLoading
        from ui.window.garbage import Garbage
        from ui.window.main_window import MainWindow

        self.app = make_application()  # which settles where threads take memory from
        theme.apply(self.app, "light")
        self.window = MainWindow(Workspace(root).open())
        loading = EngineLoading(self.window)
        self.window.painted.connect(loading.start)
        self.garbage = Garbage(loading)
        self.window.resize(1440, 900)
        self.window.show()
        self.wait(lambda: bool(self.window.pages))
        self.page = self.window.show_page("trying")
        with RunStore(self.window.parts.workspace) as store:
            self.page.receive([store.run(1)])
        self.wait(lambda: self.page.images.work.chosen != ())
        self.late: list[float] = []
        self.last = 0.0
        self.timer = QTimer(self.window, timerType=Qt.TimerType.PreciseTimer, interval=5)
        self.timer.timeout.connect(self.tick)

    def tick(self) -> None:
        now = time.perf_counter()
        self.late.append(1000 * (now - self.last) - 5)
        self.last = now

    def wait(self, ready: object) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop, look = QEventLoop(), QTimer(interval=20)
        look.timeout.connect(lambda: loop.quit() if ready() else None)  # type: ignore[operator]
        look.start()
        loop.exec()

    def answer(self, path: Path) -> float:
        """Seconds."""
        begun = time.perf_counter()
        self.page.images.add((str(path),))
        self.wait(self.page.is_settled)
        return time.perf_counter() - begun


def resident() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def processor() -> float:
    """Seconds of this process and of its children that have ended, which other programs hardly change."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measure(root: Path, first: Path, photos: Path) -> dict[str, float]:
    """In a process of its own, once the network is open and has answered a few."""
    shown = Window(root)
    shown.answer(first)
    shown.page.images.work.clear()
    idle, peak, ended = resident(), [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            peak[0] = max(peak[0], resident())

    threading.Thread(target=watch, daemon=True).start()
    shown.last = time.perf_counter()
    shown.timer.start()
    worked = processor()
    seconds = shown.answer(photos)
    worked = processor() - worked
    shown.timer.stop()
    ended.set()
    late, count = np.array(shown.late), len(shown.page.images.work.book)
    found = {"images": count, "images/s": count / seconds, "ms processor": 1000 * worked / count}
    found |= {"MB idle": idle, "MB more at most": peak[0] - idle}
    found |= {f"p{share} late, ms": float(np.percentile(late, share)) for share in (50, 99, 100)}
    return {name: round(value, 2) for name, value in found.items()}


def apart(root: Path, first: Path, photos: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--window", str(root), str(first), str(photos)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(root: Path, first: Path, photos: Path, repeats: int) -> None:
    from engine.artifacts.saved import SavedModel
    from engine.using.predictions import form_of
    from storage.store import RunStore
    from storage.workspace import Workspace

    with RunStore(Workspace(root).open()) as store:
        model = SavedModel.open(store.directory(store.run(1)), store.run(1).experiment)
    files, size = sorted(photos.rglob("*.jpg")), form_of(model).size
    best = max(WORKERS, key=lambda workers: plain_loop(model.network, files[: 2 * FIRST], size, workers))
    for _ in range(repeats):
        plain, worked = plain_loop(model.network, files, size, best)
        load = f"load {os.getloadavg()[0]:.1f}"
        print(f"{load}: plain loop with {best} workers {plain:.1f} images/s, {worked:.1f} ms processor", flush=True)
        found = apart(root, first, photos)
        words = ", ".join(f"{name} {value:,}" for name, value in found.items())
        of_work = f"{worked / found['ms processor']:.3f} by processor time"
        print(f"window: {found['images/s'] / plain:.3f} of it, {of_work}; {words}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--window", type=Path, nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.window:
        print(json.dumps(measure(*chosen.window)), flush=True)
        os._exit(0)  # what is left of the window is not waited for
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["WARMSTART_HOME"] = os.environ["WARMSTART_CACHE"] = str(Path(temporary) / "home")
        photos = write_images(Path(temporary) / "photos", chosen.images)
        first = write_images(Path(temporary) / "first", FIRST)
        root = Path(temporary) / "workspace"
        saved_run(root, first)
        compare(root, first, photos, chosen.repeats)


if __name__ == "__main__":
    main()
