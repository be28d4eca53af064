"""Text encoders that a person brought: a BERT of any size with its own word pieces, or another one that the library
transformers builds. Torch-free, and transformers is only looked for."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from engine.backbones.info import BackboneInfo, Block, Blocks, TextForm
from engine.errors import InvalidExperiment, NotHere, WeightsError
from engine.machine.files import write_text
from engine.machine.places import weights_home
from engine.texts.own import HUB, PREFIX, file_of

if TYPE_CHECKING:
    from engine.backbones.bert import BertShape

Activation = Literal["gelu", "gelu_new", "relu"]
NEEDED = {"model_type": "bert", "position_embedding_type": "absolute", "pad_token_id": 0, "is_decoder": False}
NAMES = {
    "vocab_size": "numbers", "hidden_size": "width", "num_hidden_layers": "layers", "num_attention_heads": "heads",
    "intermediate_size": "inner", "max_position_embeddings": "positions", "type_vocab_size": "kinds",
}  # fmt: skip
ACTIVATIONS: Mapping[object, Activation] = {"gelu": "gelu", "gelu_new": "gelu_new", "relu": "relu"}
LARGEST = 2**24  # of any of these numbers
FOLDER = "Choose the folder of a text encoder with config.json, model.safetensors and tokenizer.json."
LIBRARY, EXTRA = "transformers", "warmstart[hub]"


class Encoder(ABC):
    """What a folder's encoder is, as plain data. prefix: how its name begins."""

    __slots__ = ()
    prefix: ClassVar[str]

    @property
    def name(self) -> str:
        """As a choice of backbone, the same for the same network and word pieces."""
        said = json.dumps(asdict(self), sort_keys=True)  # type: ignore[call-overload]  # of whichever it is
        return f"{self.prefix}{hashlib.sha256(said.encode()).hexdigest()[:10]}"

    @property
    @abstractmethod
    def info(self) -> BackboneInfo: ...

    def _info(
        self, kind: str, idea: str, layers: Sequence[tuple[str, int]], longest: int, width: int,
        build: Callable[[], Blocks],
    ) -> BackboneInfo:  # fmt: skip
        """layers: name and parameters of each block, the word pieces first. longest: pieces that it reads of a text."""
        first, *rest = layers
        blocks = tuple(Block(name, f"Layer {place}", size) for place, (name, size) in enumerate(rest, 1))
        return BackboneInfo(
            self.name, f"{kind}, {len(rest)} layers of {width}", f"A text encoder that you brought, {idea}.",
            (Block(first[0], "Word pieces", first[1]), *blocks),
            TextForm(min(64, longest), self.name, least=min(8, longest), most=min(512, longest)),
            features=width, build=build, family="transformer",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnEncoder(Encoder):
    """As `engine.backbones.bert.BertShape` has it; pieces: SHA-256 of its tokenizer.json."""

    prefix: ClassVar[str] = PREFIX
    numbers: int
    width: int
    layers: int
    heads: int
    inner: int
    positions: int
    kinds: int
    epsilon: float
    activation: Activation
    pieces: str

    @property
    def info(self) -> BackboneInfo:
        layer = 4 * (self.width**2 + self.width) + 2 * self.width * self.inner + self.inner + 5 * self.width
        table = (self.numbers + self.positions + self.kinds + 2) * self.width
        layers = [("embeddings", table), *((f"layer{place}", layer) for place in range(1, self.layers + 1))]
        idea = f"with {self.numbers:,} word pieces of its own"
        return self._info("BERT", idea, layers, self.positions, self.width, self.build)

    @property
    def shape(self) -> BertShape:
        from engine.backbones.bert import BertShape

        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "pieces"}
        return BertShape(**own)

    def build(self) -> Blocks:
        from engine.backbones.bert import Bert

        return Bert(self.shape).cut()


@dataclass(frozen=True, slots=True)
class HubEncoder(Encoder):
    """As the library transformers builds it. kind: what it calls the network. config: text of its config.json. layers:
    name and parameters of each block. longest: pieces that it reads of a text. pieces: SHA-256 of its tokenizer.json.
    """

    prefix: ClassVar[str] = HUB
    kind: str
    config: str
    layers: tuple[tuple[str, int], ...]
    width: int
    longest: int
    pieces: str

    @property
    def info(self) -> BackboneInfo:
        idea = "built by the library transformers, with word pieces of its own"
        build = partial(_built, self.config, self.kind)
        return self._info(self.kind, idea, self.layers, self.longest, self.width, build)


