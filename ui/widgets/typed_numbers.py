"""Numbers as people type or paste them: the number that is meant, or a sentence that says why none is taken.

A dot is the decimal mark, as everywhere in the program. A comma is one too, except before exactly three digits, where
it may as well separate thousands: such a number is taken where only whole numbers are, and refused elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

MINUS = str.maketrans({"−": "-", "–": "-", "－": "-", "﹣": "-"})
UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff]")
NUMBER = re.compile(r"([+-]?)([0-9 ,.'’_]*[0-9][,.]?)(?:[eE]([+-]?[0-9]{1,6}))?")


class Refused(ValueError):
    """The text is not taken; the words are a whole sentence, or two."""


def read_float(text: str, low: float, high: float, shown: Callable[[float], str]) -> float:
    """The number that is meant; raises `Refused`. shown: how the field writes a number."""
    decimal, grouped = readings(text)
    if decimal is not None and grouped is not None and decimal != grouped and "," in text:
        raise Refused(f"“{text}” may be {grouped:f} or {decimal.normalize():f}. Type one of the two.")
    value = decimal if decimal is not None else grouped
    if value is None:
        raise Refused(f"“{text}” is not a number.")
    check_bounds(text, value, low, high, shown)
    if value and not float(value):
        raise Refused(f"“{text}” is too close to 0 to be told from it.")
    return float(value)


def read_int(text: str, low: int, high: int, shown: Callable[[int], str]) -> int:
    """The whole number that is meant; raises `Refused`."""
    decimal, grouped = readings(text)
    value = grouped if grouped is not None and "." not in text else decimal if decimal is not None else grouped
    if value is None:
        raise Refused(f"“{text}” is not a number.")
    if value != value.to_integral_value():
        raise Refused(f"“{text}” is not a whole number.")
    if value is decimal and grouped is not None and decimal != grouped:
        raise Refused(f"“{text}” may be {grouped:f} or {decimal.normalize():f}. Type one of the two.")
    check_bounds(text, value, low, high, shown)
    return int(value)


def check_bounds(text: str, value: Decimal, low: float, high: float, shown: Callable[..., str]) -> None:
    if value > Decimal(high):
        raise Refused(f"{text} is more than {shown(high)}, the most.")
    if value < Decimal(low):
        raise Refused(f"{text} is less than {shown(low)}, the least.")


def readings(text: str) -> tuple[Decimal | None, Decimal | None]:
    """(with its last mark as decimal mark, with its marks between thousands), None where it cannot be read so."""
    seen = " ".join(UNSEEN.sub("", text).translate(MINUS).split())
    found = NUMBER.fullmatch(seen)
    if found is None:
        return None, None
    sign, digits, power = found.groups()
    ending = f"e{power}" if power else ""
    return _exact(sign, _as_decimal(digits), ending), _exact(sign, _as_grouped(digits), ending)


def _exact(sign: str, digits: str, ending: str) -> Decimal | None:
    try:
        return Decimal(f"{sign}{digits}{ending}") if digits else None
    except InvalidOperation:
        return None


def _as_decimal(digits: str) -> str:
    """ "0,5" -> "0.5"; "" where there is more than one mark."""
    return digits.replace(",", ".") if re.fullmatch(r"[0-9]*[.,]?[0-9]*", digits) else ""


def _as_grouped(digits: str) -> str:
    """ "1,440" -> "1440", "1.440,5" -> "1440.5"; "" where the marks do not stand before three digits each."""
    for mark, others in ((",", "."), (".", ","), (" ", ".,"), ("'", ".,"), ("’", ".,"), ("_", ".,")):
        shape = rf"([1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+)(?:[{others}]([0-9]*))?"
        if found := re.fullmatch(shape, digits):
            whole, rest = found.groups()
            return whole.replace(mark, "") + (f".{rest}" if rest else "")
    return ""
