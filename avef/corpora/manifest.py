"""What lies in a raw folder, as a small table that DVC looks at in the folder's place.

DVC itself stops at a dead link, and at a name that is not UTF-8; the readers have a reason for
each. So a stage that always runs writes this table, and whatever reads the folder depends on it.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path, PurePath

import pandas as pd

from avef.config.schema import Params
from avef.core import outside, paths, store
from avef.core.errors import ParameterError
from avef.core.files import leads_out, write_csv, write_json
from avef.core.inert import shown
from avef.corpora import _copies, _tree
from avef.preparation.child import USUAL, Limits

TOO_LARGE = "larger than prepare.max_file_gib, and not read; changed at"


def roots(p: Params) -> dict[Path, str]:
    """Where the table of each raw folder goes → that folder: the corpora's, then Emo-DB's."""
    own = {paths.tree(name): corpus.root for name, corpus in p.corpora.items()}
    return own | {paths.EMODB_TREE: p.emodb.root}


def write(root: str | Path, file: str | Path, limits: Limits = USUAL) -> pd.DataFrame:
    """Write what :func:`tree` tells of ``root`` as the CSV ``file``.

    Beside it, with the suffix ``.json``, stay the digests, so that no file is read again
    that has not been touched since. OSError as in :func:`tree`.
    """
    beside = Path(file).with_suffix(".json")
    table, digests = tree(root, _known(beside), limits)
    write_json(beside, digests)
    write_csv(file, table)
    return table


def tree(
    root: str | Path, known: Mapping[str, str] | None = None, limits: Limits = USUAL
) -> tuple[pd.DataFrame, dict[str, str]]:
    """All files below ``root`` that a reader may look at, and what is in them.

    Parameters
    ----------
    root : path
        Links within it are followed; hidden files, and what archivers leave behind, passed over.
    known : mapping, optional
        The digests of last time.
    limits : Limits
        A file larger than ``max_file_gib``, which no stage reads, is not read here, either.

    Returns
    -------
    table : DataFrame
        ``path`` (relative, with /; bytes that are no UTF-8 stand as ``\\xNN``), ``size``
        (bytes, <NA> where there is nothing to measure), ``content``: a digest, or why there
        is none, as of a dead link or a closed folder; of a file that is too large also when
        it was changed (ns, its content's time and its own). Sorted by path; empty where
        there is no such folder.
    digests : dict
        File as it was met (path, size, times, inode) → digest.

    Raises
    ------
    OSError
        Where the machine is to blame, not a file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "an1.avi").write_bytes(b"a clip")
    ...     (Path(folder) / "an2.avi").symlink_to("/not/fetched")
    ...     table, digests = tree(folder)
    6
    >>> table["path"].tolist(), table["size"].tolist(), len(digests)
    (['an1.avi', 'an2.avi'], [6, <NA>], 1)
    """
    root = Path(root)
    met: dict[PurePath | str, tuple] = {}
    if root.is_dir():
        met |= {path: (pd.NA, why, "") for path, why in _tree.unreachable(root)}
        met |= {path: _facts(root, path, known or {}, limits) for path in _tree.files(root)}
    rows = [(shown(path), *facts) for path, facts in met.items()]
    table = pd.DataFrame(rows, columns=["path", "size", "content", "as met"])
    table = table.astype({"size": "Int64"}).sort_values("path", ignore_index=True)
    read = table[table["as met"] != ""]
    digests = dict(zip(read["as met"], read["content"], strict=True))
    return table.drop(columns="as met"), digests


def _facts(root, path, known, limits):
    """(size, digest or why there is none, the file as it was met or "") of a file."""
    file = root / path
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):
            return pd.NA, _copies.ODD, ""
        if leads_out(root, path):
            return pd.NA, _copies.OUTSIDE, ""
        # The times of the content and of any change at all: programs can set the former.
        marks = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
        if state.st_size > limits.max_file_gib * 2**30:
            return state.st_size, "{} {} {}".format(TOO_LARGE, *marks[1:3]), ""
        as_met = " ".join([shown(file), *map(str, marks)])
        return state.st_size, known.get(as_met) or store.digest(files=[file]), as_met
    except OSError as error:
        return pd.NA, _copies.trouble(file, error), ""


def _known(file):
    try:
        known = outside.value(file)
    except ParameterError:  # the first time; or it is damaged, and made anew
        return {}
    return {met: digest for met, digest in known.items() if isinstance(digest, str)}
