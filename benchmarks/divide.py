"""Divides a folder of class folders into train, val and test folders, so that 20 labels per class are possible where a
class has 31 images.

    python -m benchmarks.divide --photos FOLDER --to FOLDER [--train 20] [--validation 4]
"""

from __future__ import annotations

import argparse
import random
import shutil
from pathlib import Path


def divide(photos: Path, to: Path, train: int, validation: int) -> None:
    """Copy every class's images, shuffled by the class's name, into to/train, to/val and to/test."""
    for folder in sorted(path for path in photos.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.iterdir() if path.is_file())
        random.Random(f"0 {folder.name}").shuffle(files)
        parts = {"train": files[:train], "val": files[train : train + validation], "test": files[train + validation :]}
        for part, chosen in parts.items():
            target = to / part / folder.name
            target.mkdir(parents=True, exist_ok=True)
            for file in chosen:
                shutil.copy(file, target / file.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--train", type=int, default=20)
    parser.add_argument("--validation", type=int, default=4)
    given = parser.parse_args()
    divide(given.photos, given.to, given.train, given.validation)


if __name__ == "__main__":
    main()
