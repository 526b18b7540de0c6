"""The one reader of ``params.yaml``: typed and checked.

What does not fit stops at once, with all faulty values in one message, each with its full
key, the rule that it breaks, and the value; or, where each value fits by itself, with all that
do not fit together.
"""

from __future__ import annotations

import copy
import dataclasses
import re
import reprlib
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from avef.config import plain
from avef.config.schema import Params
from avef.config.values import Reader
from avef.core import inert
from avef.core.errors import ParameterError

T = TypeVar("T")
#: Sections with an entry ``default``, and others for single corpora.
PER_CORPUS = ("protocol", "transfer", "audio_net", "visual_net", "dbn_fusion")
#: So many faults are told one by one.
SHOWN = 30
#: The smallest images that the networks' convolutions and poolings can take.
LEAST_SIZE = {"audio": 67, "visual": 16}


class Fault(NamedTuple):
    """A value that breaks a rule; ``rule`` is a whole phrase, such as "must be positive"."""

    key: str
    rule: str


def read(path: str | Path = "params.yaml", *, corpus: str | None = None) -> Params:
    """Read and check a parameter file, the overrides under ``ablations`` included.

    ``corpus`` is one that it must name.

    Raises
    ------
    ParameterError
        Naming every key that is unknown, missing, of the wrong type or out of range; or the
        corpora that there are, where ``corpus`` is none of them.
    """
    params = checked(plain.read(path), str(path))
    if corpus is not None and corpus not in params.corpora:
        names = ", ".join(params.corpora)
        raise ParameterError(f"the dataset must be one of {names} ({path}), got {corpus!r}")
    return params


def checked(values: Any, name: str = "params.yaml") -> Params:
    """Plain values as typed parameters; errors as in :func:`read`."""
    params = typed(Params, values, name)
    faults = [*_mutual(params), *_ablations(values, params)]
    if faults:
        raise ParameterError(_told(faults, name))
    return params


