"""One change in New experiment draws the layer table once and builds the method once, whatever was changed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from engine.method import Method
from tests.ui.conftest import wait_until_checked
from ui.new_experiment.layer_table import LayersDialog
from ui.new_experiment.layers_part import LayersPart
from ui.pages.new_experiment import NewExperimentPage
from ui.window.main_window import MainWindow


class Counted:
    """Real calls of what draws and of what builds a method, in the window's thread: what is checked in the background
    builds its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.drawn = self.built = 0
        draw, init = LayersPart._draw, Method.__init__

        def drawing(part: LayersPart, *given: object) -> None:
            self.drawn += 1
            draw(part, *given)  # type: ignore[arg-type]

        def building(made: Method, *given: object) -> None:
            self.built += threading.current_thread() is threading.main_thread()
            init(made, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(LayersPart, "_draw", drawing)
        monkeypatch.setattr(Method, "__init__", building)

    def of(self, change: Callable[[], object]) -> tuple[int, int]:
        self.drawn = self.built = 0
        change()
        return self.drawn, self.built


@pytest.fixture
def counted(page: NewExperimentPage, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def dialog_of(page: NewExperimentPage) -> LayersDialog:
    page.method.layers.open()
    assert page.method.layers.dialog is not None
    return page.method.layers.dialog


def test_a_cell_draws_once_and_builds_once(page: NewExperimentPage, counted: Counted) -> None:
    dialog = dialog_of(page)
    assert counted.of(lambda: dialog.table.edited.emit("conv2", "rate", 0.5)) == (1, 1)
    assert counted.of(lambda: dialog.table.edited.emit("conv2", "from_epoch", 3)) == (1, 1)
    assert counted.of(lambda: dialog.table.cleared.emit("conv2", "rate")) == (1, 1)
    assert counted.of(lambda: page.method.layers.picture.pressed.emit("conv1")) == (1, 1)
    assert counted.of(page.method.layers.reset) == (1, 1)
    assert page.method.layers.edits() == {}
    dialog.reject()


def test_a_method_and_each_of_its_values_draw_once_and_build_once(page: NewExperimentPage, counted: Counted) -> None:
    for name in ("full_ft", "as_is", "surgical", "scratch", "head_bench", "maml", "protonet", "gradual"):
        assert counted.of(lambda name=name: page.method.choose(name)) == (1, 1), name  # type: ignore[misc]
        assert page.method.form is not None
        for field in {"learning_rate", "batch_size", "inner_steps", "shot"} & page.method.form.rows.keys():
            row = page.method.form.rows[field]
            twice = 2 * row.value()
            assert counted.of(lambda row=row, to=twice: row.input.setValue(to)) == (1, 1), (name, field)  # type: ignore[misc]


def test_backbone_and_data_draw_once_and_build_once(page: NewExperimentPage, counted: Counted) -> None:
    for name in ("full_ft", "surgical", "maml"):
        page.method.choose(name)
        for backbone in ("resnet18 random", "squeezenet1_0 random", "conv4 omniglot-supervised"):
            assert counted.of(lambda to=backbone: page.backbone.list.chosen.emit(to)) == (1, 1), (name, backbone)  # type: ignore[misc]
    page.method.choose("full_ft")
    fewer = page.data.choice().model_copy(update={"labels_per_class": 3})
    assert counted.of(lambda: page.data.fill(fewer)) == (1, 1)
    assert counted.of(lambda: page.data.fill(fewer)) == (0, 0)  # nothing has changed


def test_only_what_somebody_may_be_typing_is_waited_for(qtbot: QtBot, window: MainWindow) -> None:
    page = window.page("new_experiment")
    assert isinstance(page, NewExperimentPage)
    waits = page.data._delay, page.checks._soon
    page.data.settings.changed.emit()
    assert [timer.interval() for timer in waits] == [0, 0]
    wait_until_checked(qtbot, page)
    page.data.settings.labels.set_count(3)
    assert min(timer.interval() for timer in waits) > 0
