"""Who may work together: one version of this program, to its last number."""

from __future__ import annotations

import pytest

from engine.remote import order
from engine.remote.order import other_version


@pytest.mark.parametrize("theirs", ["0.17.0", "0.17.1", "0.18.0", "1.17.1", "0.17", ""])
@pytest.mark.parametrize("own", ["0.17.1", ""])
def test_only_the_same_version_works_together_and_both_are_named(
    own: str, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "version", lambda: own)
    said = other_version(theirs)
    if own == theirs:
        assert said is None
        return
    words, advice = said or ("", "")
    assert (f"has Warmstart {own or 'from a folder'}, the other machine {theirs or 'from a folder'}." in words) is True
    assert advice == "Install the same version on both."
