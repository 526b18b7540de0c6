"""What the child is told to call in tests: readers that do what a faulty decoder may do."""

import ctypes
import os
import signal
import sys
import time

import av
import numpy as np

from avef.core.errors import ClipError
from avef.preparation import media


def _audio(path, *reading):
    """Sound as it is, but for files whose name says what is to go wrong."""
    for name, act in FAULTS.items():
        if name in path:
            act()
    return media._audio(path, *reading)


def _video(path, *reading):
    return media._video(path, *reading)


def fill():
    """Take memory until there is none."""
    kept = []
    while True:
        kept.append(np.ones(2**24, np.uint8))


FAULTS = {
    "segfault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "hang": lambda: time.sleep(3600),
    "busy": lambda: all(True for _ in iter(int, 1)),
    "fill": fill,
    "leave": lambda: sys.exit(0),
    "jump": lambda: os._exit(3),
    "chatter": lambda: (print("+." * 10_000), os.write(1, b"." * 100), os.write(2, b"." * 100)),
    "library": lambda: av.AudioFormat("nonsense"),
}


def echo(*values):
    return values


def act(name):
    return [FAULTS[name]()]


def process():
    return [os.getpid(), os.getsid(0), os.getppid()]


def arrays(count):
    """Of several types and shapes, one empty; more than one piece."""
    big = np.arange(count, dtype=np.int64).reshape(-1, 4)
    return [big, np.zeros((0, 3), np.float32), "text", big[:, ::2], np.float64(2.5), np.int64(3)]


def killed():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


def broken_once(mark):
    """As if an earlier file had left the memory of this process in disorder."""
    if not os.path.exists(mark):  # noqa: PTH110
        open(mark, "x").close()  # noqa: PTH123, SIM115
        os.abort()
    return process()


def refused():
    raise ClipError("it is broken")


def out_of_handles():
    raise OSError(24, "Too many open files", "a.avi")


def ours():
    return [{}["missing"]]


def slow():
    time.sleep(2)
    return [os.getpid()]
