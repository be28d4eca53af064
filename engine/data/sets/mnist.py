"""MNIST, and what is published in files of the same kind: Fashion-MNIST, Kuzushiji-MNIST, EMNIST.

LeCun, Cortes and Burges, The MNIST database of handwritten digits. Xiao, Rasul and Vollgraf 2017. Clanuwat and others
2018. Cohen and others 2017: EMNIST's images are stored with rows and columns exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_letters, ascii_lowercase, digits

import numpy as np

from engine.data.dataset import SMALL, DataSet, DatasetInfo
from engine.data.files.idx import Bytes, IdxNames, Wanted, found_files, read_idx
from engine.data.files.tree import Listing
from engine.data.hashes import short_hash
from engine.data.images import ArrayPixels, Cancel, ImageSet, Progress
from engine.data.labelled_set import Skipped
from engine.data.published import present
from engine.downloads.remote import Remote
from engine.errors import DataError

TITLE = "MNIST"
LICENCE = "CC BY-SA 3.0 (LeCun, Cortes and Burges)"
COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # of the training digits
WHOLE, FEW_PICTURES = 4, 10
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
MNIST = IdxNames(TITLE, wished="MNIST")
EMNIST_PARTS = (("train", 0), ("test", 2))
GARMENTS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
MERGED = frozenset("cijklmopsuvwxyz")  # small letters that look like their capitals
BALANCED = tuple(sorted(set(digits + ascii_letters) - MERGED))


def is_mnist(listing: Listing) -> bool:
    """Whether idx files with MNIST's names lie there, and no pictures that could be meant instead: beside all four
    there may be a few."""
    found = len(found_files(listing, MNIST))
    return (found == WHOLE and len(listing.images) < FEW_PICTURES) if listing.images else found > 0


def load_mnist(listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None) -> ImageSet:
    """The digits, white on black, 28 x 28, with the split that they are published with. Raises `DataError`."""
    return _image_set(listing, *read_idx(listing, MNIST, progress, cancelled))


def _image_set(listing: Listing, pixels: Bytes, labels: list[Bytes]) -> ImageSet:
    """idx files of the same names hold other data as well: those keep the name of their folder."""
    train = labels[0]
    values, every = np.unique(
        np.concatenate(labels).astype(np.int64), return_inverse=True
    )  # labels need not be 0, 1, …
    own = tuple(np.bincount(train, minlength=10).tolist()) == COUNTS
    names = tuple(str(value) for value in values)
    title = TITLE if own else listing.root.stem if listing.is_zip else listing.root.name
    return _of(listing, pixels, labels, every, DatasetInfo("mnist", title, "", licence=LICENCE if own else ""), names)


def _of(
    listing: Listing, pixels: Bytes, labels: list[Bytes], every: np.ndarray, info: DatasetInfo, names: tuple[str, ...]
) -> ImageSet:
    train = len(labels[0])
    given = np.repeat(np.array([0, 2], dtype=np.int8), [len(part) for part in labels])
    words, starts = ("training", "", "test"), {0: 0, 2: train}
    return ImageSet(
        name=info.name,
        title=info.title,
        licence=info.licence,
        labels=every,
        class_names=names,
        source=ArrayPixels(
            pixels,
            lambda index: (
                f"{names[every[index]]}, {words[given[index]]} image {index - starts[int(given[index])] + 1:,}"
            ),
        ),
        fingerprint=short_hash(pixels.tobytes(), every.tobytes()),
        channels=1,
        typical_size=(pixels.shape[1], pixels.shape[2]),
        layout=f"idx files of {train:,} training and {len(every) - train:,} test images",
        given_split=given,
        given_words="as published",
        skipped=tuple(Skipped(entry.path, "beside the idx files") for entry in listing.images),
    )


@dataclass(frozen=True)
class Sibling:
    """A set in such files. labels: of its classes, in order. told: words in the path of a copy that tell it. turned:
    rows and columns are exchanged. first: the label of the first class."""

    info: DatasetInfo
    names: IdxNames
    labels: tuple[str, ...]
    files: tuple[Remote, ...]
    told: tuple[str, ...] = ()
    turned: bool = False
    first: int = 0
    kept_in: str = ""

    def recognises(self, listing: Listing) -> bool:
        found = found_files(listing, self.names)
        return len(found) == WHOLE and (not self.told or _says(listing, found, self.told))

    def read(
        self, choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
    ) -> ImageSet:
        """Raises `DataError`, `Cancelled`."""
        pixels, labels = read_idx(listing, self.names, progress, cancelled)
        every = np.concatenate(labels).astype(np.int64) - self.first
        if every.min(initial=0) < 0 or every.max(initial=0) >= len(self.labels):
            raise DataError(f"The labels in “{listing.root.name}” are not those of {self.info.title}.", ANEW)
        every, names = present(every, self.labels)
        if self.turned:
            pixels = np.ascontiguousarray(pixels.transpose(0, 2, 1))
        return _of(listing, pixels, labels, every, self.info, names)


def four(host: str, *files: tuple[str, int, str], mirrors: tuple[str, ...] = ()) -> tuple[Remote, ...]:
    return tuple(
        Remote(f"{host}{name}", name, size, f"md5:{md5}", GZIP, tuple(f"{mirror}{name}" for mirror in mirrors))
        for name, size, md5 in files
    )


DIGITS = four(
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    ("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
    ("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
    ("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
    mirrors=("https://storage.googleapis.com/cvdf-datasets/mnist/",),
)
CLOTHES = four(
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    ("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
    ("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
    ("t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
)
HIRAGANA = four(
    "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ("train-images-idx3-ubyte.gz", 18_165_135, "bdb82020997e1d708af4cf47b453dcf7"),
    ("train-labels-idx1-ubyte.gz", 29_497, "e144d726b3acfaa3e44228e80efcd344"),
    ("t10k-images-idx3-ubyte.gz", 3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7"),
    ("t10k-labels-idx1-ubyte.gz", 5_120, "7320c461ea6c1c855c0b718fb2a4b134"),
)
LETTERS = (
    Remote(
        "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", "gzip.zip", 561_753_746,
        "md5:58c8d27c78d21e728a6bc7b3cc06412e", ZIP,
    ),
)  # fmt: skip
ANEW = "Copy or download its files again."
SIBLINGS = (
    Sibling(
        DatasetInfo(
            "fashion_mnist", "Fashion-MNIST", "Ten kinds of clothes, grey, 28 pixels.", 70_000, 10, (28, 28),
            "MIT (Zalando)", shelf=SMALL,
        ),
        IdxNames("Fashion-MNIST", wished="FashionMNIST"), GARMENTS, CLOTHES, ("fashion",),
    ),
    Sibling(
        DatasetInfo(
            "kmnist", "Kuzushiji-MNIST", "Ten Japanese characters in old handwriting, 28 pixels.", 70_000, 10, (28, 28),
            "CC BY-SA 4.0 (CODH)", shelf=SMALL,
        ),
        IdxNames("Kuzushiji-MNIST", wished="KMNIST"), KANA, HIRAGANA, ("kmnist", "kuzushiji"),
    ),
    Sibling(
        DatasetInfo(
            "emnist_balanced", "EMNIST, balanced", "Handwritten digits and letters, 47 classes of equal size.",
            131_600, 47, (28, 28), "public domain (NIST)", shelf=SMALL,
        ),
        IdxNames("EMNIST", "emnist-balanced-", EMNIST_PARTS, again=ANEW), BALANCED, LETTERS, turned=True,
        kept_in="emnist",
    ),
    Sibling(
        DatasetInfo(
            "emnist_letters", "EMNIST, letters", "Handwritten letters, capitals and small ones together.",
            145_600, 26, (28, 28), "public domain (NIST)", shelf=SMALL,
        ),
        IdxNames("EMNIST", "emnist-letters-", EMNIST_PARTS, again=ANEW), tuple(ascii_lowercase), LETTERS, turned=True,
        first=1, kept_in="emnist",
    ),
)  # fmt: skip


def _says(listing: Listing, found: Wanted, words: tuple[str, ...]) -> bool:
    """Whether the path of such files says what they are."""
    path = f"{listing.root.name}/{next(iter(found.values())).path}".lower()
    return any(word in path for word in words)


def _is_mnist_alone(listing: Listing) -> bool:
    """Files of MNIST's names that no other set of such files claims."""
    others = tuple(word for one in SIBLINGS for word in one.told)
    return is_mnist(listing) and not _says(listing, found_files(listing, MNIST), others)


def _all() -> Iterator[DataSet]:
    yield DataSet(
        DatasetInfo(
            "mnist", TITLE, "Handwritten digits, 60,000 to learn from and 10,000 to test, as idx files.",
            70000, 10, (28, 28), LICENCE,
        ),
        read=lambda choice, *given: load_mnist(*given), recognises=_is_mnist_alone,
        given=("given", "As published"), download=DIGITS, order=7,
    )  # fmt: skip
    for place, one in enumerate(SIBLINGS):
        yield DataSet(
            one.info, read=one.read, recognises=one.recognises, given=("given", "As published"), download=one.files,
            kept_in=one.kept_in, order=30 + place,
        )  # fmt: skip


DATASETS = tuple(_all())
