"""Which files of a raw corpus can be used at all, and which of several copies is whole.

A file's content is looked at only where it is too small to be a clip, or where copies of one
clip differ in size.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath

from avef.core.errors import OF_THE_FILE, ClipError
from avef.core.files import leads_out
from avef.core.inert import shown
from avef.preparation.child import USUAL, Limits

NOT_UTF8 = "the name, or that of a folder above, is not UTF-8: rename it, for example with convmv"
CONTROL = "the name, or that of a folder above, holds control characters: rename it"
DEAD = "a dead link: what it points to is not there (not fetched, or moved)"
OUTSIDE = "a link that leads out of the corpus' folder: move the file there, or set root above it"
ODD = "neither a file nor a folder"
#: A copy that lasts at least this share of the longest one is whole: containers round differently.
WHOLE = 0.95

_POINTERS = {
    b"version https://git-lfs.github.com/spec/": "a Git LFS pointer, not the file (git lfs pull)",
    b"/annex/objects/": "a git-annex pointer, not the file (git annex get)",
}


def misnamed(path: PurePath | str) -> str | None:
    """Why no table and no terminal can take a name as it is; None if it is a plain one."""
    if shown(path) == str(path):
        return None
    return CONTROL if not any("\udc80" <= c <= "\udcff" for c in str(path)) else NOT_UTF8


def is_dead(path: Path) -> bool:
    """Whether ``path`` is a link to nothing."""
    return path.is_symlink() and not os.path.exists(path)  # noqa: PTH110 (it raises nothing)


def fault(root: Path, path: PurePosixPath) -> str | None:
    """Why no file of this kind could be read at ``path`` below ``root``; None if one can be.

    OSError only where the machine is to blame, not the file.
    """
    if reason := misnamed(path):
        return reason
    file = root / path
    try:
        state = file.stat()
        if leads_out(root, path):
            return OUTSIDE
        if not stat.S_ISREG(state.st_mode):
            return ODD
        return _pointer(file) if 0 < state.st_size < 1024 else None
    except OSError as error:
        return trouble(file, error)


def trouble(file: Path, error: OSError) -> str:
    """Why a file gave this error; raised again where the machine is to blame, not the file."""
    if error.errno not in OF_THE_FILE:
        raise error
    return DEAD if is_dead(file) else f"the file cannot be read: {error.strerror}"


def whole(files: Sequence[Path], limits: Limits = USUAL) -> list[int]:
    """Positions of the copies of one clip that are whole, beside its longest copy.

    An unfinished download is smaller than the whole file, but one in another container need
    not be; so where sizes differ, packets are counted. Where nothing plays, sizes decide.

    >>> whole([Path(__file__), Path(__file__)])
    [0, 1]
    """
    sizes = [file.stat().st_size for file in files]
    if len(set(sizes)) == 1:
        return list(range(len(files)))
    seconds = [_seconds(file, limits) for file in files]
    extent = seconds if any(seconds) else sizes
    return [i for i, one in enumerate(extent) if one >= WHOLE * max(extent)]


def _pointer(file):
    with file.open("rb") as opened:
        start = opened.read(64)
    return next((told for mark, told in _POINTERS.items() if start.startswith(mark)), None)


def _seconds(file, limits):
    """How far a media file's packets reach, whatever its header promises; 0 if it does not play."""
    from avef.preparation import media  # only here: most corpora have no copies

    try:
        return media.reach(file, limits)
    except ClipError:
        return 0.0
