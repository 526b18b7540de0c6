"""How a command ends before its time: by Ctrl-C, SIGTERM, or the end of the DVC that runs it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial


@contextmanager
def stoppable() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a command alike; and where DVC runs it, so does DVC's own end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # in the background of a shell
        numbers.remove(signal.SIGINT)
    before = {number: signal.signal(number, _stop) for number in numbers}
    if "DVC_STAGE" in os.environ:
        from avef.core import parallel  # here, and not above: it brings joblib

        parallel.end_with_parent(os.getppid(), partial(os.kill, os.getpid(), signal.SIGTERM))
    hook, sys.unraisablehook = sys.unraisablehook, partial(_anew, sys.unraisablehook)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number, _):
    raise KeyboardInterrupt(signal.Signals(number))


def _anew(usual, met):
    """Stop a moment later where Python can raise nothing, such as in what the collector calls."""
    if isinstance(met.exc_value, KeyboardInterrupt):
        threading.Timer(0.1, os.kill, (os.getpid(), *met.exc_value.args)).start()
    else:
        usual(met)
