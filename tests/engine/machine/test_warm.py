"""What two threads must not load at once is loaded by one, whoever needs it first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
ALL_OF_IT = """
import sys
from engine.machine.warm import load_pydantic
load_pydantic()
before = {name for name in sys.modules if name.startswith("pydantic")}
import engine.data.sources, engine.registry, storage.store, ui.terminal.commands, ui.pages.new_experiment
engine.data.sources.sets()
engine.registry.methods()
print(sorted(name for name in sys.modules if name.startswith("pydantic") and name not in before))
"""
START = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from engine.machine import warm

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("pydantic."):
            seen.append((name, warm._alone.locked()))

seen = []
sys.meta_path.insert(0, Watch())
from storage.workspace import Workspace
from ui.window.main_window import MainWindow
app = QApplication([])
window = MainWindow(Workspace(Path(sys.argv[1])))
window.parts.library.read(lambda store: store.runs(), lambda runs: None)
window.show()
while not ("runs" in window.pages and window.page("runs").is_settled()):
    app.processEvents()
    window.page("runs")
window.close()
for _ in range(50):
    app.processEvents()
print(len(seen) > 10, [name for name, alone in seen if not alone])
"""


def ran(code: str, *words: str) -> str:
    command = [sys.executable, "-c", code, *words]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_nothing_of_pydantic_is_left_for_a_second_thread() -> None:
    """Its plugins are looked for when the first model is made, by whoever makes it, and import nothing of it."""
    assert ran(ALL_OF_IT) in ("[]", "['pydantic.plugin._loader']")


def test_at_the_start_of_the_window_one_thread_loads_it(tmp_path: Path) -> None:
    """Both threads need it at once; it stays in one hand from the first part to the last."""
    found = ran(START, str(tmp_path))
    assert found in ("True []", "True ['pydantic.plugin._loader']")
