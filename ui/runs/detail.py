"""Everything about the chosen run: head, trouble, result, curves, test images, blocks, messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine import registry
from engine.backbones import catalog
from engine.bench.figures import is_bench
from engine.comparison import adaptation
from engine.comparison.wording import ACCURACY
from engine.errors import ExperimentError
from engine.events import LIVE_STATES, Evaluated, Notice
from engine.families import named
from engine.naming import without_network
from engine.work.recorder import SavedCurve
from storage.rows import Message
from ui.background import Background
from ui.exploring.explorer import Explorer
from ui.figures.adaptation_curves import AdaptationFigures, AdaptationLine
from ui.figures.block_picture import BlockPicture
from ui.figures.curve_axes import StepScale
from ui.figures.kept_paths import is_kept
from ui.figures.painted import Section
from ui.live import LiveRun
from ui.made_with import made_with
from ui.new_experiment.layer_view import LayerView, view_of
from ui.runs.bench_view import BenchView
from ui.runs.block_curves import INNER, KINDS, BlockCurves
from ui.runs.collapse_card import CollapseCard
from ui.runs.content import Content, expects_accuracy
from ui.runs.deeds import RunDeeds
from ui.runs.header import Header
from ui.runs.kept_view import KeptView
from ui.runs.look_figure import TITLE as LOOKS
from ui.runs.look_view import LookView, ShownAlbum
from ui.runs.made_with_fold import MadeWithFold
from ui.runs.message_log import MessageLog
from ui.runs.result_card import ResultCard
from ui.runs.run_curves import RunCurves
from ui.runs.run_now import RunNow
from ui.runs.search_view import SearchView
from ui.runs.several_view import SeveralView
from ui.runs.sureness_view import SurenessView
from ui.runs.task_reading import ShownTasks
from ui.runs.tasks_view import TITLE as TASKS
from ui.runs.tasks_view import TasksView
from ui.runs.trouble_card import TroubleCard
from ui.widgets.frame import SlimArea
from ui.widgets.layouts import in_column
from ui.widgets.reflow import Beside


class RunDetail(SlimArea):
    """`show_now` many times a second, `show_content` when it was read, `show_live` while it runs."""

    def __init__(
        self, deeds: RunDeeds, settings: QSettings, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # its place does not come and go
        self.setAccessibleName("The chosen run")
        self.header = Header(deeds)
        self.trouble, self.result, self.search = TroubleCard(), ResultCard(), SearchView()
        self.curves, self.bench = RunCurves(settings), BenchView()
        self._views: dict[str, RunCurves | BenchView] = {"curves": self.curves, "bench": self.bench}
        self._view = self._views["curves"]
        self.adaptation, self.tasks = AdaptationFigures(), TasksView()
        self.looks, self.collapse = LookView(), CollapseCard()
        self.blocks = BlockPicture()
        self.block_curves, self.several = BlockCurves(settings), SeveralView(settings)
        self.messages, self.made_with = MessageLog(), MadeWithFold()
        self.explorer, self.sureness, self.kept = Explorer(background), SurenessView(), KeptView()
        self._titles: dict[str, str] = {}
        self._table: LayerView | None = None
        self._begun = (0, False)  # epochs begun, and whether the run is over, as the picture shows them
        self._lay_out()

    def _lay_out(self) -> None:
        self.bench.hide()
        self._blocks_section = Section("What trains", self.blocks, at_top=True)
        self._messages_section = Section("Messages", self.messages)
        self._messages_section.hide()
        self._tasks_section = Section(TASKS, self.tasks, self.tasks.images.menu)
        self._looks_section = Section(LOOKS, self.looks, self.looks.menu)
        self._looks_section.hide()
        in_column((self.block_curves, 1), (self._messages_section, 1), owner=(work := QWidget()), gap=16)
        in_column(
            self.header, self.trouble, self.collapse, self.result, self.search, (self.curves, 1), (self.bench, 1),
            self._looks_section, self.kept, self.several, self.adaptation, self._tasks_section, self.explorer,
            self.sureness,
            Beside(self._blocks_section, work, least=320, spacing=24), self.made_with,
            owner=(page := QWidget()), gap=12, edges=(16, 12, 16, 16),
        )  # fmt: skip
        page.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        page.installEventFilter(self)
        self.setWidget(page)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._fit_height()
        return super().eventFilter(watched, event)

    def _fit_height(self) -> None:
        """The page is as high as its content needs at the width it has; what is more goes to the curves."""
        page: QWidget | None = self.widget()
        if page is not None and (layout := page.layout()) is not None:
            wraps = layout.hasHeightForWidth()
            needed = layout.totalMinimumHeightForWidth(page.width()) if wraps else layout.totalMinimumSize().height()
            page.setMinimumHeight(needed)

    def show_now(self, now: RunNow) -> None:
        self.header.show_now(now)
        self.trouble.show_now(now)
        self._show_present(now)

    def start_run(self, now: RunNow) -> None:
        """Another run: what is known at once; its content follows."""
        self.verticalScrollBar().setValue(0)
        self.search.start_run(now.row.id, now.row.experiment)
        self._view = self._views[named(now.row.family).view]
        self.curves.expect(expects_accuracy(now.row.experiment))
        self._show_results([], now)
        self._await_curves(now)
        self._show_blocks(now)
        self._expect_tasks(now)
        self.collapse.hide()
        self.looks.forget()
        self._looks_section.hide()
        self._show_messages([])
        self._view.say_empty("The curves appear with the first step." if now.is_live else "Reading…")
        self._draw({}, now)

    def show_content(self, content: Content, now: RunNow) -> None:
        """A run as it was saved."""
        self.collapse.show_curves(content.curves, now)
        self._view.say_empty("The curves appear with the first step.")
        self._draw(content.curves, now)
        self.search.show_trials(content.trials, content.row.facts, now.row.id)
        self._show_results(content.results, now)
        self._make_room(content.curves, now)
        self._show_messages(content.messages)
        self.made_with.show_rows(made_with(content.row, content.environment))

    def show_live(self, live: LiveRun, now: RunNow, content: Content | None) -> None:
        """A run as it is in memory. content: what was read of it, for the times of its messages."""
        for _ in self.drawing_live(live, now, content):
            pass

    def drawing_live(self, live: LiveRun, now: RunNow, content: Content | None) -> Iterator[None]:
        """The same one plot at a time, so that the event loop may turn in between."""
        is_live = live.state in LIVE_STATES
        self._make_room(live.curves, now)
        self.collapse.show_curves(live.curves, now)
        self.search.show_trials(live.trials, live.facts, now.row.id)
        yield
        yield from self._view.drawing(live.curves, self._scale_of(now), now.row.id, is_live)
        self._draw_blocks(live.curves, self._scale_of(now), is_live)
        yield
        self._show_results(live.results, now)
        saved = content.messages if content is not None else ()
        self._show_messages(saved, live.messages[len(saved) :])

    def _show_messages(self, saved: Sequence[Message], later: Sequence[Notice] = ()) -> None:
        self.messages.show_messages(saved, later)
        self._messages_section.setHidden(self.messages.is_empty)

    def _expect_tasks(self, now: RunNow) -> None:
        """Room for the tasks of a meta-learner at work; those of a saved run appear with its curves."""
        meta = named(now.row.family).divides == "classes"
        self.block_curves.kinds = INNER if meta else KINDS
        if meta:
            self.tasks.start_run(now.row.experiment, now.is_live)
        self._tasks_section.setVisible(meta and now.is_live)

    def show_tasks(self, shown: ShownTasks) -> None:
        """What was read of the run's tasks."""
        self.tasks.show_tasks(shown)
        self._tasks_section.set_menu_shown(shown.kind == "images")  # a curve's own menu is a right click away
        self._tasks_section.show()

    def show_album(self, shown: ShownAlbum) -> None:
        """What was read of what the run made of images or texts."""
        self.looks.show_album(shown)
        self._looks_section.heading.setText(self.looks.figure.title)
        self._looks_section.show()

    def _make_room(self, curves: Mapping[str, SavedCurve], now: RunNow) -> None:
        """While a run searches it has no curves yet; one that never makes a step has none at all."""
        begins = now.is_live and now.row.experiment.search is None
        for view in (self.curves, self.bench):
            shown = view is self._view and (begins or view.has_lines(curves))
            if not shown and (focus := view.focusWidget()) is not None and focus.hasFocus():
                self.setFocus()  # else it goes on to a widget further down, and the page scrolls there
            view.setVisible(shown)

    def _await_curves(self, now: RunNow) -> None:
        """A saved run that made a step keeps its plots' place until they are read."""
        if not now.is_live and now.row.step:
            for view in (self.curves, self.bench):
                view.setVisible(view is self._view)
        else:
            self._make_room({}, now)

    def _draw(self, curves: Mapping[str, SavedCurve], now: RunNow) -> None:
        self._view.show_curves(curves, self._scale_of(now), now.row.id, False)
        self._draw_blocks(curves, self._scale_of(now), False)

    def _scale_of(self, now: RunNow) -> StepScale:
        return StepScale(now.steps_per_epoch, max(1, now.row.examples_per_step), not now.unit)

    def _draw_blocks(self, curves: Mapping[str, SavedCurve], scale: StepScale, live: bool) -> None:
        axis = str(self.curves.controls.axis.key())
        self.block_curves.show_curves(curves, self._titles, axis, scale, live)
        self.several.show_curves(curves, self._titles, axis, scale, live)

    def _show_present(self, now: RunNow) -> None:
        """Which blocks learn by now; until the first epoch, which will."""
        begun = now.epochs_begun, not (now.is_live or now.row.waits)
        if self._table is None or begun == self._begun:
            return
        self._begun, present = begun, self._table.present(*begun)
        treatments = {name: treatment for name, (treatment, _) in present.items()}
        self.blocks.set_blocks(
            self._table.shown_blocks(), treatments, {name: word for name, (_, word) in present.items()}
        )

    def _show_blocks(self, now: RunNow) -> None:
        """The picture of what trains; nothing for a method or backbone that this program does not know."""
        self._table, self._begun, experiment = None, (0, False), now.row.experiment
        try:
            complete = registry.complete(experiment)
            info = catalog.backbone(experiment.backbone.name)
            method = registry.method(experiment.method.name)
            view = view_of(complete)
            treatments = view.treatments if view else method.picture(complete.method.hyperparameters, info.block_names)
        except ExperimentError:
            self._blocks_section.hide()
            return
        used = () if without_network(experiment.method) else info.blocks
        blocks = [*((block.name, block.title, block.parameters) for block in used), ("head", "Head", None)]
        self._titles = {name: title for name, title, _ in blocks}
        self.blocks.set_blocks(blocks, treatments)
        self.blocks.set_marked(view.changed_blocks if view is not None else frozenset())
        self._blocks_section.show()
        self._table = view
        self._show_present(now)

    def _show_results(self, results: Sequence[Evaluated], now: RunNow) -> None:
        beside = (is_bench, adaptation.is_further, lambda result: is_kept(result.metric))
        self.result.show_results([result for result in results if not any(shown(result) for shown in beside)])
        self.bench.show_results(results)
        self._show_adaptation(results, now.row.id)

    def _show_adaptation(self, results: Sequence[Evaluated], run_id: int) -> None:
        found = {over: adaptation.curve(results, over) for over in adaptation.OVER}
        lines = {over: [AdaptationLine("", curve, run_id)] for over, curve in found.items() if curve is not None}
        self.adaptation.show_lines(lines, results[0].metric if results else ACCURACY)
