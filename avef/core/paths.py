"""Where the stages leave what they make, relative to the repository's root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from avef.core import log
from avef.core.errors import ParameterError

DATA, REPORTS = Path("data"), Path("reports")
VAD = DATA / "vad" / "vad.npz"
EMODB_TREE = DATA / "vad" / "emodb.csv"  # what tree() is of a corpus
LOGS = DATA / "logs"
NOTEBOOKS = REPORTS / "notebooks"
TRIED = DATA / "tried"  # notebooks about a clip of the user's, which no report shows
FIGURES = REPORTS / "figures"
TABLES = REPORTS / "tables"


class Folders(NamedTuple):
    """What the learning stages of one corpus read and write."""

    prepared: Path
    transfer: Path
    audio_net: Path
    visual_net: Path
    dbn_fusion: Path

    def net(self, kind: str) -> Path:
        """The cells of the ``audio`` or the ``visual`` network."""
        return getattr(self, f"{kind}_net")


def folders(corpus: str) -> Folders:
    """All folders of a corpus' learning stages."""
    stages = (cells(stage, corpus) for stage in ("audio_net", "visual_net", "dbn_fusion"))
    return Folders(prepared(corpus), transferred(corpus), *stages)


def tree(corpus: str) -> Path:
    """What lies in a raw corpus' folder, as a table that DVC looks at in the folder's place."""
    return DATA / "trees" / f"{corpus}.csv"


def clips(corpus: str) -> Path:
    """The clip table of a raw corpus; in the same folder lies what else is known of it."""
    return DATA / "clips" / corpus / "clips.csv"


def prepared(corpus: str) -> Path:
    """The folder of prepared clips."""
    return DATA / "prepared" / corpus


def transferred(corpus: str) -> Path:
    """The folder of what a target corpus starts from."""
    return DATA / "transfer" / corpus


def cells(stage: str, corpus: str) -> Path:
    """The folder of a training stage's cells; stage is audio_net, visual_net or dbn_fusion."""
    return DATA / stage / corpus


def predictions(stage: str, corpus: str) -> Path:
    """The predictions CSV of a stage; stage is audio_net, visual_net or svm."""
    return REPORTS / "predictions" / f"{stage}-{corpus}.csv"


def metrics(stage: str, corpus: str | None) -> Path:
    """The metrics JSON of a stage; corpus is None for a stage that serves all."""
    return REPORTS / "metrics" / (f"{stage}-{corpus}.json" if corpus else f"{stage}.json")


def curves(stage: str, corpus: str) -> Path:
    """The learning curves CSV of a training stage."""
    return REPORTS / "curves" / f"{stage}-{corpus}.csv"


def stored() -> list[Path]:
    """The folders of data that the stages make, each: all but the corpora."""
    return sorted(path for path in DATA.glob("*/") if path.name not in ("raw", "demo"))


def enter_root() -> None:
    """Work from the repository's root, wherever a notebook's kernel was started.

    Raises
    ------
    ParameterError
        If no folder upwards holds a ``params.yaml``.
    """
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "params.yaml").is_file():
            os.chdir(folder)
            log.follow()
            return
    raise ParameterError(f"no params.yaml in {Path.cwd()} or above it: not in the repository")
