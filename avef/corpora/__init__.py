"""Raw corpus folders → one clip table; one module a corpus.

Speaker and emotion come from folders and codes, never from misleading names.
No media file is opened here, and nothing below ``root`` is ever changed.
Paper §3 (the corpora) and §4.1 (their labels).
"""

from pathlib import Path

import pandas as pd

from avef.core.errors import ParameterError
from avef.corpora import _tree, baum1s, cremad, emodb, enterface05, ravdess, rml, savee
from avef.protocol import EMOTIONS

_ADAPTERS = {
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


def clip_table(corpus, root):
    """Two DataFrames, (clips, left_out), of the corpus whose raw files lie below ``root``.

    ``clips``: ``clip`` (unique, safe as a file name, the same on every copy of
    the corpus), ``corpus``, ``path`` (relative to ``root``, with /), ``speaker``,
    ``emotion``, ``arousal`` (low, high), ``valence`` (negative, positive),
    ``gender`` (female, male), ``language``, ``sentence``; all strings, empty
    where not known, arousal and valence empty outside the six emotions. One row
    a clip, sorted by ``clip``, RangeIndex.

    ``left_out``: ``path``, ``reason``; every media file below ``root`` that is
    no clip, and every annotated clip without a file. Sorted.

    ParameterError, in one line, if the corpus is unknown, the folder is missing
    or holds no usable clip, or the labels cannot be read.
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


def clip_tables(roots):
    """``clip_table`` of every corpus in a dict of roots: two dicts, corpus → DataFrame.

    ParameterError that names every corpus that is not there, a line each.
    """
    clips, left_out, wrong = {}, {}, []
    for corpus, root in roots.items():
        try:
            clips[corpus], left_out[corpus] = clip_table(corpus, root)
        except ParameterError as error:
            wrong.append(str(error))
    if wrong:
        raise ParameterError("\n".join(wrong))
    return clips, left_out


def expected_counts(corpus):
    """Usable clips by emotion of a complete copy: Series of int named ``expected``."""
    return pd.Series(_adapter(corpus).EXPECTED, name="expected", dtype=int).rename_axis("emotion")


def count_report(clips, left_out, corpus):
    """What was found beside what a complete copy holds, by emotion and in all.

    Columns: ``emotion`` (the last row is "all"), ``found``, ``expected``,
    ``difference`` (found − expected), ``left_out`` (for "all" alone: what is
    left out may have no known emotion). Copies differ, so nothing is raised.
    """
    expected = expected_counts(corpus)
    found = clips["emotion"].value_counts()
    names = [*expected.index, *sorted(set(found.index) - set(expected.index))]
    report = pd.DataFrame(
        {
            "emotion": [*names, "all"],
            "found": [*(int(found.get(name, 0)) for name in names), len(clips)],
            "expected": [*(int(expected.get(name, 0)) for name in names), int(expected.sum())],
        }
    )
    report["difference"] = report["found"] - report["expected"]
    report["left_out"] = pd.array([pd.NA] * len(names) + [len(left_out)], dtype="Int64")
    return report


def how_to_obtain(corpus):
    """One line on where the corpus comes from."""
    return _adapter(corpus).OBTAIN


def title(corpus):
    """The corpus' name as people write it, for headings."""
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
