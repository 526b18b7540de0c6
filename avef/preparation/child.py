"""Reading in a process of its own, a child, so that no file can harm the one that asks.

Decoders are written in C and are fed with files of strangers: one file may crash them, keep them
busy for ever, or make them fill the memory. Each process that reads has one child, which serves
call after call. One that crashes, or goes beyond a limit, is ended and replaced, and its file gets
a :class:`~avef.core.errors.ClipError`. A child that is killed by somebody else (as Linux kills
when its memory is full) is the machine's fault, and stops the run.

A call and its answer lie in a file in memory (:mod:`avef.preparation.block`); over a socket goes
that file's handle, and whose turn it is. The other side is :mod:`avef.preparation.serving`.
"""

from __future__ import annotations

import builtins
import math
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from avef.core import standard
from avef.core.errors import ClipError
from avef.preparation import block, serving

_START = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    f"from {serving.__name__} import serve; serve(int(sys.argv[1]), int(sys.argv[2]))"
)
_CALLS = 1000  # that a child serves before a new one follows it: no leak grows for ever
#: Signals that a fault in a program's own code brings about.
_CRASHES = {
    getattr(signal, f"SIG{name}", None)
    for name in ("ABRT", "BUS", "FPE", "ILL", "SEGV", "SYS", "TRAP")
}


class Limits(NamedTuple):
    """What reading a file may take: the entries of these names in the section ``prepare``.

    Attributes
    ----------
    max_read_seconds : float
        Until its sound, its pictures or its header are read; time in which the machine itself
        sleeps does not count.
    max_read_gib : float
        Memory in all, 2³⁰ bytes: the decoder's, and that of the frames. On macOS, which has no
        such limit, only the frames' own (``max_gib``) holds.
    max_file_gib : float
        Size of the file.
    """

    max_read_seconds: float = 300.0
    max_read_gib: float = 8.0
    max_file_gib: float = 16.0

    @classmethod
    def of(cls, section: Any) -> Limits:
        """Those of the section ``prepare``."""
        return cls(*(getattr(section, name) for name in cls._fields))


USUAL = Limits()


def call(function: str, *arguments: Any, limits: Limits = USUAL) -> list[Any]:
    """Call a function in this process' child.

    Parameters
    ----------
    function : str
        Such as ``"avef.preparation.media:_header"``. It gives a sequence of arrays and values of
        JSON.
    *arguments : values of JSON
    limits : Limits

    Returns
    -------
    list
        What the function gave; its arrays can be written to.

    Raises
    ------
    ClipError
        If the function raised it, one of the libraries that read stumbled, a limit was passed,
        or the child crashed.
    OSError
        If the machine is to blame: it has no space, handle or memory left, or somebody killed
        the child.
    Exception
        A fault of ours in the function, of its own type, with the child's traceback as a note.
    """
    return _of(os.getpid()).call(function, arguments, limits)


class _CrashedError(ClipError):
    """The child ended of itself."""


class Child:
    """The process, and the way to it; started when it is first needed.

    One call at a time: threads wait for one another.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._served = 0

    def call(self, function: str, arguments: Sequence[Any], limits: Limits) -> list[Any]:
        """See :func:`call`."""
        asked = {"function": function, "arguments": arguments, "gib": limits.max_read_gib}
        with self._turn:
            if self._served >= _CALLS:
                self.end()
            used = self._served > 0
            try:
                return self._once(asked, limits)
            except _CrashedError:
                if not used:
                    raise
            return self._once(asked, limits)  # an earlier file may have broken the child

    def _once(self, asked, limits):
        if self._process is None:
            self._start()
        with block.new() as shared:
            try:
                block.write(shared, block.text(asked))
                self._ask(shared)
                self._wait(limits.max_read_seconds)
            except BaseException:  # an interrupt, too: the next call is not to get this answer
                self.end()
                raise
            self._served += 1
            said = block.read(shared)
            if "memory" in said:  # who knows what is left of a decoder that got none
                self.end()
            return _answer(shared, said, limits)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # one that waits for a disk dies later
                self._process.wait(10)
            self._line.close()
            os.close(self._life)
            self._process, self._served = None, 0

    def _start(self):
        standard.hold()  # or a handle below would be lost to the child's own
        self._line, line = socket.socketpair()
        life, self._life = os.pipe()
        with line, open(life, "rb"):  # noqa: PTH123 (a handle)
            keep = (line.fileno(), life)
            places = map(os.path.abspath, sys.path)  # the same code as here
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, *map(str, keep), *places],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=keep,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # it computes nothing
                start_new_session=True,  # what Ctrl-C means is for its parent to decide
            )

    def _ask(self, shared):
        """Hand over a call; return when the child has begun with it."""
        try:
            socket.send_fds(self._line, [b"?"], [shared.fileno()])
        except ConnectionError:  # it was ended since the last call
            self._require_own_end()
        if not self._heard():
            how = self._require_own_end()
            if self._served:
                raise _CrashedError(how)
            raise OSError(f"the process that reads media does not start ({how})")

    def _wait(self, seconds):
        """Return when the child is done; in steps, as a machine that slept has not waited."""
        step = min(1.0, seconds)
        self._line.settimeout(step)
        for _ in range(math.ceil(seconds / step)):
            with suppress(TimeoutError):
                if not self._heard():
                    how = self._require_own_end()
                    raise _CrashedError(f"what decodes the file crashed ({how})")
                self._line.settimeout(None)
                return
        if _waits_for_disk(self._process.pid):
            raise OSError("the disk does not answer")
        raise ClipError(f"reading it takes longer than prepare.max_read_seconds = {seconds:g}")

    def _heard(self):
        """Whether the child said a word, before it ended."""
        with suppress(ConnectionError):
            return bool(self._line.recv(1))
        return False

    def _require_own_end(self):
        """How the child ended, if it did so of itself; OSError if it was killed."""
        try:
            code = self._process.wait(10)
        except subprocess.TimeoutExpired:
            return "silence"
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        if code < 0 and -code not in _CRASHES:
            raise OSError(
                f"the process that reads media was killed from outside ({how}), as a machine "
                "does whose memory is full; fewer jobs.prepare or a lower prepare.max_read_gib "
                "help then",
            )
        return how


@cache
def _of(process: int) -> Child:
    """The child of a process; one that was forked gets its own."""
    return Child()


def _answer(shared, said, limits):
    """What the child has left in the block."""
    if "clip" in said:
        raise ClipError(said["clip"])
    if said.get("memory"):
        raise ClipError(
            f"reading it takes more memory than prepare.max_read_gib = {limits.max_read_gib:g}"
        )
    if "memory" in said:
        raise OSError("this machine has no memory left for reading the file")
    if "machine" in said:
        raise OSError(*said["machine"])
    if "fault" in said:
        raise _rebuilt(*said["fault"])
    arrays = block.arrays(shared, {int(i): form for i, form in said["arrays"].items()})
    return [arrays.get(i, value) for i, value in enumerate(said["values"])]


def _rebuilt(name, text, told):
    """A fault of ours, as it was raised in the child."""
    kind = getattr(builtins, name, None)
    plain = isinstance(kind, type) and issubclass(kind, Exception)
    error = kind(text) if plain and not issubclass(kind, UnicodeError) else Exception(text)
    error.add_note(f"In the process that reads media:\n{told}")
    return error


def _waits_for_disk(process):
    """Whether a process is in a state that only a device can end; False where nobody tells."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] == "D"
