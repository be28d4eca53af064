"""A network of others that is kept as its authors wrote it, while its weights lie in named blocks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor, nn

Step = Callable[[nn.Module, Tensor], Tensor]  # the network, what came before -> what comes after
LOOSE = ("_parameters", "_buffers")


class Group(nn.Module):
    """Parts of a network that learn together, under the names they have there. It computes nothing by itself."""


class Spot(NamedTuple):
    """Where a part belongs in the network (`owner`), and the group in which it is registered (`holder`)."""

    owner: nn.Module
    name: str
    kind: str  # "_modules", "_parameters" or "_buffers"
    holder: nn.Module
    kept: str  # its name there


class Uncut:
    """The network itself, without its parts: they are registered in the blocks alone, so that whatever replaces, maps,
    freezes or copies them there meets each once. For each pass they are put into their places.

    steps: what each block computes, where the network is a chain of them; otherwise it is computed in one piece.
    """

    def __init__(self, network: nn.Module, places: Sequence[Spot], passed: Step, steps: Sequence[Step] = ()) -> None:
        self.network, self.places, self.passed, self.steps = network.eval(), places, passed, steps

    def through(self, values: Tensor, start: int, end: int, blocks: int) -> Tensor:
        """Raises `ValueError` between two blocks of a network that cannot be cut there."""
        if start == end:
            return values
        if not self.steps and (start, end) != (0, blocks):
            raise ValueError("This network is computed in one piece.")
        with self.assembled():
            for step in self.steps[start:end] or (self.passed,):
                values = step(self.network, values)
        return values

    @contextmanager
    def assembled(self) -> Iterator[nn.Module]:
        """While open, the network has its parts as they are now, be they weights of its own or given for one call."""
        try:
            yield self.settled()
        finally:
            for place in self.places:
                if place.kind in LOOSE:  # what was given for one call is let go
                    getattr(place.owner, place.kind)[place.name] = None

    def settled(self) -> nn.Module:
        """The network with its parts in it for good, for a copy that has no further use for blocks."""
        for owner, name, kind, holder, kept in self.places:
            getattr(owner, kind)[name] = getattr(holder, kind)[kept]
        return self.network


class Blocks(OrderedDict[str, nn.Module]):
    """Groups by their names, and the network they are the parts of."""

    def __init__(self, groups: Iterable[tuple[str, nn.Module]], whole: Uncut) -> None:
        super().__init__(groups)
        self.whole = whole


def grouped(
    network: nn.Module, block_of: Mapping[str, str], order: Sequence[str], passed: Step, steps: Sequence[Step] = ()
) -> Blocks:
    """The network's parts in groups. block_of: name of each parameter -> block."""
    groups: dict[str, nn.Module] = {name: Group() for name in order}
    owned = {id(parameter): block_of[name] for name, parameter in network.named_parameters()}
    places = list(Parting(groups, owned).of(network, "", order[0]))
    return Blocks(groups.items(), Uncut(network, places, passed, steps))


class Parting:
    """Hands every part of a network to its group: modules of one block whole, loose weights of others one by one.

    owned: identity of each parameter -> block. A part that is met again at another place is registered once.
    """

    def __init__(self, groups: Mapping[str, nn.Module], owned: Mapping[int, str]) -> None:
        self._groups, self._owned = groups, owned
        self._met: dict[int, tuple[nn.Module, str]] = {}

    def of(self, part: nn.Module, path: str, usual: str) -> Iterator[Spot]:
        """usual: the block of what has no weights, such as tables of positions."""
        for name, value in list(part._parameters.items()):
            if value is not None:
                yield self._place(part, name, "_parameters", value, path, self._owned[id(value)])
        for name, buffer in list(part._buffers.items()):
            if buffer is not None:
                yield self._place(part, name, "_buffers", buffer, path, usual)
        for name, child in list(part._modules.items()):
            if child is not None:
                yield from self._child(part, name, child, path, usual)

    def _child(self, part: nn.Module, name: str, child: nn.Module, path: str, usual: str) -> Iterator[Spot]:
        blocks = list(dict.fromkeys(self._owned[id(value)] for value in child.parameters()))
        if len(blocks) > 1:
            yield from self.of(child, f"{path}.{name}" if path else name, blocks[0])
        elif blocks or any(True for _ in child.buffers()):
            yield self._place(part, name, "_modules", child, path, blocks[0] if blocks else usual)

    def _place(self, part: nn.Module, name: str, kind: str, what: nn.Module | Tensor, path: str, block: str) -> Spot:
        if id(what) not in self._met:
            holder = _holder(self._groups[block], path)
            if isinstance(what, nn.Module):
                holder.add_module(name, what)
            elif isinstance(what, nn.Parameter):
                holder.register_parameter(name, what)
            else:
                holder.register_buffer(name, what, persistent=name not in part._non_persistent_buffers_set)
            self._met[id(what)] = holder, name
        return Spot(part, name, kind, *self._met[id(what)])


def _holder(group: nn.Module, path: str) -> nn.Module:
    """The part of a group that stands for this place in the network, made where it is not there yet."""
    for name in path.split(".") if path else ():
        if name not in group._modules:
            group.add_module(name, Group())
        group = group.get_submodule(name)
    return group
