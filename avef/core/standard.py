"""Standard input, output and error, where whoever started a program has closed one of them."""

from __future__ import annotations

import os

_LAST = 2  # of their numbers: 0 is input, 1 output, 2 error


def hold() -> None:
    """Open those that are closed to nowhere, in this process and in those that it starts.

    The next file or socket that is opened would get the free number, and with it whatever a
    library or a program that is started says there.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _LAST:
        os.set_inheritable(handle, True)
    os.close(handle)
