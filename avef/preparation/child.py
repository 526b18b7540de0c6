"""Reading in a process of its own, a child, so that no file can harm the one that asks.

Decoders are written in C and are fed with files of strangers: one file may crash them, keep them
busy for ever, or make them fill the memory. Each process that reads has one child, which serves
call after call. One that crashes, or goes beyond a limit, is ended and replaced, and its file gets
a :class:`~avef.core.errors.ClipError`. A child that is killed by somebody else (as Linux kills
when its memory is full) is the machine's fault, and stops the run.

Nothing is pickled. A call and its answer lie in a file in memory, as JSON and raw arrays; over a
socket goes that file's handle, and whose turn it is.
"""

from __future__ import annotations

import builtins
import errno
import importlib
import json
import math
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avef.core.errors import OF_THE_FILE, OF_THE_MACHINE, ClipError

try:
    import fcntl
    import resource
except ImportError:  # neither on Windows, where a child has limits of time alone
    fcntl = resource = None  # type: ignore[assignment]

_START = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    "from avef.preparation.child import serve; serve(int(sys.argv[1]), int(sys.argv[2]))"
)
_CALLS = 1000  # that a child serves before a new one follows it: no leak grows for ever
_PIECE = 2**26  # bytes that are handed over at once
_PAGE = 4096  # bytes; arrays begin at a multiple, wherever the text before them ends
_GIB = 2**30
_LIBRARIES = {"av", "cv2"}  # what they raise, a file has caused
#: Signals that a fault in a program's own code brings about.
_CRASHES = {
    getattr(signal, f"SIG{name}", None)
    for name in ("ABRT", "BUS", "FPE", "ILL", "SEGV", "SYS", "TRAP")
}
_POPULATE = getattr(mmap, "MAP_POPULATE", 0)


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
    OSError, MemoryError
        If the machine is to blame: it has no space, handle or memory left, or somebody killed
        the child.
    Exception
        A fault of ours in the function, of its own type, with the child's traceback as a note.
    """
    return _of(os.getpid()).call(function, arguments, limits)


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
        with self._turn, _memory_file() as block:
            if self._process is None or self._served >= _CALLS:
                self.end()
                self._start()
            try:
                _write(block, 0, _headed(asked))
                self._ask(block)
                self._wait(limits.max_read_seconds)
            except BaseException:  # an interrupt, too: the next call is not to get this answer
                self.end()
                raise
            self._served += 1
            return _answer(block, limits)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # one that waits for a disk dies later
                self._process.wait(10)
            self._line.close()
            os.close(self._life)
            self._process = None

    def _start(self):
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
        self._served = 0

    def _ask(self, block):
        """Hand over a call; return when the child has begun with it."""
        try:
            socket.send_fds(self._line, [b"?"], [block.fileno()])
        except ConnectionError:  # it was ended since the last call
            self._require_own_end()
        if not self._heard():
            self._require_own_end()
            raise OSError(errno.ECHILD, "the process that reads media does not start")

    def _wait(self, seconds):
        """Return when the child is done; in steps, as a machine that slept has not waited."""
        step = min(1.0, seconds)
        self._line.settimeout(step)
        for _ in range(math.ceil(seconds / step)):
            with suppress(TimeoutError):
                if not self._heard():
                    how = self._require_own_end()
                    raise ClipError(f"what decodes the file crashed ({how})")
                self._line.settimeout(None)
                return
        if _waits_for_disk(self._process.pid):
            raise OSError(errno.ETIMEDOUT, "the disk does not answer")
        raise ClipError(f"reading it takes longer than prepare.max_read_seconds = {seconds:g}")

    def _heard(self):
        """Whether the child said a word, before it ended."""
        with suppress(ConnectionError):
            return bool(self._line.recv(1))
        return False

    def _require_own_end(self):
        """How the child ended, if it did so of itself; OSError if it was killed."""
        code = self._process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        if code < 0 and -code not in _CRASHES:
            raise OSError(
                errno.ENOMEM,
                f"the process that reads media was killed from outside ({how}), as a machine "
                "does whose memory is full; fewer jobs.prepare or a lower prepare.max_read_gib "
                "help then",
            )
        return how


@cache
def _of(process: int) -> Child:
    """The child of a process; one that was forked gets its own."""
    return Child()


def _answer(block, limits):
    """What the child has left in the block."""
    said, start = _read(block)
    if "clip" in said:
        raise ClipError(said["clip"])
    if said.get("memory"):
        raise ClipError(
            f"reading it takes more memory than prepare.max_read_gib = {limits.max_read_gib:g}"
        )
    if "memory" in said:
        raise MemoryError("this machine has no memory left for reading the file")
    if "machine" in said:
        raise OSError(*said["machine"])
    if "fault" in said:
        raise _rebuilt(*said["fault"])
    values, forms = said["values"], {int(i): form for i, form in said["arrays"].items()}
    if not forms:
        return values
    places, end = _places(start, forms)
    whole = mmap.mmap(block.fileno(), end, flags=mmap.MAP_SHARED | _POPULATE)
    for i, (dtype, shape) in forms.items():
        values[i] = np.ndarray(shape, dtype, buffer=whole, offset=places[i])
    return values


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


# The block: the length of a text, the text, and from the next page on arrays.


def _memory_file():
    """A file without a name, in memory where that is possible."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("avef"), "r+b", buffering=0)  # noqa: PTH123 (a handle)
    return tempfile.TemporaryFile(buffering=0)


