"""How media files are read, as part of the section ``prepare`` of ``params.yaml``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from avef.config.values import Count, Positive, Share, Whole


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ReadSound:
    """What :class:`avef.preparation.sound.Reading` explains."""

    audio_stream: Count | None
    max_damage: Share
    max_seconds: Positive


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ReadPictures:
    """What :class:`avef.preparation.pictures.Reading` explains, beside ``max_damage``."""

    deinterlace: Literal["auto", "always", "never"]
    picture_side: Annotated[Whole, Field(ge=48)]
    max_pixels: Count
    max_frames: Count
    max_gib: Positive


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ReadLimits:
    """What :class:`avef.preparation.child.Limits` explains."""

    max_read_seconds: Positive
    max_read_gib: Positive
    max_file_gib: Positive
