"""How fast meta-training is, against plain loops written by hand, in turn and in one run.

    python -m benchmarks.meta_speed                  all rows; a few minutes on a quiet machine
    python -m benchmarks.meta_speed --rows maml-1    some of them

The plain loops and those written as learn2learn does run with one and with two threads of torch; the ratio is to the
fastest of the four. Warmstart runs as in the window: the way its tasks are computed in is chosen by a timed step.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.measure import machine, save
from benchmarks.meta_speed_arms import Row, serve

ROWS = {
    "maml-1": Row("maml", 5, 1, 1, steps=1, tasks=32),
    "maml-5": Row("maml", 5, 1, 15, steps=5, tasks=8),
    "anil": Row("anil", 5, 1, 1, steps=5, tasks=32),
    "protonet-5": Row("protonet", 5, 1, 5, tasks=16, batch=4),
    "protonet-20": Row("protonet", 20, 1, 5, tasks=4, batch=4),
    "evaluation": Row("evaluation", 5, 1, 5, tasks=600),
}
OTHERS = ("plain 1", "plain 2", "learn2learn 1", "learn2learn 2")
ARMS = (*OTHERS, "warmstart")
Measured = tuple[float, float, int, str]


@contextmanager
def arms(rows: dict[str, Row]) -> Iterator[dict[str, Connection]]:
    """A process for each arm, waiting to be told a row; they end with the block."""
    context = multiprocessing.get_context("spawn")
    lines: dict[str, Connection] = {}
    workers = []
    for arm in ARMS:
        lines[arm], theirs = context.Pipe()
        workers.append(context.Process(target=serve, args=(theirs, arm, rows), daemon=True))
        workers[-1].start()
        theirs.close()
    try:
        yield lines
    finally:
        for line in lines.values():
            line.send("")
        for worker in workers:
            worker.join()


def measure(name: str, lines: dict[str, Connection], repeats: int) -> dict[str, list[Measured]]:
    """One step of each arm in turn, so many times."""
    found: dict[str, list[Measured]] = {arm: [] for arm in lines}
    for _ in range(repeats):
        for arm, line in lines.items():
            line.send(name)
            answer = line.recv()
            if answer is not None:
                found[arm].append(answer)
    return {arm: several for arm, several in found.items() if several}


def judged(name: str, found: dict[str, list[Measured]]) -> dict[str, object]:
    """Medians of the arms, and the ratio of each round: the fastest other loop by Warmstart."""
    walls = {arm: [one[0] for one in several] for arm, several in found.items()}
    middles = {arm: statistics.median(several) for arm, several in walls.items()}
    best = min((arm for arm in OTHERS if arm in middles), key=lambda arm: middles[arm])
    ratios = [plain / own for plain, own in zip(walls[best], walls["warmstart"], strict=True)]
    memory = {arm: max(one[2] for one in several) / 1e6 for arm, several in found.items()}
    return {
        "row": name,
        "seconds": middles,
        "processor seconds": {arm: statistics.median(one[1] for one in several) for arm, several in found.items()},
        "fastest other loop": best,
        "ratio": middles[best] / middles["warmstart"],
        "lowest ratio": min(ratios),
        "highest ratio": max(ratios),
        "memory, MB": memory,
        "memory ratio": memory["warmstart"] / max(1.0, memory[best]),
        "chosen": found["warmstart"][-1][3],
    }


def words(row: dict) -> str:
    seconds = ", ".join(f"{arm} {value:.3f} s" for arm, value in row["seconds"].items())
    used = ", ".join(f"{value:.3f}" for value in row["processor seconds"].values())
    memory = ", ".join(f"{value:.0f}" for value in row["memory, MB"].values())
    spread = f"{row['lowest ratio']:.2f}-{row['highest ratio']:.2f}"
    return (
        f"{row['row']}: {row['ratio']:.2f} times ({spread}) {row['fastest other loop']}; {seconds}; "
        f"processor {used} s; memory {memory} MB, {row['memory ratio']:.2f} times. {row['chosen']}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--repeats", type=int, default=7, help="rounds; medians are told")
    parser.add_argument("--workspace", type=Path, default=Path("meta-speed"), help="where the JSON goes")
    given = parser.parse_args(arguments)
    print(machine(), flush=True)
    rows = []
    with arms({name: ROWS[name] for name in given.rows}) as lines:
        for name in given.rows:
            rows.append(judged(name, measure(name, lines, given.repeats)))
            print(words(rows[-1]), flush=True)
    save("meta_speed", rows, given.workspace)


if __name__ == "__main__":
    main()
