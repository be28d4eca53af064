"""What plain data are made of here: immutable, strict, validated, JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

TOLD = "told"  # the context of what is told to somebody: each data set's own settings alone, and all that there are


class Frozen(BaseModel):
    """Immutable, strict about unknown keys, without NaN or infinity anywhere, and every text is Unicode."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @field_validator("*")
    @classmethod
    def _unicode(cls, value: Any) -> Any:
        if isinstance(value, str) and not value.isascii() and value.encode(errors="replace").decode() != value:
            raise ValueError("must be Unicode")
        return value

    def told(self) -> dict[str, Any]:
        """As a file or a person is given it, without settings that do not concern its data; JSON."""
        return self.model_dump(mode="json", context=TOLD)


def as_before(body: Mapping[str, Any], added: Mapping[str, Any], told: bool = False) -> dict[str, Any]:
    """Without what later versions added where it is as before, as an experiment keeps its hash; told: with it."""
    return {name: value for name, value in body.items() if told or name not in added or value != added[name]}
