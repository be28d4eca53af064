"""A map of a set: its images where a network puts them, before and after training, to be looked at closely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QSlider, QWidget

from engine.data.hashes import BY_CONTENT
from engine.events import Preparing
from ui.data.class_legend import class_colour
from ui.data.map_drawing import MapDrawing
from ui.data.map_side import CHOSEN, NEAREST, MapSide, Reoriented
from ui.data.map_words import CHANGED, FLAT, HANDS, KINDS, TOGETHER, of_kind, of_point, of_sample
from ui.data.neighbour_list import Near
from ui.figures.point_cloud import PointCloud
from ui.listing.card_list import ProgressLine
from ui.parts import Parts
from ui.widgets.buttons import button, of_first_clicks
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet
    from engine.maps.mapped import Mapped
    from ui.data.map_networks import MapNetwork, Taken

NEAREST_SHOWN = 12
SLIDE = 100  # steps of the slider
NOTHING = ("", "")  # key of a network that is wanted, and of the set
GLIDE = 15  # milliseconds between two places on the way from before to after


class MapView(QWidget):
    """leave_out(images): New experiment is to be set up without these indices. in_samples(images): they are to be shown
    large. data: the chosen set, None until it is read. of: the set that the map is of. Draws when asked to, in the
    background."""

    leave_out = Signal(object)
    in_samples = Signal(object)

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.data: LabelledSet | None = None
        self.of: LabelledSet | None = None
        self.map: Mapped | None = None
        self.taken: Taken | None = None
        self.drawing = MapDrawing(parts, self)
        self._networks: dict[str, MapNetwork] = {}
        self._key, self._goal = "", 0
        self._wanted = NOTHING
        self._glide = QTimer(self, interval=GLIDE)
        self._make()
        self._build()
        self._connect()
        self._adjust()

    def _make(self) -> None:
        self.network = Choice([])
        self.network.setAccessibleName("Network")
        self.kind = Choice(KINDS)
        self.kind.setMinimumContentsLength(17)
        self.kind.setMinimumWidth(90)  # where there is no room for all of its words
        self.kind.setAccessibleName("How examples are placed")
        self.draw_button = button("Draw", "data", "Let this network look at the data, and place it", self.draw)
        self.stop_button = of_first_clicks(button("Stop", "stop", "Draw no further", self.stop))
        self.words = Text("", "small", "muted")
        self.bar = ProgressLine("Drawing the map")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMaximum(SLIDE)
        self.slider.setAccessibleName("From before to after the run")
        self.play = button("Play", "play", "Move the points from before to after, and back", self._play)
        self.cloud = PointCloud()
        self.cloud.setAccessibleName("Map of the data set")
        self.cloud.say = self._of_point
        self.side = MapSide(self._parts.background)
        self.reading = Text("", "small", "muted")

    def _build(self) -> None:
        self.between = QWidget()
        in_row(Text("Before", "small"), (self.slider, 1), Text("After", "small"), self.play, owner=self.between, gap=8)
        self.splitter = Reoriented(self.cloud, self.side)
        self.splitter.setSizes([600, 260])
        in_column(
            in_row((self.network, 1), self.kind, self.draw_button, self.stop_button, gap=8), self.words, self.bar,
            self.between, (self.splitter, 1), self.reading, owner=self, gap=6,
        )  # fmt: skip

    def _connect(self) -> None:
        self.drawing.listed.connect(self._take_networks)
        self.drawing.begun.connect(self._begin)
        self.drawing.said.connect(self._hear)
        self.drawing.ended.connect(self._end)
        self._glide.timeout.connect(self._step)
        self._parts.live.engine_ready.connect(self._adjust)
        self.kind.currentIndexChanged.connect(lambda _: self._place())
        self.slider.valueChanged.connect(lambda _: self._place())
        self.cloud.chosen.connect(self._show_near)
        self.cloud.caught.connect(self._show_caught)
        self.side.legend.looked_at.connect(self.cloud.look_at)
        self.side.legend.wanted.connect(lambda one: self.cloud.catch(self.cloud.labels == one))
        self.side.nearest.wanted.connect(self.cloud.choose)
        self.side.leave_out.connect(lambda: self.leave_out.emit(self.caught()))
        self.side.in_samples.connect(lambda: self.in_samples.emit(self.caught()))

    # The set

    def expect(self, key: str) -> None:
        """Another set, or the same read anew, whose map stays until `set_data`. key: of the set in the list."""
        self.stop()
        self.data, self._networks = None, {}
        if key != self._key:
            self._key = key
            self._clear("")
        self._adjust()

    def set_data(self, data: LabelledSet) -> None:
        """The set as it was read; a map of the same images stays."""
        self.data, had = data, self.map
        if had is not None and had.fingerprint == data.fingerprint:
            self._show_map(had)
        else:
            self._clear(CHANGED if had is not None else "")
        self._adjust()
        if self.isVisible() or self._wanted != NOTHING:
            self._offer()

    def showEvent(self, event: object) -> None:
        """Runs may have ended since."""
        self._offer()

    def want_run(self, uid: str, key: str) -> None:
        """Draw what this run's network sees, as soon as its set is read. key: of its set in the list."""
        self._wanted = (f"run:{uid}", key)
        self._offer()

    def _offer(self) -> None:
        """What networks there are, once the set is read."""
        if self.data is not None:
            self.drawing.list_networks(self.data)

    def _take_networks(self, found: list[MapNetwork]) -> None:
        self._networks = {one.key: one for one in found}
        self.network.set_options([(one.key, one.title) for one in found])
        wanted, of = self._wanted
        if of == self._key and wanted not in self._networks and self._wanted != NOTHING:
            self._wanted = NOTHING
            self.words.setText("That run has left no network that looks at this.")
        self._adjust()

    # Drawing

    def draw(self) -> None:
        chosen = self._networks.get(str(self.network.key()))
        if self.data is not None and chosen is not None and self._parts.live.is_engine_ready:
            self._clear("Looking at the data…")
            self.drawing.draw(self.data, chosen)
            self._adjust()

    def stop(self) -> None:
        """Draw no further; what is drawn stays."""
        if self.drawing.is_at_work:
            self.drawing.stop()
            self._end(self._sample() if self.map is not None else "Nothing was drawn to the end.")

    def _begin(self, known: Taken | None) -> None:
        self.taken = known

    def _end(self, words: str) -> None:
        self.bar.show_share(1, "good", "", at_work=False)
        if words:
            self.words.setText(words)
        self._adjust()

    def _hear(self, said: Preparing | Mapped) -> None:
        if self.data is None:
            return
        if isinstance(said, Preparing):
            self.words.setText(f"{said.text}…")
            self.bar.show_share(said.fraction or 0.0, "accent", said.text, at_work=True)
            return
        if self.map is None:
            self._show_map(said)
        else:
            self.map = said
            self._place()
        if said.done:
            self.words.setText(self._sample())

    # Showing

    def _clear(self, words: str) -> None:
        self.map, self.of, self.taken = None, None, None
        self._glide.stop()
        self.slider.setValue(0)
        self.words.setText(words)
        self.cloud.show_points(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), [])
        self.side.expect(self.data)
        self._place()

    def _show_map(self, found: Mapped) -> None:
        assert self.data is not None
        self.map, self.of = found, self.data
        names, labels = self.data.class_names, self.data.labels[found.ids]
        self.side.expect(self.data)
        self.side.legend.show_classes(names, np.bincount(labels, minlength=len(names)).tolist())
        self.cloud.show_points(found.flat[0], labels, [class_colour(one, len(names)) for one in range(len(names))])
        if self.taken is not None:
            self.cloud.marked = np.isin(found.ids, self.taken.ids[self.taken.wrong])
        self.words.setText(self._sample())
        self._place()

    def _sample(self) -> str:
        assert self.map is not None
        assert self.of is not None
        return of_sample(self.map, self.of, self.taken)

    def _place(self) -> None:
        """Each point where the kind of picture and the slider have it."""
        self.between.setVisible(self.map is not None and len(self.map.eyes) == 2)
        is_flat = self.kind.key() == FLAT
        self.reading.setText(f"{of_kind(self.map, is_flat, self._eye())} {HANDS}" if self.map else TOGETHER)
        if self.map is None:
            return
        places = self.map.flat if is_flat or not self.map.near else self.map.near
        share = self.slider.value() / SLIDE
        first, last = places[0], places[-1]
        self.cloud.move_points(first + np.float32(share) * (last - first))

    def _eye(self) -> int:
        """Which network the neighbours are of: the one that the slider is nearer to."""
        return int(self.map is not None and len(self.map.eyes) == 2 and self.slider.value() > SLIDE / 2)

    def _play(self) -> None:
        self._goal = 0 if self.slider.value() > SLIDE / 2 else SLIDE
        self._glide.start()

    def _step(self) -> None:
        self.slider.setValue(self.slider.value() + (2 if self._goal else -2))
        if self.slider.value() == self._goal:
            self._glide.stop()
            self._show_near(self.cloud.current)

    def _of_point(self, place: int) -> str:
        assert self.map is not None
        assert self.of is not None
        return of_point(int(self.map.ids[place]), self.of, self.taken)

    def _show_near(self, place: int) -> None:
        if self.map is None or place < 0:
            self.side.nearest.show_near([], "")
            return
        near, away = self.map.neighbours(place, self._eye(), NEAREST_SHOWN)
        self.cloud.near = near
        lines = [Near(place, int(self.map.ids[place]), self._of_point(place))]
        lines += [Near(one, int(self.map.ids[one]), self._of_point(one), float(far))
                  for one, far in zip(near.tolist(), away.tolist(), strict=True)]  # fmt: skip
        self.side.nearest.show_near(lines, self.map.eyes[self._eye()].title)
        self.side.show_tab(NEAREST)

    def caught(self) -> np.ndarray:
        """Indices of the chosen images, ascending."""
        return self.map.ids[self.cloud.inside] if self.map is not None else np.zeros(0, np.int64)

    def _show_caught(self) -> None:
        kept = self.of is not None and self.of.fingerprint.startswith(BY_CONTENT)
        self.side.show_chosen(self.of, self.caught(), "" if kept else "It is not a set of files.")
        if len(self.caught()):
            self.side.show_tab(CHOSEN)

    def _adjust(self) -> None:
        """What can be done now; a map that is waited for is begun once it can be."""
        ready = self._parts.live.is_engine_ready and self.data is not None and bool(self._networks)
        wanted, of = self._wanted
        if ready and of == self._key and wanted in self._networks:
            self.network.set_key(wanted)
            self._wanted = NOTHING
            self.draw()
            return
        self.draw_button.setEnabled(ready)
        self.draw_button.setVisible(not self.drawing.is_at_work)
        self.stop_button.setVisible(self.drawing.is_at_work)
