"""German traffic signs: 43 kinds, cut out of photos from a moving car. Stallkamp and others 2012."""

from __future__ import annotations

import csv

from engine.data.dataset import PHOTOS, DataSet, DatasetInfo
from engine.data.files.by_list import Row, by_list
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.published import damaged, file_of, has_folders, lines_of, of_layout
from engine.downloads.remote import Remote

NAMES = (
    "speed limit 20", "speed limit 30", "speed limit 50", "speed limit 60", "speed limit 70", "speed limit 80",
    "end of speed limit 80", "speed limit 100", "speed limit 120", "no passing", "no passing for lorries",
    "right of way at the next junction", "priority road", "yield", "stop", "no vehicles", "no lorries", "no entry",
    "danger", "curve to the left", "curve to the right", "double curve", "bumpy road", "slippery road",
    "road narrows on the right", "road works", "traffic lights", "pedestrians", "children", "bicycles", "ice or snow",
    "wild animals", "end of all limits", "turn right", "turn left", "straight ahead", "straight or right",
    "straight or left", "keep right", "keep left", "roundabout", "end of no passing", "end of no passing for lorries",
)  # fmt: skip
TRUTH = "GT-final_test.csv"
HOST, ZIP = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/", b"PK\x03\x04"
INFO = DatasetInfo(
    "gtsrb", "German traffic signs", "Traffic signs of 43 kinds, 15 to 250 pixels.", 39_270, len(NAMES),
    licence="free for research (Ruhr University Bochum)", shelf=PHOTOS,
)  # fmt: skip


def is_gtsrb(listing: Listing) -> bool:
    folders = [f"{number:05d}" for number in range(len(NAMES))]
    return has_folders(listing, folders) and any(one.path.lower().endswith(".ppm") for one in listing.files)


def read(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    rows = []
    for entry in listing.images:
        number = entry.path.split("/")[-2] if "/" in entry.path else ""
        if len(number) == 5 and number.isdecimal():
            rows.append(Row(entry.path, _name(number, entry.path), 0))
    truth = file_of(listing, TRUTH)
    if truth is not None:
        for line in csv.DictReader(lines_of(listing, TRUTH), delimiter=";"):
            rows.append(Row(f"Images/{line.get('Filename')}", _name(line.get("ClassId"), TRUTH), 2))
    words = "as its folders and its list say" if truth else "its training part alone"
    return of_layout(INFO, listing, by_list(listing, rows, words, class_names=NAMES), progress, cancelled)


def _name(number: str | None, source: str) -> str:
    if number is None or not number.isdecimal() or int(number) >= len(NAMES):
        raise damaged(source)
    return NAMES[int(number)]


DATASET = DataSet(
    INFO, read=read, recognises=is_gtsrb, given=("given", "As published"), once_folder=True, order=27,
    download=(
        Remote(
            f"{HOST}GTSRB-Training_fixed.zip", "GTSRB-Training_fixed.zip", 187_490_228,
            "md5:513f3c79a4c5141765e10e952eaa2478", ZIP,
        ),
        Remote(
            f"{HOST}GTSRB_Final_Test_Images.zip", "GTSRB_Final_Test_Images.zip", 88_978_620,
            "md5:c7e4e6327067d32654124b0fe9e82185", ZIP,
        ),
        Remote(
            f"{HOST}GTSRB_Final_Test_GT.zip", "GTSRB_Final_Test_GT.zip", digest="md5:fe31e9c9270bbcd7b84b7f21a9d9d9e5",
            magic=ZIP,
        ),
    ),
)  # fmt: skip
