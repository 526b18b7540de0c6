"""The one reader of ``params.yaml``: typed and checked.

``read`` returns nested dataclasses. An unknown, missing or ill-typed entry
stops at once with a message that names its full key.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from ruamel.yaml import YAML, YAMLError

from avef.config.typed import Range, parse, require
from avef.core.errors import ParameterError

Count = Annotated[int, Range(1)]
Share = Annotated[float, Range(0, 1)]
Amount = Annotated[float, Range(0)]
Positive = Annotated[float, Range(0, above=True)]
AudioLayer = Literal["conv1", "conv2", "conv3", "conv4", "conv5"]
VisualLayer = Literal[
    "conv1a", "conv2a", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b"
]


@dataclass(frozen=True)
class Jobs:
    """Worker processes of each kind of work, or the cluster that does it."""

    prepare: Annotated[int, Range(-1)]
    train: Annotated[int, Range(-1)]
    backend: Literal["loky", "dask"]
    scheduler: str | None


@dataclass(frozen=True)
class Corpus:
    """Where a corpus lies, and the two corpora that its networks start from."""

    root: str
    transfer_from: list[str]


@dataclass(frozen=True)
class DemoSize:
    """Size of one synthetic corpus."""

    speakers: Count
    repeats: Count


@dataclass(frozen=True)
class Demo:
    """Which synthetic corpora to make, from which seed, and their sizes."""

    seed: Annotated[int, Range(0)]
    corpora: list[str]
    rml: DemoSize
    enterface05: DemoSize
    baum1s: DemoSize


@dataclass(frozen=True)
class Vad:
    """The network of the VAD: whether and how to train it anew (§2.1.1)."""

    retrain: bool
    copies: Count
    hidden: list[Count]
    dropout: Annotated[float, Range(0, 0.99)]
    epochs: Count
    batch: Count
    learning_rate: Positive
    momentum: Share


@dataclass(frozen=True)
class Prepare:
    """Data preparation (§2.1)."""

    vad: Literal["mrcg_dnn", "silero", "energy", "none"]
    vad_threshold: Share | None
    spectrum_power: Positive
    face_size: Count
    face_margin: Amount
    detect_every: Count
    min_face_share: Share
    max_failures: Share


@dataclass(frozen=True)
class Protocol:
    """Speaker groups of a corpus (§4.2).

    None is the paper's choice: one speaker out where speakers are few (RML), one of
    three groups out elsewhere. As many groups as speakers is one speaker out anywhere.
    """

    groups: Annotated[int, Range(2)] | None


@dataclass(frozen=True)
class Net:
    """Size of audio-net or visual-net (§2.2.1–2)."""

    width: Annotated[float, Range(0, 4, above=True)]
    input_size: Count
    dropout: Annotated[float, Range(0, 0.99)]


@dataclass(frozen=True)
class Dbn:
    """Shape of the DBN (§2.2.3)."""

    hidden: list[Count]
    visible: Literal["gaussian", "bernoulli"]


@dataclass(frozen=True)
class Networks:
    """The three networks."""

    audio: Net
    visual: Net
    dbn: Dbn


@dataclass(frozen=True)
class Keep:
    """What a target keeps of the networks that it starts from (§2.2).

    The last kept layer of audio-net and of visual-net (None: nothing is kept, all
    layers start anew), whether these layers go on learning, and how many RBMs of the
    DBN are the start of its own.
    """

    audio: AudioLayer | None
    visual: VisualLayer | None
    dbn: Annotated[int, Range(0)]
    tune: bool


@dataclass(frozen=True)
class Stop:
    """Choice of the epoch on some of the training speakers, or a fixed number of epochs."""

    early: bool
    fraction: Annotated[float, Range(0, 0.9, above=True)]
    patience: Count


@dataclass(frozen=True)
class Compute:
    """How sums are done: precision, XLA, and memory for what frozen layers put out."""

    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    xla: bool
    cache_gib: Amount
    checkpoint_seconds: Amount


@dataclass(frozen=True)
class Schedule:
    """One supervised training (Table 3); a gradient longer than clip_norm is cut to it."""

    epochs: Count
    batch: Count
    learning_rate: Positive
    momentum: Share
    clip_norm: Positive | None


@dataclass(frozen=True)
class Transfer(Schedule):
    """Training on the other two corpora."""

    case: Literal[1, 2]


@dataclass(frozen=True)
class EmoDb(Schedule):
    """Where Emo-DB is, and how the audio-net is trained on it (V2)."""

    root: str
    groups: Annotated[int, Range(2)]


@dataclass(frozen=True)
class Fusion(Schedule):
    """Training of the DBN, then of the whole model."""

    supervised_epochs: Count


@dataclass(frozen=True)
class Rbm:
    """Greedy pre-training (§2.2.3)."""

    epochs: Count
    batch: Count
    learning_rate: Positive
    momentum: Share
    weight_decay: Amount
    cd_steps: Count


@dataclass(frozen=True)
class Svm:
    """The polynomial support vector machine (§2.2.4)."""

    c: Positive
    degree: Count
    gamma: Literal["auto", "scale"]
    coef0: Amount
    standardise: bool


@dataclass(frozen=True)
class Params:
    """All of ``params.yaml``."""

    profile: Literal["demo", "paper"]
    seed: Annotated[int, Range(0)]
    jobs: Jobs
    corpora: dict[str, Corpus]
    demo: Demo
    emodb: EmoDb
    vad: Vad
    prepare: Prepare
    protocol: dict[str, Protocol]
    networks: Networks
    keep: Keep
    stop: Stop
    compute: Compute
    transfer: dict[str, Transfer]
    audio_net: dict[str, Schedule]
    visual_net: dict[str, Schedule]
    rbm: Rbm
    dbn_fusion: dict[str, Fusion]
    svm: Svm
    unimodal_decision: Literal["svm", "softmax"]
    seeds: list[Annotated[int, Range(0)]]
    ablations: dict[str, list[str]]


def read(path: str | Path = "params.yaml") -> Params:
    """Read and check a parameter file.

    Raises
    ------
    ParameterError
        Naming the key that is unknown, missing or of the wrong type, or the
        per-corpus section that lacks a corpus.
    """
    return checked(plain(path))


def plain(path: str | Path) -> dict:
    """A YAML file as it stands, not checked."""
    return parsed(text(path), path)


def text(path: str | Path) -> str:
    """A YAML file's text."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ParameterError(f"{path}: no such file; run from the repository's root") from error


