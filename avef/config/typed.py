"""Plain YAML values → annotated dataclasses, or the key that does not fit."""

from __future__ import annotations

import math
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal

from avef.core.errors import ParameterError


@dataclass(frozen=True)
class Range:
    """Bounds of a number, for ``Annotated``; with ``above`` the low one is left out."""

    low: float
    high: float = math.inf
    above: bool = False

    def __contains__(self, value):
        over = value > self.low if self.above else value >= self.low
        return over and value <= self.high and math.isfinite(value)

    def __str__(self):
        words = f"above {self.low}" if self.above else f"at least {self.low}"
        return f"{words} and {'finite' if self.high == math.inf else f'at most {self.high}'}"


def parse(kind: Any, value: Any, key: str = "") -> Any:
    """Turn ``value`` into ``kind``.

    Parameters
    ----------
    kind : type
        A dataclass, dict[str, …], list[…], Literal, "… | None", Annotated with
        a :class:`Range`, int, float, bool or str; nested as one likes.
    value : plain YAML value
    key : str
        Full key of the value, for messages.

    Raises
    ------
    ParameterError
        Naming the key that is unknown, missing, of the wrong type or out of range.
    """
    if is_dataclass(kind):
        return _dataclass(kind, value, key)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        number = parse(arguments[0], value, key)
        require(number in arguments[1], key, str(arguments[1]), value)
        return number
    if origin is dict:
        require(isinstance(value, dict), key, "a mapping", value)
        return {k: parse(arguments[1], v, f"{key}.{k}") for k, v in value.items()}
    if origin is list:
        require(isinstance(value, list), key, "a list", value)
        return [parse(arguments[0], v, f"{key}[{i}]") for i, v in enumerate(value)]
    if origin is Literal:
        fits = any(value == a and type(value) is type(a) for a in arguments)  # True == 1
        require(fits, key, "one of " + ", ".join(map(str, arguments)), value)
        return value
    if origin in (types.UnionType, typing.Union):  # only "… | None" is used
        return None if value is None else parse(arguments[0], value, key)
    number = isinstance(value, int) and not isinstance(value, bool)
    if kind is float:
        require(number or isinstance(value, float), key, "a number", value)
        return float(value)
    fits = number if kind is int else isinstance(value, kind)
    require(fits, key, f"of type {kind.__name__}", value)
    return value


def _dataclass(kind, value, key):
    require(isinstance(value, dict), key, "a mapping", value)
    hints = typing.get_type_hints(kind, include_extras=True)
    names = [f.name for f in fields(kind)]
    for name in value:
        if name not in names:
            full = f"{key}.{name}".lstrip(".")
            raise ParameterError(f"{full}: unknown parameter; known: {', '.join(names)}")
    for name in names:
        if name not in value:
            raise ParameterError(f"{key}.{name}".lstrip(".") + ": missing")
    return kind(**{n: parse(hints[n], value[n], f"{key}.{n}".lstrip(".")) for n in names})


def require(fits: Any, key: str, rule: str, value: Any) -> None:
    """ParameterError that names the key, the rule and the value, unless it fits."""
    if not fits:
        raise ParameterError(f"{key or 'params.yaml'}: must be {rule}, got {value!r}")
