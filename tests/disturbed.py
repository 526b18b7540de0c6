"""Disturbances that tests inject into what they run: kills, a full disk, no handle left."""

import errno
import os
import resource
import shutil
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from tqdm import tqdm

#: What Python tells of before it happens (sys.addaudithook), of all that changes a folder.
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kills(folder, function, begin):
    """Call a function in forked processes that are killed; what each has come to.

    ``begin`` is called here before each, and brings the folder to what it is to start from.

    By `kill -9` before its first change of a file in the folder, before its second, and so on;
    and as soon as a file, whoever writes it, has 1 byte, 4, 16 and so on. A row of kills ends
    with a process that comes to its own end.
    """
    for number in count(1):
        begin()
        if not _killed(partial(_at_change, folder, number), function, signal.SIGKILL):
            break
        yield f"before change {number}"
    assert number > 1, "it changes nothing"
    for size in (4**power for power in count()):
        begin()
        if not _killed(partial(_at_size, size), function, signal.SIGXFSZ):
            break
        yield f"after {size} bytes"


def moments(folder, function, states):
    """Call a function; copies of a folder as a kill before each of its changes would leave it.

    For what cannot be forked, as TensorFlow. Of what was being written half is there.
    """
    made = []

    def copy():
        made.append(shutil.copytree(folder, states / f"{len(made)}"))
        for begun in made[-1].rglob(".tmp-*"):
            os.truncate(begun, begun.stat().st_size // 2)

    with _before_changes(folder, copy):
        function()
    assert made, "it changes nothing"
    return made


@contextmanager
def full_disk(size):
    """Refuse to write what comes after so many bytes of a file, whoever writes it, in C, too."""
    with _limited(resource.RLIMIT_FSIZE, size):
        yield


@contextmanager
def read_only(folder):
    """Refuse every change in a folder, as a file system does that is mounted so."""

    def refuse():
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))

    with _before_changes(folder, refuse):
        yield


@contextmanager
def handles_left(number):
    """Let this process open so many files, and no more."""
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208
    taken = []
    with _limited(resource.RLIMIT_NOFILE, highest + number + 1):
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            pass
        try:
            for _ in range(number):
                os.close(taken.pop())
            yield
        finally:
            for handle in taken:
                os.close(handle)


@contextmanager
def _limited(kind, most):
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def _killed(arm, function, number):
    """Whether a forked process that calls the function was killed by that signal."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.dup2(write, 1)  # a pipe has no size that a limit could hold it to
            os.dup2(write, 2)
            sys.stdout = sys.stderr = open(2, "w")  # noqa: PTH123, SIM115 (a handle)
            tqdm.set_lock(threading.RLock())  # else the killed one would keep a lock from us
            arm()
            function()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(1)
    os.close(write)
    with open(read, errors="replace") as said:  # noqa: PTH123 (a handle)
        told = said.read()
    status = os.waitpid(child, 0)[1]
    assert status == 0 or os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, told
    return status != 0


def _at_change(folder, number):
    """Kill this process before its change of that number."""
    left = iter(range(number - 1))

    def act():
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    _acts.append((folder, act))


def _at_size(size):
    """Let the system kill this process when a file grows beyond a size; Python had it ask."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


_acts: list = []  # (folder, what to do before it changes); a hook cannot be taken away again


@contextmanager
def _before_changes(folder, act):
    _acts.append((folder, act))
    try:
        yield
    finally:
        _acts.pop()


def _heard(event, given):
    if _acts and (event in _CHANGES or event == "open" and given[2] & _WRITES):
        (folder, act) = _acts[-1]
        if isinstance(given[0], str | bytes | Path):
            changed = Path(os.fsdecode(given[0])).absolute()
            if changed.is_relative_to(folder):
                _acts.append((Path(os.devnull), None))  # not of the act's own changes
                try:
                    act()
                finally:
                    _acts.pop()


sys.addaudithook(_heard)
