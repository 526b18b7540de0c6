"""The kinds of values that parameters have, each with its rule."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

Whole = Annotated[int, Strict()]
Natural = Annotated[Whole, Field(ge=0)]
Seed = Annotated[Whole, Field(ge=0, lt=2**32)]
Count = Annotated[Whole, Field(ge=1)]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0, le=1)]
Amount = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Flag = Annotated[bool, Strict()]
Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(lambda s: _distinct(s))]
Workers = Annotated[Whole, AfterValidator(lambda n: _workers(n))]
AudioLayer = Literal["conv1", "conv2", "conv3", "conv4", "conv5"]
VisualLayer = Literal[
    "conv1a", "conv2a", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b"
]


def _distinct(seeds):
    if len(set(seeds)) < len(seeds):
        raise ValueError("must differ from one another")
    return seeds


def _workers(number):
    if number != -1 and number < 1:
        raise ValueError("must be -1 or at least 1")
    return number
