"""What the third column of New experiment is told of the first two and of the last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.backbones.info import BackboneInfo
from engine.data.sources import known
from engine.experiment import BackboneChoice, DatasetChoice
from engine.registry import HyperparameterField, episodes_of


@dataclass(frozen=True)
class Around:
    """What is set up beside the method. info: of the network, None where it is not known; minutes: how long it trains
    instead of its epochs, 0 when the epochs count."""

    data: DatasetChoice
    backbone: BackboneChoice
    info: BackboneInfo | None
    minutes: float

    def begun(self, fields: Iterable[HyperparameterField], method: str) -> tuple[HyperparameterField, ...]:
        """The fields of this method with what its episodes begin with on these data."""
        source = known(self.data.name)
        own = episodes_of(source.start, method) if source is not None else {}
        return tuple(replace(field, default=own.get(field.name, field.default)) for field in fields)
