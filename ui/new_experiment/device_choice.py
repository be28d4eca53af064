"""Where runs work: the devices of this machine, and the workspace's cluster where it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from engine.events import CLUSTER
from ui.elsewhere import SeenCluster
from ui.parts import Parts
from ui.widgets.fields import Choice

if TYPE_CHECKING:
    from engine.machine.devices import DeviceInfo

TIP = (
    "Where the run works. All GPUs together share each batch of fine-tuning, and of pretraining that can be shared; "
    "the cluster is other machines (Settings, Machines)."
)


class DeviceChoice(Choice):
    """Follows what there is. free: bytes of memory free on each device of this machine, None where not known. known:
    this machine was asked."""

    known = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__([("cpu", "CPU")], parent)
        self._parts = parts
        self._here: list[tuple[object, str]] = [("cpu", "CPU")]
        self.free: dict[str, int | None] = {}
        parts.machines.changed.connect(self._offer)
        self._offer()
        self.activated.connect(lambda _: self._ask())
        parts.live.engine_ready.connect(self._load)
        if parts.live.is_engine_ready:
            self._load()

    def device(self) -> str:
        return str(self.key() or "cpu")

    def _ask(self) -> None:
        """How many places there are, once somebody chooses the cluster."""
        if self.device() == CLUSTER:
            self._parts.machines.look()

    def _ask_first(self) -> None:
        """The same where nobody asked yet, however it came to be chosen: it is seen."""
        now = self._parts.machines.now
        if self.isVisible() and now.address and now.places is None and not (now.fault or now.lacking):
            self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_first()

    def _load(self) -> None:
        """Ask for the devices, which needs torch."""

        def look(cancelled: object) -> tuple[DeviceInfo, ...]:
            from engine.machine.devices import devices

            return devices()

        self._parts.background.run(look, self._show_here, key=f"devices {id(self)}")

    def show_device(self, name: str) -> None:
        """Choose it, also where there is none of this name now."""
        if not self.set_key(name):
            self.addItem(f"{name} (not on this machine)" if name != CLUSTER else "Cluster (none is known)", name)
            self.set_key(name)
        self._ask_first()

    def _show_here(self, found: tuple[DeviceInfo, ...]) -> None:
        self.free = {info.name: info.free_bytes for info in found}
        self._here = [(info.name, info.title) for info in found]
        self._offer()
        self.known.emit()

    def _offer(self) -> None:
        """What is chosen stays, as its absence may be over when the run begins."""
        machines, chosen = self._parts.machines, self.device()
        there: list[tuple[object, str]] = [(CLUSTER, title(machines.now))] if machines.is_known else []
        wanted = [*self._here, *there]
        if chosen == CLUSTER and not there:
            wanted.append((CLUSTER, "Cluster (none is known)"))
        if wanted != [(self.itemData(index), self.itemText(index)) for index in range(self.count())]:
            self.set_options(wanted)
        self._ask_first()


def title(cluster: SeenCluster) -> str:
    """ "Cluster (4 places)"; the places are known once it was asked."""
    if cluster.places is None:
        return "Cluster (does not answer)" if cluster.fault else "Cluster"
    return f"Cluster ({count(len(cluster.places), 'places') if cluster.places else 'no machine yet'})"
