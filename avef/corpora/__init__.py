"""Raw corpus folders → one clip table; one module a corpus.

Speaker and emotion come from folders and codes, never from misleading names.
No media file is decoded here, and nothing below ``root`` is ever changed.
Paper §3 (the corpora) and §4.1 (their labels).
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pandas as pd

from avef.core.errors import ParameterError
from avef.core.inert import shown
from avef.corpora import _tree, baum1s, cremad, emodb, enterface05, ravdess, rml, savee, table
from avef.preparation.child import USUAL, Limits
from avef.protocol import EMOTIONS

_READERS: dict[str, ModuleType] = {
    "rml": rml,
    "enterface05": enterface05,
    "baum1s": baum1s,
    "ravdess": ravdess,
    "cremad": cremad,
    "savee": savee,
    "emodb": emodb,
    "table": table,
}
READERS = tuple(_READERS)

__all__ = [
    "EMOTIONS",
    "READERS",
    "clip_table",
    "count_report",
    "expected_counts",
    "how_to_obtain",
    "terms",
    "title",
]


def clip_table(
    corpus: str, root: str | Path, *, reader: str | None = None, limits: Limits = USUAL
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell the clips of a raw corpus, and who speaks with which emotion in each (§3, §4.1).

    Parameters
    ----------
    corpus : str
        Its name.
    root : path
        The folder below which the raw files lie, at any depth.
    reader : str, optional
        One of :data:`READERS`; that of the corpus' name if not given.
    limits : Limits
        Of reading copies of one clip, to know which are whole.

    Returns
    -------
    clips : DataFrame
        ``clip`` (unique, safe as a file name, the same on every copy of the corpus),
        ``corpus``, ``path`` (relative to ``root``, with /), ``speaker``, ``emotion``,
        ``arousal`` (low, high), ``valence`` (negative, positive), ``gender`` (female,
        male), ``language``, ``sentence`` (names a text: one name whoever says it, with
        whatever emotion), ``kind`` (audio-visual, audio: sound alone); all strings, empty
        where not known, arousal and valence empty outside the six emotions. One row a
        clip, sorted by ``clip``, RangeIndex.
    left_out : DataFrame
        ``path``, ``reason``; every media file below ``root`` that is no clip, every
        annotated clip without a file, every dead link and closed folder. Sorted. In a
        path that is no UTF-8, the bytes in question stand as ``\\xNN``.

    Raises
    ------
    ParameterError
        In one line, if the corpus is unknown, the folder is missing or holds no usable
        clip, or the labels cannot be read.
    """
    reader = reader or corpus
    module = _module(reader)
    root = Path(root)
    if not root.is_dir():
        raise ParameterError(_not_there(reader, root, "there is no such folder"))
    paths = _tree.walk(root, module.EXTENSIONS)
    lost = [(path, why) for path, why in _tree.unreachable(root) if path not in paths]
    if not paths and not lost:
        kinds = ", ".join(module.EXTENSIONS)
        raise ParameterError(_not_there(reader, root, f"it holds no {kinds} file"))
    rows, left_out = module.scan(root, paths)
    clips, left_out = _tree.build(corpus, rows, [*left_out, *lost], root=root, limits=limits)
    if clips.empty:
        first = left_out.iloc[0]
        what = f"no file in it is usable ({first.path}: {first.reason}; {len(left_out)} in all)"
        raise ParameterError(_not_there(reader, root, what))
    return clips, left_out


def expected_counts(reader: str) -> pd.Series:
    """Usable clips by emotion of a complete copy: Series of int named ``expected``.

    Examples
    --------
    eNTERFACE'05 lacks three takes of happiness.

    >>> expected_counts("enterface05").to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'anger': 215, 'disgust': 215, 'fear': 215, 'happiness': 212, 'sadness': 215,
     'surprise': 215}
    """
    return pd.Series(_module(reader).EXPECTED, name="expected", dtype=int).rename_axis("emotion")


def count_report(clips: pd.DataFrame, left_out: pd.DataFrame, reader: str) -> pd.DataFrame:
    """What was found beside what a complete copy holds, by emotion and in all.

    Parameters
    ----------
    clips, left_out : DataFrame
        From :func:`clip_table`.
    reader : str

    Returns
    -------
    DataFrame
        ``emotion`` (the last row is "all"), ``found``, ``expected``, ``difference``
        (found − expected; both <NA> for a reader such as ``table``, of whose corpus
        only its owner knows), ``left_out`` (for "all" alone: what is left out may have
        no known emotion). Copies differ, so nothing is raised.

    Examples
    --------
    >>> clips = pd.DataFrame({"emotion": ["fear"] * 120 + ["anger"] * 7})
    >>> report = count_report(clips, pd.DataFrame({"path": ["odd.avi"]}), "rml")
    >>> report.iloc[[0, 2, -1]]  # the last row is of all emotions
      emotion  found  expected  difference  left_out
    0   anger      7       120        -113      <NA>
    2    fear    120       120           0      <NA>
    6     all    127       720        -593         1
    """
    expected = expected_counts(reader)
    counts = clips["emotion"].value_counts()
    names = [*expected.index, *sorted(set(counts.index) - set(expected.index))]
    report = pd.DataFrame(
        {
            "emotion": [*names, "all"],
            "found": [*(int(counts.get(name, 0)) for name in names), len(clips)],
        }
    )
    whole = [*(int(expected.get(name, 0)) for name in names), int(expected.sum())]
    unknown = [pd.NA] * len(whole)
    report["expected"] = pd.array(unknown if expected.empty else whole, dtype="Int64")
    report["difference"] = report["found"] - report["expected"]
    report["left_out"] = pd.array([pd.NA] * len(names) + [len(left_out)], dtype="Int64")
    return report


def how_to_obtain(reader: str) -> str:
    """One line on where the corpus of a reader comes from."""
    return _module(reader).OBTAIN


def terms(reader: str) -> str:
    """What the corpus of a reader may be used for, in a few words; its data card says more.

    >>> terms("ravdess")
    'CC BY-NC-SA 4.0'
    """
    return _module(reader).TERMS


def title(reader: str) -> str:
    """The name of a reader's corpus as people write it, for headings.

    >>> title("enterface05")
    "eNTERFACE'05"
    """
    return _module(reader).TITLE


def _module(reader):
    if reader not in _READERS:
        raise ParameterError(f"reader {reader!r} is not one of {', '.join(READERS)}")
    return _READERS[reader]


def _not_there(reader, root, what):
    root = shown(root)
    return (
        f"{title(reader)} is not in {root}: {what}; "
        f"obtain it {how_to_obtain(reader)}, and unpack it into {root}"
    )
