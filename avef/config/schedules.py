"""How long and how fast each part is trained (Table 3), as sections of ``params.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from avef.config.values import Amount, Count, Folder, Positive, Share, Whole


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Schedule:
    """One supervised training (Table 3); a gradient longer than clip_norm is cut to it."""

    epochs: Count
    batch: Count
    learning_rate: Positive
    momentum: Share
    clip_norm: Positive | None


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Transfer(Schedule):
    """Training on the other two corpora."""

    case: Annotated[Whole, Field(ge=1, le=2)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class EmoDb(Schedule):
    """Where Emo-DB is, and how the audio-net is trained on it (V2)."""

    root: Folder
    groups: Annotated[Whole, Field(ge=2)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Fusion(Schedule):
    """Training of the DBN, then of the whole model."""

    supervised_epochs: Count


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Rbm:
    """Greedy pre-training (§2.2.3)."""

    epochs: Count
    batch: Count
    learning_rate: Positive
    momentum: Share
    weight_decay: Amount
    cd_steps: Count
