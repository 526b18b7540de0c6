"""``avef predict`` and ``avef card``: a clip, a folder or a list in, emotion out."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from avef.cli.options import command, known, say
from avef.config import params
from avef.core.errors import ClipError, ParameterError

FIGURES, VIDEOS = (".png", ".svg", ".pdf", ".jpg", ".webp"), (".mp4",)
RESULTS = (".json", ".jsonl", ".csv")
_EACH = "{clip}"
EXAMPLES = """avef predict clip.mp4 --figure timeline.png
avef predict clips/ --out emotions.csv
find . -name "*.mkv" | avef predict - --json"""
STATUS = "exit status 1: a clip could not be used; the others have their results"


def add(commands: Any) -> None:
    """Add both subcommands to argparse's."""
    predict = command(
        commands, "predict", "recognise the emotion of clips of your own", example=EXAMPLES
    )
    predict.epilog = f"{predict.epilog}\n\n{STATUS}"
    predict.add_argument(
        "clip", nargs="+", help="video files with sound, folders of them, or - for a list on stdin"
    )
    form = predict.add_mutually_exclusive_group()
    for name, told in (("json", "one object a line"), ("csv", "a table")):
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=told)
    predict.add_argument(
        "--out", metavar="FILE", help="write .json or .csv; clips that it holds are not done again"
    )
    several = f"; of several clips with {_EACH} in its name"
    predict.add_argument(
        "--figure", metavar="FILE", help=f"draw the timeline ({', '.join(FIGURES)}){several}"
    )
    predict.add_argument("--video", metavar="FILE", help=f"an annotated copy (.mp4){several}")
    _common(predict)
    predict.set_defaults(function=_predict)

    told = "write the model of a corpus as a folder that needs nothing else"
    export = command(commands, "export", told, example="avef export rml rml-model/")
    export.add_argument("source", metavar="CORPUS", help="whose stages have run")
    export.add_argument("folder", help="to be made: networks, calibration, card, checksums")
    export.set_defaults(function=_export)

    told = "what the model of a corpus is worth: its model card"
    card = command(commands, "card", told, example="avef card card/ --corpus rml")
    card.add_argument("folder", help="for README.md and reliability.png")
    _common(card)
    card.set_defaults(function=_card)


def outputs(
    pattern: str | None, clips: Sequence[str], suffixes: Sequence[str], *, option: str
) -> dict[str, Path]:
    """Clip → file to write; nothing without a pattern.

    Raises
    ------
    ParameterError
        If the suffix is another, the folder is missing or may not be written into, or a file
        would be written twice, over a clip, or in the place of a folder.

    Examples
    --------
    >>> outputs("{clip}.png", ["a/one.mp4"], FIGURES, option="--figure")["a/one.mp4"].name
    'one.png'
    """
    if pattern is None:
        return {}
    if Path(pattern).suffix.lower() not in suffixes:
        raise ParameterError(f"{option}: must end in {', '.join(suffixes)}, got {pattern!r}")
    if len(clips) > 1 and _EACH not in Path(pattern).name:
        raise ParameterError(f"{option}: of {len(clips)} clips its name must contain {_EACH}")
    files = {clip: Path(pattern.replace(_EACH, Path(clip).stem)) for clip in clips}
    for file in files.values():
        if not file.parent.is_dir():
            raise ParameterError(f"{option}: there is no folder {file.parent}")
        if file.is_dir():
            raise ParameterError(f"{option}: {file} is a folder")
        if not os.access(file.parent, os.W_OK):
            raise ParameterError(f"{option}: nothing may be written into {file.parent}")
    own = {os.path.realpath(clip) for clip in clips}
    real = [os.path.realpath(file) for file in files.values()]
    for target in real:
        if target in own:
            raise ParameterError(f"{option}: {target} is a clip itself")
        if real.count(target) > 1:
            raise ParameterError(f"{option}: several clips would be written to {target}")
    return files


def _common(parser):
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--corpus", help="whose networks; the first of params.yaml if not given")
    whose.add_argument("--model", metavar="FOLDER", help="one that `avef export` made, instead")
    parser.add_argument(
        "--share",
        type=_share,
        default=0.8,
        help="of the answers called sure, so many are to be right",
    )
    parser.add_argument(
        "--fast", action="store_true", help="multiply in bfloat16: much faster on some processors"
    )
    parser.add_argument(
        "--threads", type=_count, default=_cores(), help="for the networks; at first all cores"
    )


