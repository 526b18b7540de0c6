"""Raw corpus folders → one clip table; one module a corpus.

Speaker and emotion come from folders and codes, never from misleading names.
No media file is opened here, and nothing below ``root`` is ever changed.
Paper §3 (the corpora) and §4.1 (their labels).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pandas as pd

from avef.core.errors import ParameterError
from avef.corpora import _tree, baum1s, cremad, emodb, enterface05, ravdess, rml, savee
from avef.protocol import EMOTIONS

_ADAPTERS: dict[str, ModuleType] = {
    "rml": rml,
    "enterface05": enterface05,
    "baum1s": baum1s,
    "ravdess": ravdess,
    "cremad": cremad,
    "savee": savee,
    "emodb": emodb,
}
CORPORA = tuple(_ADAPTERS)

__all__ = [
    "CORPORA",
    "EMOTIONS",
    "clip_table",
    "clip_tables",
    "count_report",
    "expected_counts",
    "how_to_obtain",
    "title",
]


def clip_table(corpus: str, root: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell the clips of a raw corpus, and who speaks with which emotion in each (§3, §4.1).

    Parameters
    ----------
    corpus : str
        One of :data:`CORPORA`.
    root : path
        The folder below which the raw files lie, at any depth.

    Returns
    -------
    clips : DataFrame
        ``clip`` (unique, safe as a file name, the same on every copy of the corpus),
        ``corpus``, ``path`` (relative to ``root``, with /), ``speaker``, ``emotion``,
        ``arousal`` (low, high), ``valence`` (negative, positive), ``gender`` (female,
        male), ``language``, ``sentence`` (names a text: one name whoever says it, with
        whatever emotion); all strings, empty where not known, arousal
        and valence empty outside the six emotions. One row a clip, sorted by ``clip``,
        RangeIndex.
    left_out : DataFrame
        ``path``, ``reason``; every media file below ``root`` that is no clip, and every
        annotated clip without a file. Sorted.

    Raises
    ------
    ParameterError
        In one line, if the corpus is unknown, the folder is missing or holds no usable
        clip, or the labels cannot be read.
    """
    adapter = _adapter(corpus)
    root = Path(root)
    if not root.is_dir():
        raise ParameterError(_not_there(corpus, root, "there is no such folder"))
    paths = _tree.walk(root, adapter.EXTENSIONS)
    if not paths:
        kinds = ", ".join(adapter.EXTENSIONS)
        raise ParameterError(_not_there(corpus, root, f"it holds no {kinds} file"))
    rows, left_out = adapter.scan(root, paths)
    clips, left_out = _tree.build(corpus, rows, left_out)
    if clips.empty:
        first = left_out.iloc[0]
        what = f"none of its {len(paths)} media files is usable ({first.path}: {first.reason})"
        raise ParameterError(_not_there(corpus, root, what))
    return clips, left_out


def clip_tables(
    roots: Mapping[str, str | Path],
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """:func:`clip_table` of every corpus in a dict of roots: two dicts, corpus → DataFrame.

    ParameterError that names every corpus that is not there, a line each.
    """
    clips: dict[str, pd.DataFrame] = {}
    left_out: dict[str, pd.DataFrame] = {}
    wrong: list[str] = []
    for corpus, root in roots.items():
        try:
            clips[corpus], left_out[corpus] = clip_table(corpus, root)
        except ParameterError as error:
            wrong.append(str(error))
    if wrong:
        raise ParameterError("\n".join(wrong))
    return clips, left_out


def expected_counts(corpus: str) -> pd.Series:
    """Usable clips by emotion of a complete copy: Series of int named ``expected``.

    Examples
    --------
    eNTERFACE'05 lacks three takes of happiness.

    >>> expected_counts("enterface05").to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'anger': 215, 'disgust': 215, 'fear': 215, 'happiness': 212, 'sadness': 215,
     'surprise': 215}
    """
    return pd.Series(_adapter(corpus).EXPECTED, name="expected", dtype=int).rename_axis("emotion")


def count_report(clips: pd.DataFrame, left_out: pd.DataFrame, corpus: str) -> pd.DataFrame:
    """What was found beside what a complete copy holds, by emotion and in all.

    Parameters
    ----------
    clips, left_out : DataFrame
        From :func:`clip_table`.
    corpus : str

    Returns
    -------
    DataFrame
        ``emotion`` (the last row is "all"), ``found``, ``expected``, ``difference``
        (found − expected), ``left_out`` (for "all" alone: what is left out may have no
        known emotion). Copies differ, so nothing is raised.

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
    expected = expected_counts(corpus)
    counts = clips["emotion"].value_counts()
    names = [*expected.index, *sorted(set(counts.index) - set(expected.index))]
    report = pd.DataFrame(
        {
            "emotion": [*names, "all"],
            "found": [*(int(counts.get(name, 0)) for name in names), len(clips)],
            "expected": [*(int(expected.get(name, 0)) for name in names), int(expected.sum())],
        }
    )
    report["difference"] = report["found"] - report["expected"]
    report["left_out"] = pd.array([pd.NA] * len(names) + [len(left_out)], dtype="Int64")
    return report


def how_to_obtain(corpus: str) -> str:
    """One line on where the corpus comes from."""
    return _adapter(corpus).OBTAIN


def title(corpus: str) -> str:
    """The corpus' name as people write it, for headings.

    >>> title("enterface05")
    "eNTERFACE'05"
    """
    return _adapter(corpus).TITLE


def _adapter(corpus):
    if corpus not in _ADAPTERS:
        raise ParameterError(f"corpus {corpus!r} is not one of {', '.join(CORPORA)}")
    return _ADAPTERS[corpus]


def _not_there(corpus, root, what):
    return (
        f"{title(corpus)} is not in {root}: {what}; "
        f"obtain it {how_to_obtain(corpus)}, and unpack it into {root}"
    )