def _built(config: str, title: str) -> Blocks:
    """Raises `NotHere` without the library."""
    if find_spec(LIBRARY) is None:
        raise not_installed(title)
    from engine.backbones.hub import blocks

    return blocks(config)


def not_installed(title: str) -> NotHere:
    return NotHere(
        f"{title} is built by the library {LIBRARY}, which is not installed.",
        f'Install it (pip install "{EXTRA}"), or choose another backbone.', "backbone",
    )  # fmt: skip


def needs(name: str) -> str:
    """What pip is asked for to have this encoder, "" where nothing is missing."""
    return EXTRA if name.startswith(HUB) and find_spec(LIBRARY) is None else ""


def _card(name: str) -> Path:
    return file_of(name).with_suffix(".encoder")


def of_config(folder: str, config: Mapping[str, object], pieces: str) -> OwnEncoder:
    """The network that a folder's config.json states; raises `WeightsError` for one that is not built here."""
    odd = [key for key, value in NEEDED.items() if config.get(key, value) != value]
    if str(config.get("hidden_act", "gelu")) not in ACTIVATIONS:
        odd.append("hidden_act")
    sizes = {ours: config.get(theirs) for theirs, ours in NAMES.items()}
    odd += [key for key, ours in NAMES.items() if not _is_size(sizes[ours])]
    epsilon = config.get("layer_norm_eps", 1e-12)
    if not (isinstance(epsilon, float) and 0 < epsilon < 1):
        odd.append("layer_norm_eps")
    if not odd and int(str(sizes["width"])) % int(str(sizes["heads"])):
        odd = ["num_attention_heads"]
    if odd:
        raise WeightsError(f"{folder} is no BERT that is built here: {odd[0]} is {config.get(odd[0])}.", FOLDER)
    digest = hashlib.sha256(pieces.encode()).hexdigest()
    return OwnEncoder(
        **{name: int(str(value)) for name, value in sizes.items()}, epsilon=float(str(epsilon)), pieces=digest,
        activation=ACTIVATIONS[str(config.get("hidden_act", "gelu"))],
    )  # fmt: skip


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST


_looked: dict[str, OwnEncoder | HubEncoder] = {}  # not kept yet


def look_at(encoder: OwnEncoder | HubEncoder) -> str:
    """Its name, by which it is known from now on in this process, kept or not."""
    _looked[encoder.name] = encoder
    return encoder.name


def keep(name: str, pieces: str) -> None:
    """The encoder that was looked at, beside the workspace, with the text of its tokenizer.json. Raises `OSError`."""
    write_text(file_of(name), pieces)
    write_text(_card(name), json.dumps(asdict(_looked[name])))


def files(name: str) -> tuple[Path, ...]:
    """What is kept of an encoder that a person brought; nothing of other networks."""
    if not is_known(name):
        return ()
    return tuple(one for one in (file_of(name), _card(name)) if one.is_file() and one.is_relative_to(weights_home()))


def is_known(name: str) -> bool:
    return name.startswith((PREFIX, HUB)) and _encoder(name) is not None


def backbone(name: str) -> BackboneInfo:
    """Raises `InvalidExperiment` where it is not on this machine."""
    return encoder(name).info


def encoder(name: str) -> OwnEncoder | HubEncoder:
    """Raises as `backbone`."""
    found = _encoder(name)
    if found is None:
        raise InvalidExperiment(
            f"The text encoder {name} is not on this machine.", "Add its folder again, or choose another backbone.",
            "backbone",
        )  # fmt: skip
    return found


@lru_cache(maxsize=64)
def _read(file: Path, changed: int, hub: bool) -> OwnEncoder | HubEncoder | None:
    with suppress(OSError, ValueError, TypeError, RecursionError):
        given = json.loads(file.read_text(encoding="utf-8"))
        if not hub:
            return OwnEncoder(**given)
        return HubEncoder(**given | {"layers": tuple((str(name), int(size)) for name, size in given["layers"])})
    return None


def _encoder(name: str) -> OwnEncoder | HubEncoder | None:
    if name in _looked:
        return _looked[name]
    file = _card(name)
    with suppress(OSError):
        found = _read(file, file.stat().st_mtime_ns, name.startswith(HUB))
        return found if found is not None and found.name == name else None
    return None
