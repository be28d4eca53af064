"""The file that a run goes on from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from engine.artifacts.bookmark import (
    Bookmark,
    generator_state,
    load_generator,
    load_network,
    load_optimiser,
    network_state,
    optimiser_state,
    read_state,
    write_state,
)
from engine.errors import StorageError
from engine.experiment import Experiment


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    shared = torch.arange(6.0).view(2, 3)
    state = {
        "tensors": [shared, shared.t(), torch.tensor(3), torch.ones(2, dtype=torch.bfloat16)], "array": np.arange(3),
        "numbers": {"whole": 2**127 + 1, "broken": 0.1, "none": None, "yes": True}, "text": "ä\0\n", "empty": {},
    }  # fmt: skip
    write_state(state, tmp_path / "resume.safetensors")
    back = read_state(tmp_path / "resume.safetensors")
    assert [one.tolist() for one in back["tensors"]] == [one.tolist() for one in state["tensors"]]
    assert [one.dtype for one in back["tensors"]] == [one.dtype for one in state["tensors"]]
    assert back["array"].tolist() == [0, 1, 2]
    assert (back["numbers"], back["text"], back["empty"]) == (state["numbers"], state["text"], {})
    assert [path.name for path in tmp_path.iterdir()] == ["resume.safetensors"]


def test_generators_and_moments_go_on(tmp_path: Path) -> None:
    """Moments keep their parameter's layout: a fused optimiser reads them with its strides."""
    torch_draws, draws = torch.Generator().manual_seed(3), np.random.default_rng(3)
    weight = torch.nn.Parameter(torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last))
    optimiser = torch.optim.AdamW([weight], fused=True)
    weight.grad = torch.randn_like(weight)
    optimiser.step()
    state = {
        "torch": generator_state(torch_draws), "numpy": generator_state(draws), "adam": optimiser_state(optimiser)
    }  # fmt: skip
    write_state(state, tmp_path / "resume.safetensors")
    expected = torch.rand(3, generator=torch_draws).tolist(), draws.random(3).tolist()
    kept = read_state(tmp_path / "resume.safetensors")
    load_generator(torch_draws, kept["torch"])
    load_generator(draws, kept["numpy"])
    assert (torch.rand(3, generator=torch_draws).tolist(), draws.random(3).tolist()) == expected
    other = torch.optim.AdamW([weight], fused=True)
    load_optimiser(other, kept["adam"])
    for key, value in optimiser.state[weight].items():
        assert torch.equal(other.state[weight][key], value)
        assert other.state[weight][key].stride() == value.stride()


class Noisy(torch.nn.Module):
    """Draws from generators of its own and keeps a buffer that is no part of its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(3)
        self.draws, self.others = torch.Generator(), np.random.default_rng()
        self.register_buffer("seen", torch.zeros(()), persistent=False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        self.seen += 1
        found: torch.Tensor = self.norm(rows + torch.rand(3, generator=self.draws) + self.others.random()) * self.seen
        return found


def test_a_network_goes_on_with_all_that_it_draws_and_counts(tmp_path: Path) -> None:
    one, other, rows = Noisy(), Noisy(), torch.arange(12.0).view(4, 3)
    one(rows)
    write_state(network_state(one), tmp_path / "resume.safetensors")
    expected = one(rows)
    load_network(other, read_state(tmp_path / "resume.safetensors"))
    assert torch.equal(other(rows), expected)
    assert torch.equal(other.norm.running_mean, one.norm.running_mean)


NOT_OURS = [save({"0": torch.ones(1)}, words) for words in (None, {"state": "[1]"}, {"state": "[" * 9999})]


@pytest.mark.parametrize("content", [b"", b"no file of ours", b"\x08\0\0\0\0\0\0\0{}      ", *NOT_OURS])
def test_a_damaged_file_is_told_and_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "resume.safetensors").write_bytes(content)
    with pytest.raises(StorageError, match="damaged"):
        Bookmark(tmp_path, Experiment()).read()
    assert [path.name for path in tmp_path.iterdir()] == ["resume.damaged"]


def test_a_file_of_another_version_is_told_and_kept(tmp_path: Path) -> None:
    write_state({"format": 99}, tmp_path / "resume.safetensors")
    with pytest.raises(StorageError, match="another experiment or version"):
        Bookmark(tmp_path, Experiment()).read()
    assert (tmp_path / "resume.safetensors").exists()


def test_a_folder_that_is_gone_is_made_again_and_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    write_state({"a": torch.ones(1)}, tmp_path / "gone" / "resume.safetensors")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        write_state({"a": torch.ones(1)}, tmp_path / "file" / "resume.safetensors")
