"""The lines of the run table in their order: each run, or each configuration with its seeds below. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.comparison.grouping import configurations, run_group
from storage.rows import RunRow
from ui.comparison.run_columns import PLACES
from ui.comparison.run_line import Node


class Arrangement:
    """`top` are the lines, `nodes` all of them and those below by number: 2 · id of a run, odd for a configuration.

    grouped: by configuration. column, descending: what sorts.
    """

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.top: list[Node] = []
        self.grouped = False
        self.column, self.descending = PLACES["date"], True
        self._numbers: dict[str, int] = {}  # of configurations, kept as long as the table

    def build(self, rows: Iterable[RunRow]) -> None:
        """The lines of these runs in their order; a run that is the same and stands where it stood keeps its line."""
        before, self.nodes = self.nodes, {}
        if self.grouped:
            self.top = self._sorted([self._group(key, runs) for key, runs in configurations(rows).items()])
        else:
            self.top = self._sorted([self._keep(_line(before.get(2 * row.id), row)) for row in rows])

    def of_run(self, run_id: int) -> Node | None:
        return self.nodes.get(2 * run_id)

    def _group(self, key: str, members: Sequence[RunRow]) -> Node:
        number = self._numbers.setdefault(key, 2 * len(self._numbers) + 1)
        node = self._keep(Node(number, run_group(key, members)))
        node.children = self._sorted([self._keep(Node(2 * run.id, run, node)) for run in node.runs])
        return node

    def _keep(self, node: Node) -> Node:
        self.nodes[node.number] = node
        return node

    def _sorted(self, nodes: list[Node]) -> list[Node]:
        """By the column and then newest first; lines without a value come last in both directions."""
        nodes = sorted(nodes, key=lambda node: -max(run.created for run in node.runs))
        keyed = [(node.order(self.column), node) for node in nodes]
        known = [pair for pair in keyed if pair[0] is not None]
        known.sort(key=lambda pair: pair[0], reverse=self.descending)
        result = [node for _, node in known] + [node for key, node in keyed if key is None]
        for place, node in enumerate(result):
            node.place = place
        return result


def _line(before: Node | None, row: RunRow) -> Node:
    """Sorting ten thousand runs makes no new ones, whose collection would take longer than the sorting."""
    if before is None or before.item is not row or before.parent is not None:
        return Node(2 * row.id, row)
    return before
