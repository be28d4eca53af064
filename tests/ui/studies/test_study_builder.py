"""The builder with real typing: prepared studies, one of one's own, and what is refused in words."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice, Shift, TaskChoice
from engine.method import ENCODERS
from engine.registry import method
from engine.studies.study import Study, study_presets
from storage.store import StudyRow
from tests.ui.studies.conftest import settle
from ui.pages.studies import StudiesPage
from ui.studies.builder import OWN, StudyBuilder
from ui.studies.starting import beginning, begun_with
from ui.window.main_window import MainWindow


@pytest.fixture
def builder(qtbot: QtBot, page: StudiesPage) -> Iterator[StudyBuilder]:
    page.deeds.actions["new"].trigger()
    assert page.builder is not None
    yield page.builder
    if page.builder is not None:
        page.builder.reject()


def checked(qtbot: QtBot, builder: StudyBuilder) -> None:
    """Until what is typed was read and held against the data."""
    qtbot.waitUntil(lambda: not builder._soon.isActive() and builder.runs.text() != "Checking…")


def typed(qtbot: QtBot, line: object, text: str) -> None:
    line.clear()  # type: ignore[attr-defined]
    qtbot.keyClicks(line, text)


def test_every_prepared_study_can_be_taken_as_it_is(qtbot: QtBot, builder: StudyBuilder) -> None:
    for preset in study_presets():
        qtbot.mouseClick(builder.cards[preset.name], Qt.MouseButton.LeftButton)
        checked(qtbot, builder)
        if problem := builder.problem.text.text():
            assert problem.startswith(
                ("EuroSAT is not on this machine.", "Omniglot is not on this machine.", "Supervised: ")
            )  # which is fetched when asked, or an extra
            continue
        assert builder.study is not None
        assert builder.form.study() == preset
        assert builder.start.isEnabled()


def test_a_study_of_ones_own(qtbot: QtBot, builder: StudyBuilder, page: StudiesPage) -> None:
    builder.choose(OWN)
    form = builder.form
    typed(qtbot, form.title, "Mine")
    typed(qtbot, form.labels, "1, 3")
    typed(qtbot, form.shifts.line, "none, noise 5")
    form.tested.append("blur 3")
    typed(qtbot, form.rates, "0.01, 1e-3")
    form.seeds.setValue(2)
    checked(qtbot, builder)
    assert builder.runs.text().startswith("This takes 48 runs.")
    with qtbot.waitSignal(builder.accepted_study) as made:
        qtbot.mouseClick(builder.save, Qt.MouseButton.LeftButton)
    study: Study = made.args[0]
    assert (study.title, study.labels, study.seeds, study.learning_rates) == ("Mine", (1, 3), (0, 1), (0.01, 0.001))
    assert study.shifts == (None, Shift(kind="noise", severity=5))
    assert study.dataset.tested_on == (Shift(kind="blur", severity=3),)
    qtbot.waitUntil(lambda: [row.row.title for row in page.list.studies()] == ["Mine"])
    settle(qtbot, page)
    assert page.detail.header.start.text() == "Start"


def test_arms_are_added_renamed_moved_and_removed(qtbot: QtBot, builder: StudyBuilder, window: MainWindow) -> None:
    builder.choose(OWN)
    arms = builder.form.arms
    window.page("new_experiment")
    arms.add_current()
    assert [arm.title for arm in arms.arms()] == ["Linear probe", "LP-FT", "Full fine-tuning", "LP-FT 2"]
    arms.shift(-1)
    arms.tree.currentItem().setText(0, "Mine")
    assert [arm.title for arm in arms.arms()][2:] == ["Mine", "Full fine-tuning"]
    qtbot.keyClick(arms.tree, Qt.Key.Key_Delete)
    assert [arm.title for arm in arms.arms()][2:] == ["Full fine-tuning"]
    arms._fill_menu()
    groups = [action.text() for action in arms.add.menu().actions() if action.menu()]
    assert "Baselines" in groups
    last = arms.add.menu().actions()[-1].menu().actions()[0]
    last.trigger()
    assert arms.arms()[-1].title.startswith(last.text()[:20])


def test_a_source_gives_the_arms_its_weights(qtbot: QtBot, builder: StudyBuilder) -> None:
    builder.choose(OWN)
    form = builder.form
    form.source.setChecked(True)
    checked(qtbot, builder)
    assert "no arm starts from it" in builder.problem.text.text()
    assert form.weights.set_key("source")
    form.give.click()
    form.source_epochs.setValue(7)
    checked(qtbot, builder)
    assert builder.study is not None, builder.problem.text.text()
    assert builder.study.source.method.hyperparameters["epochs"] == 7
    assert {arm.backbone.head for arm in builder.study.arms} == {"kept"}


@pytest.mark.parametrize(
    "field, text, words",
    [
        ("labels", "1, many", "“many” is not a label count. Write numbers or “all”"),
        ("labels", "1, 500", "500 labels per class are asked for, but"),
        ("labels", "2, 2", "“labels” has 2 twice"),
        ("rates", "fast", "“fast” is not a list of learning rates"),
        ("shifts", "fog 3", "There is no shift called “fog”"),
        ("shifts", "noise 9", "“9” is no severity"),
        ("title", "", "The study has no title"),
    ],
)
def test_what_is_wrong_is_said(qtbot: QtBot, builder: StudyBuilder, field: str, text: str, words: str) -> None:
    builder.choose(OWN)
    line = getattr(builder.form, field)
    typed(qtbot, getattr(line, "line", line), text)
    builder._expect()
    checked(qtbot, builder)
    assert words in builder.problem.text.text()
    assert not builder.start.isEnabled()


def test_an_answer_about_the_form_as_it_was_is_none(
    qtbot: QtBot, builder: StudyBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that ends after the form was changed offers no study of before to be started."""
    builder.choose(OWN)
    checked(qtbot, builder)
    begun, end = threading.Event(), threading.Event()

    def slowly(study: Study, cancelled: object) -> None:
        begun.set()
        end.wait(60)

    monkeypatch.setattr("ui.studies.builder.examine", slowly)
    builder.form.seeds.setValue(4)
    qtbot.waitUntil(begun.is_set)
    builder.form.seeds.setValue(5)
    end.set()
    qtbot.waitUntil(lambda: not builder._soon.isActive() or builder.start.isEnabled())
    assert builder.study is None or len(builder.study.seeds) == 5
    checked(qtbot, builder)
    assert builder.study is not None
    assert len(builder.study.seeds) == 5


