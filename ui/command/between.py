"""What may be typed after `between`."""

from __future__ import annotations

import argparse


def add_between(between: argparse.ArgumentParser) -> None:
    between.add_argument("runs", metavar="RUN", nargs="+", help="one to three: numbers, uids or names")
    between.add_argument("--around", action="store_true", help="one run: a plane around it in two random directions")
    between.add_argument("--images", type=int, metavar="N", default=256, help="training and test images; default 256")
    between.add_argument("--points", type=int, metavar="N", help="of a line (41), or along each side of a plane (25)")
    between.add_argument(
        "--keep-statistics", action="store_true", help="mix batch norm's statistics, do not average them anew"
    )
    between.add_argument("--directions", type=int, metavar="SEED", default=0, help="of --around; default 0")
    between.add_argument("--csv", metavar="FILE", help="also write every point as a table")
    between.add_argument("--device", metavar="NAME", help="cpu, cuda:0, mps (see: list devices)")
