"""How a command ends before its time: by Ctrl-C, SIGTERM, or the end of the DVC that runs it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does; and where DVC runs it, so does DVC's own end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _stop)
    if "DVC_STAGE" in os.environ:
        from avef.core import parallel  # here, and not above: it brings joblib

        parallel.end_with_parent(os.getppid(), partial(os.kill, os.getpid(), signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number, _):
    raise KeyboardInterrupt(signal.Signals(number))