def test_more_seeds_keep_what_is_finished(qtbot: QtBot, saved: StudyRow, page: StudiesPage) -> None:
    page.deeds.actions["change"].trigger()
    builder = page.builder
    assert builder is not None
    checked(qtbot, builder)
    builder.form.seeds.setValue(5)
    checked(qtbot, builder)
    qtbot.mouseClick(builder.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.is_settled() and page.detail.now.progress.total == 20)
    assert page.detail.now.progress.finished == 12
    assert page.detail.header.start.text() == "Continue"


def test_what_is_trained_first_is_said_kept_and_dropped_with_other_weights(qtbot: QtBot, builder: StudyBuilder) -> None:
    qtbot.mouseClick(builder.cards["do-you-need-labels"], Qt.MouseButton.LeftButton)
    checked(qtbot, builder)
    form, tree = builder.form, builder.form.arms.tree
    said = [item.text(2) for place in range(tree.topLevelItemCount()) if (item := tree.topLevelItem(place)) is not None]
    assert said[1:3] == ["Conv-4, SimCLR on these data first", "Conv-4, SimCLR on Glyphs first"]
    before = form.study().arms
    form.arms.use_backbone(BackboneChoice(name="conv4", weights="random"))
    assert {arm.first for arm in form.study().arms} == {None}
    toast = form.arms._parts.toasts.shown()[-1]
    assert toast.label.text() == "Nothing is trained first any more for “Its own images, frozen” and 2 more arms."
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    assert form.study().arms == before


