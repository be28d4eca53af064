"""The arms of a study being made: names one can type over, what each does, and ways to add one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QInputDialog, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from engine import registry
from engine.backbones import catalog
from engine.data.dataset import Start
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.families import FAMILIES
from engine.method import are_trained
from engine.naming import NO_NETWORK, data_title, method_title, without_network
from engine.studies.study import SOURCE, Source, StudyArm
from storage.rows import RunRow
from ui.parts import Parts
from ui.studies.starting import fitted, moved, start_of, ways
from ui.widgets.buttons import button, icon_button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import plain

ARM = Qt.ItemDataRole.UserRole
MOST_SAVED = 40


def method_words(choice: MethodChoice, start: BackboneChoice) -> str:
    """ "Surgical fine-tuning: block first, epochs 20": the method and what differs from what is usual from this
    start."""
    try:
        chosen = registry.method(choice.name)
    except InvalidExperiment:
        return choice.name
    usual = {**chosen.Hyperparameters().model_dump(), **chosen.usual(are_trained(start.weights))}
    usual |= registry.usual_values(Start(), choice.name, start)
    own = [f"{name.replace('_', ' ')} {value}" for name, value in choice.hyperparameters.items()
           if value != usual.get(name)]  # fmt: skip
    return f"{chosen.title}: {', '.join(own)}" if own else chosen.title


def start_words(choice: BackboneChoice, first: Source | None = None) -> str:
    """ "Conv-4, Omniglot, supervised", "Conv-4, SimCLR on these images first"."""
    try:
        title = catalog.backbone(choice.name).title
        known = {info.name: info.title for info in catalog.weights(choice.name)}
    except InvalidExperiment:
        return choice.name
    source = "the source" if first is None else first_words(first)
    weights = source if choice.weights == SOURCE else known.get(choice.weights, choice.weights)
    head = ", its head kept" if choice.head == "kept" else ""
    return f"{title}, {weights}{head}"


def first_words(first: Source) -> str:
    """ "SimCLR on Glyphs first", of the study's own data "SimCLR on these images first"."""
    data = "these data" if first.dataset is None else data_title(Experiment(dataset=first.dataset))
    return f"{method_title(first.method.name)} on {data} first"