def _headed(value):
    text = json.dumps(value, default=lambda scalar: scalar.item()).encode()  # numpy's scalars
    return len(text).to_bytes(8, "little") + text


def _read(block):
    """The text in a block, and where arrays begin."""
    block.seek(0)
    length = int.from_bytes(block.read(8), "little")
    return json.loads(block.read(length)), _up(8 + length)


def _write(block, at, data):
    """Write bytes or a contiguous array; OSError where there is no room."""
    block.seek(at)
    view = memoryview(data).cast("B")
    while len(view):
        view = view[block.write(view) :]


def _forms(arrays):
    return {i: (array.dtype.str, array.shape) for i, array in arrays.items()}


def _places(start, forms):
    """Where each array begins, by its number, and where the last one ends."""
    places, end = {}, start
    for i, (dtype, shape) in forms.items():
        places[i] = _up(end)
        end = places[i] + np.dtype(dtype).itemsize * int(np.prod(shape))
    return places, max(end, 1)


def _up(at):
    return -(-at // _PAGE) * _PAGE


# In the child.


def serve(line: int, life: int) -> None:
    """Serve calls until the other side of both handles is gone.

    Parameters
    ----------
    line : int
        Handle of the socket.
    life : int
        Handle of a pipe whose other end the parent holds, and nobody else.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with(life)
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no file behind
    turn = socket.socket(fileno=line)
    while True:
        _, handles, *_ = socket.recv_fds(turn, 1, 1)
        if not handles:
            return
        with open(handles[0], "r+b", buffering=0) as block:  # noqa: PTH123
            asked, _ = _read(block)
            module, name = asked["function"].split(":")
            function = getattr(importlib.import_module(module), name)
            os.dup2(1, 2)  # to nowhere, as what decoders and a C library's abort print
            turn.sendall(b"+")
            made = _made(function, asked["arguments"], asked["gib"])
            try:
                _give(block, *made)
            except OSError as error:  # no room: the machine's fault, no file's
                _give(block, _headed({"machine": [error.errno, error.strerror]}), {})
        turn.sendall(b".")


def _die_with(life):
    """Let the kernel end this process when the parent dies, even within a decoder.

    A pipe that nobody can write to any more sends its reader SIGIO, which kills. (Linux' own
    signal for this comes when the parent's thread ends, which may be none of its last.)
    """
    if fcntl is not None and hasattr(os, "O_ASYNC"):
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)


def _made(
    function: Callable, arguments: Sequence[Any], gib: float
) -> tuple[bytes, dict[int, np.ndarray]]:
    """What is to be said of a call, and the arrays that it gave, by their numbers."""
    limited = False
    try:
        with _memory(gib) as limited:
            values = list(function(*arguments))
        arrays = {i: value for i, value in enumerate(values) if isinstance(value, np.ndarray)}
        plain = [None if i in arrays else value for i, value in enumerate(values)]
        return _headed({"values": plain, "arrays": _forms(arrays)}), arrays
    except ClipError as error:
        return _headed({"clip": str(error)}), {}
    except Exception as error:
        return _headed(_told(error, limited)), {}


def _told(error, limited):
    """Who is to blame for an error: the clip, the machine, or we."""
    number, library = getattr(error, "errno", None), _library(error)
    if isinstance(error, MemoryError) or type(error).__module__ == "cv2" and error.code == -4:
        return {"memory": limited or library == "av"}  # which asks for no more than 2 GiB at once
    if number in OF_THE_MACHINE:
        return {"machine": [number, error.strerror]}
    if library or isinstance(error, OSError) and number in OF_THE_FILE:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        return {"clip": f"the file cannot be read: {reason}"}
    if isinstance(error, OSError):
        return {"machine": [number, error.strerror or str(error)]}
    return {"fault": [type(error).__name__, str(error), traceback.format_exc()]}


def _library(error):
    """The library whose own code raised an error, if it is one of those that read files."""
    raised = traceback.extract_tb(error.__traceback__)[-1].filename
    tops = {Path(raised).parts[0], type(error).__module__.partition(".")[0]}
    return next(iter(tops & _LIBRARIES), None)


@contextmanager
def _memory(gib: float) -> Iterator[bool]:
    """Let this process take so much memory more; gives whether the system sees to that."""
    try:
        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        before = resource.getrlimit(resource.RLIMIT_AS)
        most = held * resource.getpagesize() + int(gib * _GIB)
        own = before[1] == resource.RLIM_INFINITY or most < before[1]
        if own:
            resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    except (OSError, ValueError, AttributeError):  # no such file, limit or module: not on Linux
        yield False
        return
    try:
        yield own
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _give(block, head, arrays):
    """Leave an answer in the block.

    Large arrays go piece by piece from their ends, each piece being freed, so that a clip's
    frames are in memory once.
    """
    block.truncate(0)
    _write(block, 0, head)
    places, end = _places(_up(len(head)), _forms(arrays))
    block.truncate(end)
    for i, array in arrays.items():
        array = np.ascontiguousarray(array)
        step = max(1, _PIECE // max(1, array[:1].nbytes))
        while len(array):
            first = (len(array) - 1) // step * step
            _write(block, places[i] + array[:first].nbytes, array[first:])
            if not first:
                break
            if array.flags.owndata:
                array.resize((first, *array.shape[1:]), refcheck=False)
            else:
                array = array[:first]
