"""MedMNIST's twelve flat sets: medical images made small, 28 pixels as fetched, up to 224 in a copy of one's own.

Yang and others 2023. An `.npz` holds images and labels of three published parts; no pickle in it is opened. A chest
X-ray may show any of 14 findings: kept are those with one finding or none, as classes; the others are left out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import MEDICAL, DataSet, DatasetInfo
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.published import Parts, body_of, damaged, of_arrays
from engine.downloads.remote import Remote
from engine.errors import DataError

PARTS = (("train", 0), ("val", 1), ("test", 2))
SIDES = ("", "_64", "_128", "_224")  # as they follow the name
HOST = "https://zenodo.org/records/6496656/files/"
ORGANS = ("bladder", "left femur", "right femur", "heart", "left kidney", "right kidney", "liver", "left lung",
          "right lung", "pancreas", "spleen")  # fmt: skip
FINDINGS = ("atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia", "pneumothorax",
            "consolidation", "edema", "emphysema", "fibrosis", "pleural", "hernia")  # fmt: skip
NOTHING = "no finding"
BY, NON_COMMERCIAL = "CC BY 4.0 (MedMNIST)", "CC BY-NC 4.0 (MedMNIST)"


@dataclass(frozen=True, slots=True)
class Medical:
    """One of the sets. several: an image may have several of the labels."""

    name: str
    title: str
    what: str
    images: int
    labels: tuple[str, ...]
    md5: str
    licence: str = BY
    bytes: int = 0
    several: bool = False

    @property
    def class_names(self) -> tuple[str, ...]:
        return (*self.labels, NOTHING) if self.several else self.labels

    @property
    def info(self) -> DatasetInfo:
        count = len(self.class_names)
        return DatasetInfo(self.name, self.title, self.what, self.images, count, (28, 28), self.licence, shelf=MEDICAL)

    def file(self, listing: Listing) -> str | None:
        """The file of the smallest size that lies there."""
        names = {entry.path.rpartition("/")[2] for entry in listing.others}
        return next((f"{self.name}{side}.npz" for side in SIDES if f"{self.name}{side}.npz" in names), None)

    def read(
        self, choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
    ) -> ImageSet:
        """Raises `DataError`."""
        name = self.file(listing) or f"{self.name}.npz"
        left = 0
        parts: list[Parts] = []
        for part, number in PARTS:
            images, labels = _arrays(listing, name, part)
            if self.several:
                kept = labels.sum(axis=1) <= 1
                left += int((~kept).sum())
                images, labels = images[kept], _one_of(labels[kept])
            parts.append((images, labels.reshape(len(images), -1)[:, 0], number))
        height, width = parts[0][0].shape[1:3]
        words = f"one file of {width} x {height} pixels" + (
            f"; {left:,} with several findings left out" if left else ""
        )
        return of_arrays(self.info, self.class_names, parts, words)


def _one_of(marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The one finding of each row, or the class after them for none."""
    return np.where(marks.any(axis=1), marks.argmax(axis=1), marks.shape[1]).astype(np.int64)


def _arrays(listing: Listing, name: str, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """uint8 [n, height, width(, 3)] and int64 [n, labels] of one part; raises `DataError`."""
    try:
        with np.load(io.BytesIO(body_of(listing, name)), allow_pickle=False) as found:
            images, labels = found[f"{part}_images"], found[f"{part}_labels"]
    except DataError:
        raise
    except Exception:  # noqa: BLE001  a damaged zip, or a header that is no header, can fail in any way
        raise damaged(name) from None
    flat = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    if images.dtype != np.uint8 or not flat or not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 2:
        raise damaged(name)
    if len(images) != len(labels):
        raise damaged(name)
    return images, labels.astype(np.int64)


MEDICALS = (
    Medical(
        "pathmnist", "PathMNIST", "Tissue of the bowel under the microscope, nine kinds.", 107_180,
        ("adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
         "cancer-associated stroma", "colorectal adenocarcinoma epithelium"),
        "a8b06965200029087d5bd730944a56c1", bytes=205_615_438,
    ),
    Medical(
        "chestmnist", "ChestMNIST", "X-rays of the chest with one finding or none; those with several are left out.",
        112_120, FINDINGS, "02c8a6516a18b556561a56cbdd36c4a8", several=True,
    ),
    Medical(
        "dermamnist", "DermaMNIST", "Spots of the skin, seven diagnoses.", 10_015,
        ("actinic keratosis", "basal cell carcinoma", "benign keratosis", "dermatofibroma", "melanoma",
         "melanocytic nevus", "vascular lesion"),
        "0744692d530f8e62ec473284d019b0c7", NON_COMMERCIAL,
    ),
    Medical(
        "octmnist", "OCTMNIST", "Sections through the retina, four diagnoses.", 109_309,
        ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
        "c68d92d5b585d8d81f7112f81e2d0842",
    ),
    Medical(
        "pneumoniamnist", "PneumoniaMNIST", "X-rays of children's chests, with pneumonia or without.", 5_856,
        ("normal", "pneumonia"), "28209eda62fecd6e6a2d98b1501bb15f",
    ),
    Medical(
        "retinamnist", "RetinaMNIST", "Retinas of diabetics, five grades, taken as classes.", 1_600,
        ("grade 0", "grade 1", "grade 2", "grade 3", "grade 4"), "bd4c0672f1bba3e3a89f0e4e876791e4",
    ),
    Medical(
        "breastmnist", "BreastMNIST", "Ultrasound of the breast, malignant or not.", 780,
        ("malignant", "normal or benign"), "750601b1f35ba3300ea97c75c52ff8f6",
    ),
    Medical(
        "bloodmnist", "BloodMNIST", "Blood cells under the microscope, eight kinds.", 17_092,
        ("basophil", "eosinophil", "erythroblast", "immature granulocyte", "lymphocyte", "monocyte", "neutrophil",
         "platelet"),
        "7053d0359d879ad8a5505303e11de1dc",
    ),
    Medical(
        "tissuemnist", "TissueMNIST", "Cells of the kidney, eight kinds.", 236_386,
        ("collecting duct, connecting tubule", "distal convoluted tubule", "glomerular endothelial cells",
         "interstitial endothelial cells", "leukocytes", "podocytes", "proximal tubule segments",
         "thick ascending limb"),
        "ebe78ee8b05294063de985d821c1c34b",
    ),
    Medical(
        "organamnist", "OrganAMNIST", "Organs in CT, axial sections, eleven kinds.", 58_850, ORGANS,
        "866b832ed4eeba67bfb9edee1d5544e6",
    ),
    Medical(
        "organcmnist", "OrganCMNIST", "Organs in CT, coronal sections, eleven kinds.", 23_660, ORGANS,
        "0afa5834fb105f7705a7d93372119a21",
    ),
    Medical(
        "organsmnist", "OrganSMNIST", "Organs in CT, sagittal sections, eleven kinds.", 25_221, ORGANS,
        "e5c39f1af030238290b9557d9503af9d",
    ),
)  # fmt: skip


def _set(one: Medical, place: int) -> DataSet:
    file = f"{one.name}.npz"
    return DataSet(
        one.info, read=one.read, recognises=lambda listing: one.file(listing) is not None,
        given=("given", "As published"), order=60 + place,
        download=(Remote(f"{HOST}{file}?download=1", file, one.bytes, f"md5:{one.md5}", b"PK\x03\x04"),),
    )  # fmt: skip


DATASETS = tuple(_set(one, place) for place, one in enumerate(MEDICALS))
