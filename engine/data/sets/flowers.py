"""Oxford Flowers 102: flowers of Britain, 40 to 258 photos of each kind. Nilsback and Zisserman 2008.

Its own training part has ten photos a class, its test part all the rest.
"""

from __future__ import annotations

import numpy as np

from engine.data.dataset import PHOTOS, DataSet, DatasetInfo
from engine.data.files.by_list import Row, by_list
from engine.data.files.matlab import Array
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.published import damaged, has_files, matrices_of, of_layout
from engine.downloads.remote import Remote

INFO = DatasetInfo(
    "flowers102", "Flowers 102", "Flowers of 102 kinds; ten photos of each to learn from.", 8_189, 102,
    licence="none stated (University of Oxford)", shelf=PHOTOS,
)  # fmt: skip
NAMES = (
    "pink primrose", "hard-leaved pocket orchid", "canterbury bells", "sweet pea", "english marigold", "tiger lily",
    "moon orchid", "bird of paradise", "monkshood", "globe thistle", "snapdragon", "colt's foot", "king protea",
    "spear thistle", "yellow iris", "globe-flower", "purple coneflower", "peruvian lily", "balloon flower",
    "giant white arum lily", "fire lily", "pincushion flower", "fritillary", "red ginger", "grape hyacinth",
    "corn poppy", "prince of wales feathers", "stemless gentian", "artichoke", "sweet william", "carnation",
    "garden phlox", "love in the mist", "mexican aster", "alpine sea holly", "ruby-lipped cattleya", "cape flower",
    "great masterwort", "siam tulip", "lenten rose", "barbeton daisy", "daffodil", "sword lily", "poinsettia",
    "bolero deep blue", "wallflower", "marigold", "buttercup", "oxeye daisy", "common dandelion", "petunia",
    "wild pansy", "primula", "sunflower", "pelargonium", "bishop of llandaff", "gaura", "geranium", "orange dahlia",
    "pink-yellow dahlia", "cautleya spicata", "japanese anemone", "black-eyed susan", "silverbush",
    "californian poppy", "osteospermum", "spring crocus", "bearded iris", "windflower", "tree poppy", "gazania",
    "azalea", "water lily", "rose", "thorn apple", "morning glory", "passion flower", "lotus", "toad lily",
    "anthurium", "frangipani", "clematis", "hibiscus", "columbine", "desert-rose", "tree mallow", "magnolia",
    "cyclamen", "watercress", "canna lily", "hippeastrum", "bee balm", "ball moss", "foxglove", "bougainvillea",
    "camellia", "mallow", "mexican petunia", "bromelia", "blanket flower", "trumpet creeper", "blackberry lily",
)  # fmt: skip
PARTS = (("trnid", 0), ("valid", 1), ("tstid", 2))
HOST = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"


def read(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    labels = _whole_numbers(matrices_of(listing, "imagelabels.mat"), "labels", "imagelabels.mat")
    parts = matrices_of(listing, "setid.mat")
    chosen = [(number, part) for key, part in PARTS for number in _whole_numbers(parts, key, "setid.mat")]
    if not all(1 <= number <= len(labels) for number, _ in chosen) or max(labels) > len(NAMES) or min(labels) < 1:
        raise damaged("setid.mat")
    rows = [Row(f"image_{number:05d}.jpg", NAMES[labels[number - 1] - 1], part) for number, part in chosen]
    return of_layout(INFO, listing, by_list(listing, rows, "as its lists say", class_names=NAMES), progress, cancelled)


def _whole_numbers(found: dict[str, Array], key: str, name: str) -> list[int]:
    values = found.get(key)
    if not isinstance(values, np.ndarray) or not values.size or not np.issubdtype(values.dtype, np.integer):
        raise damaged(name)
    return [int(value) for value in values.ravel()]


DATASET = DataSet(
    INFO, read=read, recognises=lambda listing: has_files(listing, "imagelabels.mat", "setid.mat"),
    given=("given", "As published"), order=21,
    download=(
        Remote(
            f"{HOST}102flowers.tgz", "102flowers.tgz", 344_862_509, "md5:52808999861908f626f3c1f4e79d11fa", b"\x1f\x8b"
        ),
        Remote(f"{HOST}imagelabels.mat", "imagelabels.mat", 502, "md5:e0620be6f572b9609742df49c70aed4d", b"MATLAB"),
        Remote(f"{HOST}setid.mat", "setid.mat", 14_989, "md5:a5357ecc9cb78c4bef273ce3793fc85c", b"MATLAB"),
    ),
)  # fmt: skip