def parsed(text: str, name: str | Path = "params.yaml") -> dict:
    """YAML text as it stands, not checked."""
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as error:
        raise ParameterError(f"{name}: not valid YAML: {error}") from error


def checked(values: dict) -> Params:
    """Plain values as typed parameters; errors as in :func:`read`."""
    params = parse(Params, values)
    for section in ("protocol", "transfer", "audio_net", "visual_net", "dbn_fusion"):
        if set(getattr(params, section)) != set(params.corpora):
            expected = ", ".join(params.corpora)
            raise ParameterError(f"{section}: must have one entry for each of {expected}")
    hidden, keep, jobs = params.networks.dbn.hidden, params.keep, params.jobs
    require(hidden, "networks.dbn.hidden", "at least one layer", hidden)
    require(keep.dbn <= len(hidden), "keep.dbn", "at most the number of hidden layers", keep.dbn)
    for name, least in (("audio", 67), ("visual", 16)):
        size = getattr(params.networks, name).input_size
        require(size >= least, f"networks.{name}.input_size", f"at least {least}", size)
    for name, number in (("prepare", jobs.prepare), ("train", jobs.train)):
        require(number, f"jobs.{name}", "-1 or at least 1", number)
    for name, corpus in params.corpora.items():
        sources, others = corpus.transfer_from, set(params.corpora) - {name}
        if len(sources) != 2 or len(others.intersection(sources)) != 2:
            raise ParameterError(f"corpora.{name}.transfer_from: must name two other corpora")
    return params
