"""The sections of ``params.yaml`` as typed dataclasses, each with its rules.

pydantic checks them whenever one is made, read from a file or not.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from avef.config.corpus import CorpusParams
from avef.config.reading import ReadLimits, ReadPictures, ReadSound
from avef.config.schedules import EmoDb, Fusion, Rbm, Schedule, Transfer
from avef.config.values import (
    Amount,
    AudioLayer,
    ByCorpus,
    Count,
    Flag,
    Folder,
    Natural,
    Number,
    Positive,
    Reader,
    Seed,
    Seeds,
    Share,
    VisualLayer,
    Whole,
    Workers,
    filled,
)

_NOTHING_ELSE = ConfigDict(extra="forbid")


T = TypeVar("T")
Sections = Annotated[dict[str, T], BeforeValidator(filled), AfterValidator(ByCorpus)]


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Jobs:
    """Worker processes of each kind of work, or the cluster that does it."""

    prepare: Workers
    train: Workers
    backend: Literal["loky", "dask"]
    scheduler: str | None


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Corpus:
    """Where a corpus lies, who reads it, and the corpora that its networks start from.

    A ``root`` that begins with ~ lies in somebody's home folder.
    ``reader`` None is the one that has the corpus' own name.
    ``transfer_from`` None is all the others.
    """

    root: Folder
    reader: Reader | None = None
    transfer_from: Annotated[list[str], Field(min_length=1)] | None = None


@dataclass(frozen=True, config=_NOTHING_ELSE)
class DemoSize:
    """Size of one synthetic corpus."""

    speakers: Count
    repeats: Count


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Demo:
    """Which synthetic corpora to make, from which seed, and their sizes."""

    seed: Annotated[Whole, Field(ge=0, lt=2**31)]
    corpora: list[Literal["rml", "enterface05", "baum1s"]]
    rml: DemoSize
    enterface05: DemoSize
    baum1s: DemoSize


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Vad:
    """The network of the VAD: whether and how to train it anew (§2.1.1)."""

    retrain: Flag
    copies: Count
    hidden: Annotated[list[Count], Field(min_length=1)]
    dropout: Annotated[Number, Field(ge=0, le=0.99)]
    epochs: Count
    batch: Count
    learning_rate: Positive
    momentum: Share


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Prepare(ReadSound, ReadPictures, ReadLimits):
    """Data preparation (§2.1)."""

    vad: Literal["mrcg_dnn", "silero", "energy", "none"]
    vad_threshold: Share | None
    spectrum_power: Positive
    face_size: Count
    face_margin: Amount
    detect_every: Count
    min_face_share: Share
    max_failures: Share


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Protocol:
    """Speaker groups of a corpus (§4.2), and its sentences; see :func:`avef.protocol.folds`.

    None is the paper's choice: one speaker out where speakers are few (RML), one of
    three groups out elsewhere. As many groups as speakers is one speaker out anywhere.
    """

    groups: Annotated[Whole, Field(ge=2)] | None
    sentences: Literal["any", "disjoint", "heard"]


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Net:
    """Size of audio-net or visual-net (§2.2.1–2)."""

    width: Annotated[Number, Field(gt=0, le=4)]
    input_size: Count
    dropout: Annotated[Number, Field(ge=0, le=0.99)]


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Dbn:
    """Shape of the DBN, and the dropout of what it is given (§2.2.3)."""

    hidden: Annotated[list[Count], Field(min_length=1)]
    visible: Literal["gaussian", "bernoulli"]
    dropout: Annotated[Number, Field(ge=0, le=0.99)]


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Networks:
    """The three networks, the initial weights of the first two, and the decay of all kernels."""

    audio: Net
    visual: Net
    dbn: Dbn
    initial: Literal["he_normal", "published"]
    weight_decay: Amount


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Keep:
    """What a target keeps of the networks that it starts from (§2.2).

    The last kept layer of audio-net and of visual-net (None: nothing is kept, all
    layers start anew), whether these layers go on learning, and how many RBMs of the
    DBN are the start of its own.
    """

    audio: AudioLayer | None
    visual: VisualLayer | None
    dbn: Natural
    tune: Flag


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Stop:
    """Choice of the epoch on some of the training speakers, or a fixed number of epochs."""

    early: Flag
    fraction: Annotated[Number, Field(gt=0, le=0.9)]
    patience: Count


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Compute:
    """How sums are done: precision, XLA, their order, and memory for what frozen layers put out."""

    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    xla: Flag
    deterministic: Flag
    cache_gib: Amount
    checkpoint_seconds: Amount

    @property
    def sums(self) -> tuple[str, bool, bool]:
        """What of it decides results."""
        return self.precision, self.xla, self.deterministic


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Svm:
    """The polynomial support vector machine (§2.2.4)."""

    c: Positive
    degree: Count
    gamma: Literal["auto", "scale"]
    coef0: Amount
    standardise: Flag


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Power:
    """Simulated studies that say how far the verdicts can be trusted."""

    studies: Count
    trainings: Count


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Params:
    """All of ``params.yaml``."""

    profile: Literal["demo", "paper"]
    seed: Seed
    jobs: Jobs
    corpora: dict[str, Corpus]
    demo: Demo
    emodb: EmoDb
    vad: Vad
    prepare: Prepare
    protocol: Sections[Protocol]
    networks: Networks
    keep: Keep
    stop: Stop
    compute: Compute
    transfer: Sections[Transfer]
    audio_net: Sections[Schedule]
    visual_net: Sections[Schedule]
    rbm: Rbm
    dbn_fusion: Sections[Fusion]
    svm: Svm
    unimodal_decision: Literal["svm", "softmax"]
    power: Power
    seeds: Seeds
    ablations: dict[str, list[str]]

    def sources(self, corpus: str) -> list[str]:
        """The corpora that one's networks start from (§2.2).

        If none is named, all others but those of the same people (:meth:`same_people`).
        """
        others = [name for name in self.corpora if not self.same_people(name, corpus)]
        return self.corpora[corpus].transfer_from or others

    def same_people(self, one: str, other: str) -> bool:
        """Whether two corpora are one, or two folders of the same published one.

        Who is tested in such a one may be heard in the other. Of tables of one's own only
        their owner knows.
        """
        readers = [self.corpora[name].reader or name for name in (one, other)]
        return one == other or (readers[0] == readers[1] != "table")

    def of(self, corpus: str) -> CorpusParams:
        """What the learning stages of one corpus take of all this."""
        return CorpusParams(
            seed=self.seed,
            seeds=self.seeds,
            protocol=self.protocol[corpus],
            networks=self.networks,
            keep=self.keep,
            stop=self.stop,
            compute=self.compute,
            transfer=self.transfer[corpus],
            audio_net=self.audio_net[corpus],
            visual_net=self.visual_net[corpus],
            rbm=self.rbm,
            dbn_fusion=self.dbn_fusion[corpus],
            svm=self.svm,
            unimodal_decision=self.unimodal_decision,
        )


@dataclass(frozen=True, config=_NOTHING_ELSE)
class Trained:
    """What recognising a clip needs of the parameters that networks were trained with."""

    profile: Literal["demo", "paper"]
    root: str
    prepare: Prepare
    networks: Networks
    keep: Keep
    compute: Compute
    svm: Svm
