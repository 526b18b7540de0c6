"""What ``10_try_a_clip`` calls: a clip by its path, or a page on which to choose one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from IPython.display import display

from avef import show
from avef.core import paths
from avef.preparation.prepared import prepared_clips
from avef.recognition import batch, forms, page, recogniser
from avef.recognition.recogniser import Recogniser
from avef.recognition.result import Failure, Prediction
from avef.recognition.source import Local, Source


def located(clip: str) -> str:
    """A clip's path that still holds in the repository's root, where notebooks work.

    One that is not there seen from the working folder is taken as seen from the root.
    """
    return str(Path(clip).absolute()) if clip and Path(clip).exists() else clip


def opened(dataset: str, model: str = "") -> Recogniser:
    """The networks of a corpus, or those of a folder that was exported.

    Raises
    ------
    ParameterError
        As :func:`avef.recognition.recogniser.load`; and outside the repository, unless there is
        such a folder.
    """
    if not (model and Path(model).exists()):
        paths.enter_root()
    return recogniser.load(Path(model).absolute() if model else dataset)


def tried(path: str | Path, model: Recogniser, name: str = "") -> Prediction | Failure:
    """The result of a clip that is called ``name``; of a bad one the reason."""
    path, name = str(path), name or str(path)
    made = batch.result(path, model)
    if isinstance(made, Failure):
        return Failure(name, made.reason.replace(path, name))
    return replace(made, clip=name)


def listed(source: Source) -> dict[str, Path]:
    """Title → file of the prepared clips of a corpus that are there; none of an exported model."""
    if not isinstance(source, Local):
        return {}
    clips = prepared_clips(paths.prepared(source.corpus))
    titles = clips["emotion"] + " by " + clips["speaker"] + ": " + clips["clip"]
    files = [Path(source.params.root) / path for path in clips["path"]]
    return {title: file for title, file in zip(titles, files, strict=True) if file.is_file()}


def begin(model: Recogniser, clip: str = "") -> None:
    """Show what is made of a clip; without one, a page on which to choose or record it."""
    if clip:
        _shown(tried(clip, model, Path(clip).name))
        return
    from avef.recognition.desk import Desk

    display(Desk(model, listed(model.source)).view)


def _shown(made):
    said = {"text/html": page.summary(made), "text/plain": forms.text(made)}
    display(said, raw=True)
    if isinstance(made, Failure):
        return
    import matplotlib.pyplot as plt

    from avef.recognition import drawing

    figure = drawing.signed(drawing.emotions_over_time(made), made.data)
    show.figure(figure)
    plt.close(figure)  # or the notebook would show it twice
