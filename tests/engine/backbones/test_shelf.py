"""The shelf: every set of weights there is has its row, and each row can be chosen."""

from __future__ import annotations

from engine.backbones import catalog
from engine.backbones.shelf import rows
from engine.experiment import BackboneChoice


def test_every_row_can_be_chosen_and_says_the_same_as_the_choice() -> None:
    found = rows()
    assert len({(row.backbone, row.weights) for row in found}) == len(found)
    for row in found:
        info = catalog.backbone(row.backbone)
        known = {one.name: one for one in catalog.weights(row.backbone)}[row.weights]
        assert (row.parameters, row.channels) == (info.parameters, info.form.channels)
        assert (row.state, row.bytes, row.licence) == (known.state, known.bytes, known.licence)
        choice = BackboneChoice(name=row.backbone, weights=row.weights)
        assert row.size == catalog.image_size(choice)
        pixels = catalog.pixels(choice)
        assert (row.mean, row.std) == (pixels.mean, pixels.std)
