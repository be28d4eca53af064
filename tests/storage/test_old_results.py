"""Figures saved in words become the data that they are: names and protocols as versions 0.3 to 0.5 wrote them."""

import sqlite3

import pytest

from storage.old_results import notes, place, restate

EPISODES = {"episodes": "5-way 1-shot, 15 query images per class", "inner steps": "3", "median": "96.0 %"}
SHIFTED = {"split": "stratified", "shift": "Gaussian noise, severity 5"}
CELL = {"head": "Ridge regression", "labels per class": "2 labels", "mean labels per class": "2"}
ALL = CELL | {"labels per class": "all labels", "mean labels per class": "90", "cross-validation": "81.3 %"}
NUMBERS = {"inner steps": 3, "shots": 1, "median": 0.96}


@pytest.mark.parametrize(
    ("name", "protocol", "metric", "at", "numbers"),
    [
        ("test/accuracy", EPISODES, "test/accuracy", {}, NUMBERS),
        ("test/accuracy, 1 inner step", EPISODES, "test/accuracy", {"inner steps": 1}, NUMBERS),
        ("test/error, 10 inner steps", {"median": "25.000"}, "test/error", {"inner steps": 10}, {"median": 25.0}),
        ("test/accuracy, 20-shot", EPISODES, "test/accuracy", {"shots": 20}, NUMBERS),
        ("test/accuracy, inductive twin", EPISODES, "test/accuracy", {"method": "inductive twin"}, NUMBERS),
        ("test/accuracy, not seen before", SHIFTED, "test/accuracy", {"items": "not seen before"}, {}),
        ("test/accuracy, noise 5", SHIFTED, "test/accuracy", {"shift": "noise 5"}, {}),
        ("test/balanced accuracy", SHIFTED, "test/balanced accuracy", {}, {}),
        ("test/accuracy", {"head": "Ridge regression", "labels per class": "2 labels"}, "test/accuracy", {}, {}),
        ("test/accuracy, Ridge regression, 2 labels", CELL | {"cross-validation": "none"}, "test/accuracy",
         {"head": "Ridge regression", "labels": 2}, {"mean labels per class": 2}),
        ("test/accuracy, Ridge regression, all labels", ALL, "test/accuracy",
         {"head": "Ridge regression", "labels": "all labels"},
         {"mean labels per class": 90, "cross-validation": pytest.approx(0.813)}),
    ],
)  # fmt: skip
def test_where_a_figure_was_measured_is_read_from_its_words(
    name: str, protocol: dict[str, str], metric: str, at: dict[str, str | int], numbers: dict[str, float]
) -> None:
    assert place(name, protocol) == (metric, at)
    assert {key: value for key, value in notes(protocol).items() if not isinstance(value, str)} == numbers
    assert "median" in notes(protocol) or protocol is not EPISODES
    assert {"split", "episodes", "shift"}.isdisjoint(notes(protocol))


DAMAGED = ("x", "[1]", "null", '{"mean labels per class": 2}', '{"mean labels per class": "2", "labels per class": 5}',
           '{"inner steps": "many"}', '{"episodes": 5}', '{"cross-validation": "all %"}')  # fmt: skip


def test_what_cannot_be_read_stays_and_the_others_are_taken_apart() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE result(id INTEGER PRIMARY KEY, metric, conditions, at DEFAULT '{}', notes)")
    rows = [("test/accuracy, Ridge, 2 labels", text) for text in DAMAGED] + [
        ("test/accuracy, 5-shot", '{"split": "a"}')
    ]
    connection.executemany("INSERT INTO result(metric, conditions) VALUES(?, ?)", rows)
    restate(connection)
    found = connection.execute("SELECT metric, conditions, at FROM result ORDER BY id").fetchall()
    assert [row[:2] for row in found[:-1]] == rows[:-1]
    assert found[-1] == ("test/accuracy", '{"split": "a"}', '{"shots": 5}')