def test_data_of_another_kind_bring_a_network_that_reads_them(qtbot: QtBot, builder: StudyBuilder) -> None:
    builder.choose(OWN)
    form = builder.form
    form.arms.add_method("From scratch", MethodChoice(name="scratch"))
    form.data.set_key(("clinc150", None))
    checked(qtbot, builder)
    begun = begun_with(DatasetChoice(name="clinc150"))
    assert form.start_from() == begun
    arms = form.study().arms
    assert [arm.backbone.name for arm in arms] == [begun.name] * 4
    assert arms[-1].backbone.weights == "random"
    assert [arm.method.name for arm in arms] == ["linear_probe", "lp_ft", "full_ft", "scratch"]
    assert builder.problem.text.text() == ""
    form.data.set_key(("digits", None))
    checked(qtbot, builder)
    assert {arm.backbone.name for arm in form.study().arms} == {"conv4"}


def test_arms_on_an_encoder_begin_with_what_is_usual_there_and_keep_ones_own(
    qtbot: QtBot, builder: StudyBuilder, window: MainWindow
) -> None:
    builder.choose(OWN)
    arms = builder.form.arms
    minilm = BackboneChoice(name="minilm", weights="sentences")
    encoder = dict(method("full_ft").presets[ENCODERS])
    arms.add_method("Mine", MethodChoice(name="full_ft", hyperparameters={"epochs": 3}))
    arms.use_backbone(minilm)
    said = [item.text(1) for place in range(4) if (item := arms.tree.topLevelItem(place)) is not None]
    assert said == ["Linear probe", "LP-FT", "Full fine-tuning", "Full fine-tuning: epochs 3"]
    assert [arm.method.hyperparameters for arm in arms.arms()][2:] == [encoder, encoder | {"epochs": 3}]
    arms.use_backbone(BackboneChoice(name="text_transformer"))
    assert [arm.method.hyperparameters for arm in arms.arms()][2:] == [{}, {"epochs": 3}]
    arms.backbone = minilm
    arms._fill_menu()
    titled = {action.text(): action for menu in arms.add.menu().findChildren(QMenu) for action in menu.actions()}
    assert "Full fine-tuning: texts: a pretrained encoder" not in titled
    titled["Full fine-tuning"].trigger()
    assert arms.arms()[-1].method.hyperparameters == encoder
    titled["Full fine-tuning: usual values"].trigger()
    assert arms.arms()[-1].method.hyperparameters == {}


def test_label_counts_hold_for_every_task_when_it_is_said(qtbot: QtBot, builder: StudyBuilder) -> None:
    """Offered where a task has data of its own, alone."""
    builder.choose(OWN)
    form = builder.form
    assert not form.all_data.isVisibleTo(form)
    other = TaskChoice(dataset=DatasetChoice(name="digits"))
    form.fill(form.study().model_copy(update={"tasks": (TaskChoice(), other)}))
    assert form.all_data.isVisibleTo(form)
    assert form.study().labels_of == "own data"
    form.all_data.click()
    whole = form.study()
    assert whole.labels_of == "every task's data"
    form.fill(beginning())
    assert not form.all_data.isVisibleTo(form)
    form.fill(whole)
    assert form.study() == whole


def test_a_check_that_breaks_is_told_and_keeps_no_study_from_beginning(
    qtbot: QtBot, builder: StudyBuilder, page: StudiesPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise ZeroDivisionError

    checked(qtbot, builder)
    monkeypatch.setattr("engine.studies.checks.check_study", broken)
    bugs: list[object] = []
    page.parts.background.crashed.connect(bugs.append)
    builder._expect()
    checked(qtbot, builder)
    assert "could not be checked" in builder.problem.text.text()
    qtbot.mouseClick(builder.save, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    begun: list[int] = []
    monkeypatch.setattr(page.driver, "_ask", lambda runner, first=None: begun.append(runner.study_id))
    page.driver.start(1)
    qtbot.waitUntil(lambda: bool(begun))
    assert page.driver.word(1) == "working"
    assert [type(one) for one in bugs] == [ZeroDivisionError] * 2
