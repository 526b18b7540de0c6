"""Where a file that comes in parts is kept until it has been looked at."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from avef.core import inert
from avef.core.errors import ClipError

_LONGEST_NAME = 60
_GIB = 2**30


class Inbox:
    """Takes one file at a time, in a temporary folder that is removed with it.

    Nothing that the sender says is trusted: the file's name is only shown, and its size is
    counted as it comes.

    Parameters
    ----------
    most : float, GiB
        Of a file.

    Attributes
    ----------
    name : str
        To show, without folders and control characters.

    Examples
    --------
    >>> inbox = Inbox(most=1.0)
    >>> inbox.begin("../../my clip.mp4", size=3)
    >>> inbox.add(b"abc")
    >>> inbox.whole, inbox.name, inbox.path.read_bytes()
    (True, 'my clip.mp4', b'abc')
    >>> inbox.clear()
    """

    def __init__(self, most: float):
        self._most, self.name = most, ""
        self._folder: tempfile.TemporaryDirectory | None = None
        self._size = self.taken = 0

    @property
    def path(self) -> Path:
        """The file, without a suffix: its content tells what it is."""
        if self._folder is None:
            raise ClipError("no file has been sent")
        return Path(self._folder.name) / "clip"

    @property
    def whole(self) -> bool:
        """Whether all of the file is there."""
        return self._folder is not None and self.taken == self._size

    def begin(self, name: str, size: int) -> None:
        """Make room for a file of ``size`` bytes; what was there is removed.

        Raises
        ------
        ClipError
            If it is empty or too large.
        """
        self.clear()
        if size <= 0:
            raise ClipError("the file is empty")
        if size > self._most * _GIB:
            raise ClipError(
                f"the file has {size / _GIB:.2f} GiB; no more than {self._most:g} are taken, "
                "as for a clip's frames (prepare.max_gib)"
            )
        self.name, self._size = shown(name), size
        self._folder = tempfile.TemporaryDirectory(prefix="avef-", ignore_cleanup_errors=True)

    def add(self, part: bytes) -> None:
        """Take the next bytes.

        Raises
        ------
        ClipError
            If they are more than was said, or nothing was to come.
        """
        file = self.path
        if not part or self.taken + len(part) > self._size:
            self.clear()
            raise ClipError("more or less came than was announced; please send the file again")
        with file.open("ab") as stream:
            stream.write(part)
        self.taken += len(part)

    def clear(self) -> None:
        """Remove the file and its folder."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder, self._size, self.taken = None, 0, 0


def shown(name: str) -> str:
    r"""A file's name as one can show it: its last part, on one line, not too long.

    Examples
    --------
    >>> shown("C:\\films\\a.mp4"), shown("/etc/"), shown("x" * 99 + ".mp4")[-6:]
    ('a.mp4', 'clip', 'x….mp4')
    """
    last = inert.shown(re.split(r"[/\\]", name)[-1].strip()) or "clip"
    if len(last) <= _LONGEST_NAME:
        return last
    end = Path(last).suffix[:8]
    return f"{last[: _LONGEST_NAME - len(end) - 1]}…{end}"