def _predict(options):
    whose = _whose(options)
    clips, drawn, filmed = _checked(options)
    with _threads(options.threads):
        _each(_model(*whose, options), clips, drawn, filmed, options)


def _each(model, clips, drawn, filmed, options):
    """Results of all clips, told or written as they come."""
    from avef.recognition import batch

    keys = {clip: batch.key(clip, model.key) for clip in clips}
    sheet = batch.Sheet(options.out, keys) if options.out else None
    done = sheet.done if sheet else {}
    failed = sum(done.values())
    _begin(options.form, model.mark)
    for clip in _progress([clip for clip in clips if clip not in done]):
        made = batch.result(clip, model)
        if not sheet:
            _tell(made, keys[clip], options.form)
        if isinstance(made, batch.Failure):
            failed += 1
        else:
            _pictures(made, model, drawn.get(clip), filmed.get(clip))
        if sheet:  # only now: what it holds is not done again
            sheet.add(made, keys[clip])
    if sheet:
        say(f"{options.out}: {len(clips)} clips, of which {len(done)} were there")
    if failed:
        raise ClipError(f"{failed} of {len(clips)} clips cannot be used")


def _checked(options):
    """The clips that are meant, and the files to draw and to film of each."""
    from avef.recognition import batch

    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # as the arguments' names are
    clips = batch.clips(options.clip, sys.stdin if "-" in options.clip else ())
    outputs(options.out, clips[:1], RESULTS, option="--out")
    if options.out and options.form:
        raise ParameterError(f"--{options.form}: the suffix of --out says the form already")
    drawn = outputs(options.figure, clips, FIGURES, option="--figure")
    return clips, drawn, outputs(options.video, clips, VIDEOS, option="--video")


def _begin(form, mark):
    """Print what stands above all results."""
    from avef.evaluation.marks import SAID
    from avef.recognition import batch

    if form:
        print(batch.head(form), end="")
    elif SAID[mark]:
        print(SAID[mark])


def _tell(made, key, form):
    """Print a result; not in the middle of the bar."""
    from tqdm import tqdm

    from avef.recognition import batch, forms

    said = batch.line(made, form, key) if form else forms.text(made) + "\n"
    with tqdm.external_write_mode():
        print(said, end="", flush=True)


def _pictures(made, model, figure, video):
    """Draw what was asked for, and say where it lies."""
    if figure:
        from avef.recognition import drawing

        drawing.save(drawing.emotions_over_time(made), figure, model.mark)
        say(figure, error=True)
    if video:
        from avef.recognition import video as film

        film.annotate(made, model.params, video)
        say(video, error=True)


def _card(options):
    whose = _whose(options)
    with _threads(options.threads):
        from avef.recognition import card

        say(card.write(_model(*whose, options), options.folder))


def _export(options):
    if Path(options.folder).exists():
        raise ParameterError(f"{options.folder} is there already")
    p = params.read()
    known(options.source, p.corpora, "CORPUS")
    from avef.recognition import export, recogniser

    say(export.write(recogniser.load(options.source), options.folder))


def _whose(options):
    """The corpus or exported folder that is meant, and the settings of its SVM, if they differ."""
    if options.model:
        return Path(options.model), None
    if not Path("params.yaml").exists():
        raise ParameterError(
            "params.yaml: no such file; run from the repository's root, or name a folder that "
            "`avef export` made: --model FOLDER"
        )
    p = params.read()
    corpus = options.corpus or next(iter(p.corpora))
    known(corpus, p.corpora, "--corpus")
    return corpus, p.svm


@contextmanager
def _threads(count):
    """So many for TensorFlow, if it is not loaded yet; and none of what is started afterwards.

    No stored result comes of it: sums may have another order than in training.
    """
    name = "TF_NUM_INTRAOP_THREADS"
    before = os.environ[name]  # avef sets it
    os.environ[name] = str(count)
    try:
        yield
    finally:
        os.environ[name] = before


def _model(whose, svm, options):
    from avef.recognition import recogniser

    return recogniser.load(whose, svm, share=options.share, fast=options.fast)


def _progress(clips):
    """Clips one after the other, with a bar where somebody watches."""
    from tqdm import tqdm

    return tqdm(clips, unit="clip", disable=None)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _share(said):
    value = float(said)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must lie in 0…1, got {said}")
    return value


def _count(said):
    value = int(said)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {said}")
    return value
