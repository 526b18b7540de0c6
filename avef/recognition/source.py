"""Where a model's files lie: among the pipeline's results, or in a folder that was exported.

An exported folder is all that predicting needs: no repository, no corpus, no params.yaml. What
is in it is plain (arrays without pickle, Keras' weights, JSON, text), each file is known by its
SHA-256, and nothing in it is run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avef import paper
from avef.config import params
from avef.config.schema import Trained
from avef.core import outside, paths, store, sums
from avef.core.errors import ParameterError
from avef.learning import fusion, saved_model, source_weights
from avef.learning.source_weights import Start
from avef.preparation.prepared import prepared_clips
from avef.recognition.calibration import Unheard
from avef.recognition.unheard import unheard

if TYPE_CHECKING:
    from avef.recognition.ensemble import Fold

FORMAT = 1
"""Of an exported folder; one of another format is refused."""

FACTS, CARD = "model.json", "MODEL_CARD.md"
MOST_FOLDS = 1000
_FACTS = ("format", "folds", "corpus", "title", "params")


class Source(ABC):
    """What a recogniser asks of the place that its model comes from.

    Attributes
    ----------
    corpus, title : str
        Which the networks were trained on, and as people write it.
    params : Trained
        What they were trained with.
    folds : list of Path
        Each fold's networks.
    vad : Path
        Weights of the voice activity detector.
    key : JSON values
        Fingerprint of all of this.
    """

    corpus: str
    title: str
    params: Trained
    folds: list[Path]
    vad: Path
    key: Any

    @abstractmethod
    def start(self) -> Start:
        """The files of the kept layers and of the scaling.

        Raises
        ------
        ParameterError
            Naming the one that is missing or damaged.
        """

    @abstractmethod
    def unheard(self, folds: Sequence[Fold]) -> Unheard:
        """What the folds say of speakers whom they never heard."""

    def name(self, path: str | Path) -> str | None:
        """The name of a clip that is one of the corpus, where that is known."""
        return None


class Local(Source):
    """The results of this repository: a corpus whose stage ``dbn_fusion`` has run."""

    def __init__(self, model: saved_model.Model):
        self.corpus, self.params = model
        self.title = paper.title(self.corpus)
        cells = paths.cells("dbn_fusion", self.corpus)
        self.key = saved_model.keys(self.corpus)
        self.folds = [fusion.weights_file(cells, fold) for fold in range(len(self.key))]
        self.vad = paths.VAD

    def start(self) -> Start:
        """As of :class:`Source`."""
        return source_weights.verified(paths.transferred(self.corpus), fusion.PREDICTS[0])

    def unheard(self, folds: Sequence[Fold]) -> Unheard:
        """As of :class:`Source`."""
        return unheard(self.corpus, self.key, folds)

    def name(self, path: str | Path) -> str | None:
        """As of :class:`Source`."""
        root, whole = Path(self.params.root).resolve(), Path(path).resolve()
        if not whole.is_relative_to(root):
            return None
        return self._names.get(whole.relative_to(root).as_posix())

    @cached_property
    def _names(self):
        clips = prepared_clips(paths.prepared(self.corpus))
        return dict(zip(clips["path"], clips["clip"], strict=True))


class Exported(Source):
    """A folder that :func:`avef.recognition.export.write` made.

    Parameters
    ----------
    folder : path

    Raises
    ------
    ParameterError
        In one line, if it is no such folder, of another format, incomplete or changed.
    """

    def __init__(self, folder: str | Path):
        self._folder = Path(folder)
        facts = self._facts()
        self.key = self._verified(facts["folds"])
        self.corpus, self.title = str(facts["corpus"]), str(facts["title"])
        self.params = params.typed(Trained, facts["params"], str(self._folder / FACTS))
        self.folds = [self._folder / fold_name(fold) for fold in range(facts["folds"])]
        self.vad = self._folder / "vad.npz"

    def start(self) -> Start:
        """As of :class:`Source`."""
        return start_in(self._folder)

    def unheard(self, folds: Sequence[Fold]) -> Unheard:
        """As of :class:`Source`."""
        arrays = store.load(self._folder / "unheard.npz")
        missing = [name for name in Unheard._fields if name not in arrays]
        if missing:
            raise ParameterError(f"{self._folder / 'unheard.npz'} holds no {missing[0]}")
        told = Unheard(*(arrays[name] for name in Unheard._fields))
        if told.softmax.ndim != 2 or {array.shape[:1] for array in told} != {told.truth.shape}:
            raise ParameterError(f"{self._folder / 'unheard.npz'} is not of one length")
        return told

    def _facts(self):
        file = self._folder / FACTS
        try:
            facts = outside.value(file)
        except ParameterError as error:
            raise ParameterError(f"{self._folder} holds no model of avef: {error}") from error
        missing = [name for name in _FACTS if name not in facts]
        if missing:
            raise ParameterError(
                f"{self._folder} holds no model of avef: no {missing[0]} in {file}"
            )
        if facts["format"] != FORMAT:
            told = f"{self._folder} is of format {facts['format']!r:.40}"
            raise ParameterError(f"{told}; this version of avef reads {FORMAT}")
        if type(facts["folds"]) is not int or not 1 <= facts["folds"] <= MOST_FOLDS:
            told = f"{self._folder} holds no model of avef: folds must lie in 1…{MOST_FOLDS}"
            raise ParameterError(told)
        return facts

    def _verified(self, folds):
        """Name → SHA-256 of every file, once all of them have been found to be as they were."""
        start = start_in(self._folder)
        files = [start.audio, start.visual, start.scaling]
        needed = {FACTS, "vad.npz", "unheard.npz", *(file.name for file in files)}
        needed |= {fold_name(fold) for fold in range(folds)}
        return sums.verified(self._folder, needed)


def start_in(folder: Path) -> Start:
    """Where an exported folder has what the networks start from; of the DBN there is nothing."""
    names = ("audio.weights.h5", "visual.weights.h5", "dbn.npz", "scaling.json")
    return Start(*(folder / name for name in names))


def fold_name(fold: int) -> str:
    """The file of a fold's networks in an exported folder."""
    return f"fold{fold}.npz"
