"""The child that reads, as its parent started it: see :mod:`avef.preparation.child`."""

from __future__ import annotations

import fcntl
import importlib
import os
import resource
import signal
import socket
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from avef.core.errors import OF_THE_FILE, OF_THE_MACHINE, ClipError
from avef.preparation import block

_GIB = 2**30
_LIBRARIES = {"av", "cv2"}  # what they raise, a file has caused


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
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no file behind
    turn = socket.socket(fileno=line)
    while True:
        _, handles, *_ = socket.recv_fds(turn, 1, 1)
        if not handles:
            return
        with open(handles[0], "r+b", buffering=0) as shared:  # noqa: PTH123 (a handle)
            _serve(turn, shared)


def _serve(turn, shared):
    """Serve one call; say when it begins, after which its file is to blame, and when it is done."""
    asked = block.read(shared)
    module, name = asked["function"].split(":")
    function = getattr(importlib.import_module(module), name)
    os.dup2(1, 2)  # to nowhere, as what decoders and a C library's abort print
    turn.sendall(b"+")
    made = _made(function, asked["arguments"], asked["gib"])
    try:
        block.write(shared, *made)
    except OSError as error:  # no room: the machine's fault, no file's
        block.write(shared, block.text({"machine": [error.errno, error.strerror]}))
    turn.sendall(b".")


def _die_with(life):
    """Let the kernel end this process when the parent dies, even within a decoder.

    A pipe that nobody can write to any more sends its reader SIGIO, which kills. (Linux' own
    signal for this comes when the parent's thread ends, which may be none of its last.)
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    with suppress(OSError):  # of a system whose pipes send none; an idle child ends all the same
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
        return block.text({"values": plain, "arrays": block.forms(arrays)}), arrays
    except ClipError as error:
        return block.text({"clip": str(error)}), {}
    except Exception as error:
        return block.text(_told(error, limited)), {}


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
    except (OSError, ValueError):  # no such file or limit: not on Linux
        yield False
        return
    try:
        yield own
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
