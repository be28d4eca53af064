"""The words of “cluster” and “worker”."""

from __future__ import annotations

import argparse

ACTIONS = ("start", "status", "stop")


def add_cluster(cluster: argparse.ArgumentParser) -> None:
    cluster.add_argument("action", choices=ACTIONS)
    cluster.add_argument("--host", metavar="ADDRESS", help="of this machine, by which the others reach it")
    cluster.add_argument("--port", type=int, metavar="N", help="where it listens; default as the last time, else 8786")


def add_worker_machine(worker: argparse.ArgumentParser) -> None:
    worker.add_argument("--connect", required=True, metavar="ADDRESS", help="what “cluster start” printed")
    worker.add_argument("--key", required=True, metavar="FILE", help="a copy of the cluster's key")
    worker.add_argument(
        "--places", type=int, metavar="N",
        help="runs at a time; by default one for each GPU, without any one for two cores",
    )  # fmt: skip
    worker.add_argument(
        "--port", type=int, default=0, metavar="N",
        help="at which its first place listens, the next at N+1; by default any: for a firewall that is to open them",
    )  # fmt: skip
    worker.add_argument(
        "--shared", metavar="FOLDER",
        help="a folder that several machines have under this name: files are sent there once, and runs go on elsewhere",
    )  # fmt: skip
    worker.add_argument("--keep", type=float, default=20, metavar="GB", help="of files for other runs; default 20")
