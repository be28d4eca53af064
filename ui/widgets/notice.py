"""What has to be said about a column, over the lower end of its content: nothing moves when it comes or goes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from ui.widgets.card import paint_card
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

MARGIN = 8


class NoticeBar(QFrame):
    """Shown while one of the widgets that were added is. `room` gives the view the space to scroll clear of it."""

    def __init__(self, area: QScrollArea, body: QVBoxLayout) -> None:
        super().__init__(area)
        self._area, self._body = area, body
        self._margin = body.contentsMargins().bottom()
        self._column = in_column(owner=self, gap=6, edges=MARGIN)
        self._said: list[QWidget] = []
        area.viewport().installEventFilter(self)
        self.hide()

    def add(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self._said.append(widget)
            self._column.addWidget(widget)
            widget.installEventFilter(self)
        self.arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.ShowToParent, QEvent.Type.HideToParent, QEvent.Type.Resize)
        if event.type() in kinds and (watched in self._said or event.type() == QEvent.Type.Resize):
            self.arrange()
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.arrange()
        return super().event(event)

    def arrange(self) -> None:
        """At the lower edge, as high as its words."""
        wanted = any(not widget.isHidden() for widget in self._said)
        margins = self._body.contentsMargins()
        width = self._area.viewport().width() - MARGIN  # beside the scroll bar, which lies above
        height = min(self._column.heightForWidth(width), self._area.height() - MARGIN) if wanted else 0
        margins.setBottom(self._margin + height)
        self._body.setContentsMargins(margins)
        self.setGeometry(MARGIN, self._area.height() - height, width, height)
        self.setVisible(wanted)
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_card(self, edge="faint")


class Refusal(Text):
    """What was wrong with what was typed, over what lies under its field until something else is typed. It takes no
    room in a layout and no click."""

    def __init__(self, field: QWidget) -> None:
        super().__init__("", "small", "bad")
        self._field = field
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setContentsMargins(6, 4, 6, 4)
        self.hide()

    def setVisible(self, visible: bool) -> None:
        if visible and (host := host_of(self._field)) is not None:
            if self.parentWidget() is not host:
                self.setParent(host)
            self._place(host)
        super().setVisible(visible)

    def _place(self, host: QWidget) -> None:
        """Under the field, as wide as its form lets it be."""
        form = self._field.parentWidget()
        within = form if form is not None else host
        left = within.mapTo(host, within.rect().topLeft()).x()
        top = self._field.mapTo(host, self._field.rect().bottomLeft()).y() + 2
        width = min(within.width(), host.width() - left)
        self.setGeometry(left, top, width, self.heightForWidth(width))
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_card(self, edge="bad")
        super().paintEvent(event)


def host_of(field: QWidget) -> QWidget | None:
    """What the field scrolls with: the content of its view, else its window. Not a splitter, which would take what is
    put into it for one more of its parts."""
    widget: QWidget | None = field
    while widget is not None and not widget.isWindow():
        parent = widget.parentWidget()
        view = parent.parentWidget() if parent is not None else None
        in_view = isinstance(view, QScrollArea) and view.widget() is widget
        if in_view and not isinstance(widget, QSplitter):
            return widget
        widget = parent
    return widget if widget is not field else None