def overridden(values: dict[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """A copy of plain values with some of them changed.

    Parameters
    ----------
    overrides : iterable of str
        Such as ``"keep.audio=conv1"``, as ``dvc exp run -S`` takes them.

    Raises
    ------
    ParameterError
        If one is no ``key=value``, or its key is no parameter.
    """
    values = copy.deepcopy(values)
    for text in overrides:
        key, equals, value = str(text).partition("=")
        if not (key and equals):
            raise ParameterError(f"an override is key=value, got {_quoted(text)}")
        new = plain.parsed(value, text[:80])
        for name in reversed(key.split(".")):
            new = {name: new}
        overlay(values, new)
    return values


def overlay(values: Any, new: dict[str, Any], key: str = "") -> list[str]:
    """Set what ``new`` holds, in place; the full keys whose value changed.

    Raises
    ------
    ParameterError
        Naming a key of ``new`` that ``values`` lacks.
    """
    changed = []
    for name, value in new.items():
        full = f"{key}.{name}".lstrip(".")
        if not isinstance(values, dict) or name not in values:
            raise ParameterError(f"{inert.shown(full)[:200]}: not a parameter")
        if isinstance(value, dict):
            changed += overlay(values[name], value, full)
        elif values[name] != value:
            if isinstance(values[name], list) and hasattr(values[name], "fa"):
                values[name][:] = value
                values[name].fa.set_flow_style()  # as they are written in params.yaml
            else:
                values[name] = value
            changed.append(full)
    return changed


def typed(kind: type[T], values: Any, name: str) -> T:
    """Plain values as a dataclass of :mod:`avef.config.schema`; errors as in :func:`read`."""
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        faults = [_fault(kind, one) for one in error.errors()]
        raise ParameterError(_told(faults, name)) from None


def _told(faults, name):
    name = inert.shown(name)
    lines = [f"{inert.shown(fault.key)[:200] or name}: {fault.rule}" for fault in faults[:SHOWN]]
    if len(faults) == 1:
        return lines[0]
    more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    return "\n".join([f"{name} has {len(faults)} faults", *lines, *more])


def _fault(kind, error):
    """One of pydantic's errors in our words."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]]
    key = "".join(parts).lstrip(".")
    if error["type"] == "missing":
        return Fault(key, "missing")
    if error["type"] == "unexpected_keyword_argument":
        known = ", ".join(_fields(kind, error["loc"][:-1]))
        return Fault(key, f"unknown parameter; known: {known}")
    rule = error["msg"].removeprefix("Value error, ").partition(" or an instance of ")[0]
    rule = rule.replace("Input should", "must").replace("dictionary", "mapping")
    return Fault(key, f"{rule}, got {_quoted(error['input'])}")


def _quoted(value):
    """A value in a few words, whatever its size."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = 100
    try:
        return inert.shown(short.repr(value))
    except ValueError:  # Python writes no number of thousands of digits
        return "a number of thousands of digits"


def _fields(kind, where):
    """Names of the parameters in the section at ``where``."""
    for part in where:
        hints = typing.get_type_hints(kind) if dataclasses.is_dataclass(kind) else {}
        kind = hints.get(part) or typing.get_args(kind)[1]  # dict[str, …]
    return [field.name for field in dataclasses.fields(kind)]


def _mutual(params: Params) -> Iterator[Fault]:
    """What does not fit together, though each value fits by itself."""
    for section in PER_CORPUS:
        named = set(getattr(params, section))
        if "default" not in named:
            yield Fault(f"{section}.default", "missing")
        for name in sorted(named - {"default", *params.corpora}):
            known = ", ".join(params.corpora)
            yield Fault(f"{section}.{name}", f"no such corpus; there are {known}")
    layers = len(params.networks.dbn.hidden)
    if params.keep.dbn > layers:
        rule = f"must be at most the number of hidden layers, {layers}, got {params.keep.dbn}"
        yield Fault("keep.dbn", rule)
    for kind, least in LEAST_SIZE.items():
        size = getattr(params.networks, kind).input_size
        if size < least:
            yield Fault(f"networks.{kind}.input_size", f"must be at least {least}, got {size}")
    if not params.corpora:
        yield Fault("corpora", "must name at least two")
    for name in sorted(set(params.demo.corpora) - set(params.corpora)):
        yield Fault("demo.corpora", f"{name} is not one of corpora, so nobody would use it")
    for name in params.corpora:
        yield from _of_corpus(name, params)


def _of_corpus(name, params):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in ("default", "both"):
        rule = "a corpus is named by small letters, digits and _; default and both are taken"
        yield Fault(f"corpora.{name}", rule)
    if params.corpora[name].reader is None and name not in typing.get_args(Reader):
        known = ", ".join(typing.get_args(Reader))
        yield Fault(f"corpora.{name}.reader", f"missing, as none is called {name}; one of {known}")
    sources = params.sources(name)
    if not sources:
        yield Fault("corpora", f"there is no other corpus that {name} can start from (§2.2)")
    elif len(set(sources)) < len(sources) or not set(sources) <= set(params.corpora) - {name}:
        rule = f"must name other corpora, each once, got {sources}"
        yield Fault(f"corpora.{name}.transfer_from", rule)
    elif same := [source for source in sources if params.same_people(source, name)]:
        rule = f"{same[0]} is of the same published corpus, whose people would be tested"
        yield Fault(f"corpora.{name}.transfer_from", rule)


def _ablations(values, params: Params) -> Iterator[Fault]:
    """Overrides that would stop an ablation once it runs."""
    for name, overrides in params.ablations.items():
        try:
            changed = typed(Params, overridden(values, overrides), name)
            faults = list(_mutual(changed))
            if faults and not list(_mutual(params)):
                raise ParameterError(_told(faults, name))
        except ParameterError as error:
            yield Fault(f"ablations.{name}", str(error))
