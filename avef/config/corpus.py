"""What the learning stages of one corpus take of all parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # which makes these
    from avef.config.schema import (
        Compute,
        Fusion,
        Keep,
        Net,
        Networks,
        Protocol,
        Rbm,
        Schedule,
        Stop,
        Svm,
        Transfer,
    )


class CorpusParams(NamedTuple):
    """The parameters that decide what is learnt on one corpus; by
    :meth:`Params.of <avef.config.schema.Params.of>`.

    ``seed`` is that of the folds and of what networks start from, ``seeds`` those of the
    trainings; the others are sections of the same name.
    """

    seed: int
    seeds: list[int]
    protocol: Protocol
    networks: Networks
    keep: Keep
    stop: Stop
    compute: Compute
    transfer: Transfer
    audio_net: Schedule
    visual_net: Schedule
    rbm: Rbm
    dbn_fusion: Fusion
    svm: Svm
    unimodal_decision: str

    def net(self, kind: str) -> Net:
        """Size of the ``audio`` or the ``visual`` network."""
        return getattr(self.networks, kind)

    def kept(self, kind: str) -> str | None:
        """The last layer that the ``audio`` or the ``visual`` network keeps."""
        return getattr(self.keep, kind)

    def schedule(self, kind: str) -> Schedule:
        """How the ``audio`` or the ``visual`` network is trained."""
        return getattr(self, f"{kind}_net")
