"""The kinds of values that parameters have, each with its rule."""

from __future__ import annotations

import os
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, Field, Strict

T = TypeVar("T")

Whole = Annotated[int, Strict(), Field(ge=-(2**53), le=2**53)]  # what a float holds, too
Natural = Annotated[Whole, Field(ge=0)]
Seed = Annotated[Whole, Field(ge=0, lt=2**32)]
Count = Annotated[Whole, Field(ge=1)]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0, le=1)]
Amount = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Flag = Annotated[bool, Strict()]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(lambda s: _distinct(s))]
Folder = Annotated[str, AfterValidator(lambda path: _folder(path))]
Workers = Annotated[Whole, AfterValidator(lambda n: _workers(n))]
AudioLayer = Literal["conv1", "conv2", "conv3", "conv4", "conv5"]
#: Who can tell the clips of a corpus: the modules of :mod:`avef.corpora`.
Reader = Literal["rml", "enterface05", "baum1s", "ravdess", "cremad", "savee", "emodb", "table"]
VisualLayer = Literal[
    "conv1a", "conv2a", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b"
]


class ByCorpus(dict[str, T], Generic[T]):
    """A section by corpus; one that it does not name has the entry ``default``.

    Examples
    --------
    >>> epochs = ByCorpus({"default": 500, "rml": 300})
    >>> epochs["rml"], epochs["ravdess"]
    (300, 500)
    """

    def __missing__(self, corpus: str) -> T:
        """Give every corpus without an entry of its own the default."""
        if "default" not in self:  # while it is made
            raise KeyError(corpus)
        return self["default"]


def filled(section: Any) -> Any:
    """A section as it stands, its entries filled up from ``default``."""
    if not isinstance(section, dict) or not isinstance(section.get("default"), dict):
        return section  # the type's own check says what is wrong
    default = section["default"]
    return {
        name: default | entry if isinstance(entry, dict) else entry
        for name, entry in section.items()
    }


def _folder(path):
    if not path.strip() or "\0" in path:
        raise ValueError("must name a folder")
    home = os.path.expanduser(path)  # noqa: PTH111 (it raises nothing)
    if home.startswith("~") and "/" in path:
        raise ValueError("begins with ~, but nobody here has such a home folder")
    return home


def _distinct(seeds):
    if len(set(seeds)) < len(seeds):
        raise ValueError("must differ from one another")
    return seeds


def _workers(number):
    if number != -1 and number < 1:
        raise ValueError("must be -1 or at least 1")
    return number
