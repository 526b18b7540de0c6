"""Where numba compiles to, in an environment that is somebody else's."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import os, sysconfig, tempfile
sysconfig.get_path = lambda *_: os.devnull
from avef.preparation import speech
print(os.environ.get("NUMBA_CACHE_DIR"), os.path.isdir(os.environ.get("NUMBA_CACHE_DIR", "")))
"""


def where(**changed):
    kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, env=kept | changed, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_numba_gets_a_folder_only_where_it_could_write_into_none(tmp_path):
    assert where(HOME=str(tmp_path)) == ["None", "False"]
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "home")  # where root, too, can make no folder
    assert where(HOME=nowhere, NUMBA_CACHE_DIR=str(tmp_path)) == [str(tmp_path), "True"]
    own, there = where(HOME=nowhere)
    assert there == "True"
    assert not Path(own).exists()  # it went with the process
