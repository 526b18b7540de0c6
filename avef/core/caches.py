"""Where libraries keep what they compile, in an environment that is somebody else's."""

from __future__ import annotations

import atexit
import os
import shutil
import sysconfig
import tempfile
from pathlib import Path


def for_numba() -> None:
    """Give numba a folder of this process where it could write into none.

    It keeps compiled functions beside their sources or below the home, and where it may do
    neither, as in a container of another user or on a read-only file system, librosa cannot be
    imported. The folder goes with the process; those that it starts use it, too.
    """
    usual = (sysconfig.get_path("purelib"), os.environ.get("XDG_CACHE_HOME") or Path.home())
    if "NUMBA_CACHE_DIR" in os.environ or any(map(_writable, usual)):
        return
    folder = tempfile.mkdtemp(prefix="avef-numba-")  # nobody else can put code there
    os.environ["NUMBA_CACHE_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _writable(folder):
    """Whether a file can be made there; what the system says beforehand may be otherwise."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
