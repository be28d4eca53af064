"""Numbers, sizes and times in words a person reads."""

from __future__ import annotations


def number(value: float) -> str:
    """12345 -> "12,345"."""
    return f"{value:,.0f}"


def count(value: int, one: str, many: str = "") -> str:
    """2, "class", "classes" -> "2 classes"."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def brief(value: float) -> str:
    """11_180_616 -> "11.2 M", 113_088 -> "113 k"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            scaled = value / size
            return f"{scaled:.0f} {unit}" if scaled >= 99.5 else f"{scaled:.3g} {unit}"
    return f"{value:.0f}"


def size(octets: float) -> str:
    """Bytes in decimal units: 4_800_000 -> "4.8 MB"."""
    for step, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if octets >= step:
            scaled = octets / step
            return f"{scaled:.0f} {unit}" if scaled >= 10 else f"{scaled:.1f} {unit}"
    return f"{octets:.0f} bytes"