class ArmsEditor(QWidget):
    """changed: an arm was added, removed, moved or renamed. backbone: what arms of a chosen method start from."""

    changed = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.backbone = BackboneChoice()
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Arm", "Method", "Starts from"])
        self.tree.setRootIsDecorated(False)
        self.tree.setAccessibleName("Arms")
        self.tree.setToolTip("Double-click or F2 renames an arm")
        self.tree.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.header().resizeSection(0, 220)
        self.tree.header().resizeSection(1, 180)
        self.tree.itemChanged.connect(lambda *_: self.changed.emit())
        self.tree.currentItemChanged.connect(lambda *_: self._adjust())
        self.tree.setMinimumHeight(150)
        self._build()

    def _build(self) -> None:
        self.add = button("Add arm", "new", "A method with its usual values, New experiment's settings, or a saved run")
        self.add.setMenu(QMenu(self))
        self.add.menu().aboutToShow.connect(self._fill_menu)
        self.remove = icon_button("discard", "Remove this arm (Del)", self.remove_current)
        self.up = icon_button("up", "Move this arm up", lambda: self.shift(-1))
        self.down = icon_button("down", "Move this arm down", lambda: self.shift(1))
        row = in_row(self.add, ..., gap=4)
        for tool in (self.up, self.down, self.remove):
            tool.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(tool)
        in_column((self.tree, 1), row, owner=self, gap=4)
        self._adjust()

    def _adjust(self) -> None:
        item = self.tree.currentItem()
        place = self.tree.indexOfTopLevelItem(item) if item is not None else -1
        self.remove.setEnabled(place >= 0)
        self.up.setEnabled(place > 0)
        self.down.setEnabled(0 <= place < self.tree.topLevelItemCount() - 1)

    # The arms

    def arms(self) -> list[StudyArm]:
        """As they are set, each with the name that was typed; raises `InvalidExperiment` for one without."""
        found = []
        for place in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(place)
            assert item is not None
            title = item.text(0).strip()
            if not title:
                raise InvalidExperiment("An arm has no name.", "Type one.", "arms")
            found.append(item.data(0, ARM).model_copy(update={"title": title}))
        return found

    def set_arms(self, arms: Sequence[StudyArm]) -> None:
        with QSignalBlocker(self.tree):
            self.tree.clear()
            for arm in arms:
                self.tree.addTopLevelItem(self._item(arm))
        self._adjust()

    def _item(self, arm: StudyArm) -> QTreeWidgetItem:
        method = method_words(arm.method, arm.backbone)
        start = NO_NETWORK if without_network(arm.method) else start_words(arm.backbone, arm.first)
        item = QTreeWidgetItem([arm.title, method, start])
        item.setData(0, ARM, arm)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        for column in (1, 2):
            item.setToolTip(column, plain(item.text(column)))
        return item

    def append(self, arm: StudyArm) -> None:
        """Add an arm under a name that no other has."""
        titles = {self.tree.topLevelItem(n).text(0) for n in range(self.tree.topLevelItemCount())}  # type: ignore[union-attr]
        title, number = arm.title[:50], 2
        while title in titles:
            title, number = f"{arm.title[:50]} {number}", number + 1
        item = self._item(arm.model_copy(update={"title": title}))
        self.tree.addTopLevelItem(item)
        self.tree.setCurrentItem(item)
        self.changed.emit()

    def remove_current(self) -> None:
        if (item := self.tree.currentItem()) is not None:
            self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(item))
            self._adjust()
            self.changed.emit()

    def shift(self, by: int) -> None:
        item = self.tree.currentItem()
        place = self.tree.indexOfTopLevelItem(item) if item else -1
        if item is not None and 0 <= place + by < self.tree.topLevelItemCount():
            self.tree.takeTopLevelItem(place)
            self.tree.insertTopLevelItem(place + by, item)
            self.tree.setCurrentItem(item)
            self.changed.emit()

    def use_backbone(self, backbone: BackboneChoice) -> None:
        """Let every arm start from this, with the values that are usual there where it had the usual ones; what was
        trained first for some of them is told to be gone."""
        if not (before := self._known()):
            return
        self._replace([moved(arm, backbone) for arm in before])
        if gone := [arm.title for arm in before if arm.first is not None]:
            more = f" and {len(gone) - 1} more arms" if len(gone) > 1 else ""
            said = f"Nothing is trained first any more for “{gone[0]}”{more}."
            self._parts.toasts.show(said, "Undo", lambda: self._replace(before))

    def fit(self, data: DatasetChoice, backbone: BackboneChoice) -> None:
        """Other data were chosen: let arms whose network cannot read them start from this one."""
        before = self._known()
        if (now := [fitted(arm, data, backbone) for arm in before]) != before:
            self._replace(now)

    def _known(self) -> list[StudyArm]:
        """The arms; none while one of them has no name."""
        with suppress(InvalidExperiment):
            return self.arms()
        return []

    def _replace(self, arms: Sequence[StudyArm]) -> None:
        self.set_arms(arms)
        self.changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.remove_current()
        else:
            super().keyPressEvent(event)

    # Ways to add one

    def _fill_menu(self) -> None:
        menu = self.add.menu()
        menu.clear()
        current = menu.addAction("As in New experiment", self.add_current)
        current.setEnabled(self._parts.navigator.current is not None)
        menu.addAction("From a saved run…", self._ask_run)
        menu.addSeparator()
        groups: dict[str, QMenu] = {}
        for method in registry.methods():
            if FAMILIES[method.family].divides != "images":
                continue
            group = getattr(method, "group", "Fine-tuning")
            inner = groups[group] if group in groups else groups.setdefault(group, menu.addMenu(group))
            for title, values in ways(method, start_of(method, self.backbone)):
                name = f"{method.title}: {title[:1].lower()}{title[1:]}" if title else method.title
                choice = MethodChoice(name=method.name, hyperparameters=dict(values))
                inner.addAction(name, partial(self.add_method, name, choice))

    def add_method(self, title: str, choice: MethodChoice) -> None:
        """A method with these values, which starts from what is chosen for added arms."""
        start = start_of(registry.method(choice.name), self.backbone)
        self.append(StudyArm(title=title[:60], backbone=start, method=choice))

    def add_current(self) -> None:
        """What New experiment is set to."""
        if self._parts.navigator.current is None:
            return
        try:
            experiment = self._parts.navigator.current()
        except ExperimentError as error:
            self._parts.toasts.show(str(error), level="warning")
            return
        title = registry.method(experiment.method.name).title
        self.append(
            StudyArm(title=title, backbone=experiment.backbone, method=experiment.method, search=experiment.search)
        )

    def _ask_run(self) -> None:
        self._parts.library.read(lambda store: store.runs()[:MOST_SAVED], self._choose_run)

    def _choose_run(self, rows: list[RunRow]) -> None:
        if not self.isVisible():
            return
        rows = [row for row in rows if not row.study_id]
        if not rows:
            self._parts.toasts.show("No runs are saved yet.")
            return
        names = [f"{row.id}: {row.name}" for row in rows]
        name, agreed = QInputDialog.getItem(self, "Arm from a saved run", "Run", names, 0, False)
        if agreed:
            self.add_run(rows[names.index(name)])

    def add_run(self, row: RunRow) -> None:
        """The backbone and method of a saved run."""
        experiment = row.experiment
        title = registry.method(experiment.method.name).title
        self.append(
            StudyArm(title=title, backbone=experiment.backbone, method=experiment.method, search=experiment.search)
        )
