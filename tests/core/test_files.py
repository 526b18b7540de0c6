"""Files are whole or as they were; what killed processes leave is swept, and never DVC's."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avef.core import files

ROOT = Path(__file__).resolve().parents[2]
KILLED = {
    "before the first byte": "files.draft(path).touch(); os._exit(9)",
    "half written": "open(files.draft(path), 'w').write('ha'); os._exit(9)",
    "before it takes its place": (
        "Path.replace = lambda *_: os._exit(9); files.write_text(path, 'new')"
    ),
    "just after": (
        "real = Path.replace; Path.replace = lambda *a: (real(*a), os._exit(9));"
        "files.write_text(path, 'new')"
    ),
}


def killed(path, how):
    code = "import os, sys; from pathlib import Path; from avef.core import files;"
    code += f"path = Path(sys.argv[1]); {KILLED[how]}"
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == 9


@pytest.mark.parametrize("how", KILLED)
def test_a_kill_leaves_the_old_file_or_the_new_one_and_the_rest_is_swept(tmp_path, how):
    path = tmp_path / "deep" / "table.csv"
    files.write_text(path, "old")
    killed(path, how)
    assert path.read_text() == ("new" if how == "just after" else "old")
    assert len(files.sweep(tmp_path)) == (how != "just after")
    assert [*path.parent.iterdir()] == [path]


def test_what_is_being_written_is_not_swept(tmp_path):
    elsewhere = tmp_path / ".tmp-another.host-99999999-x.csv"
    elsewhere.touch()
    with files.replacing(tmp_path / "x.csv") as temporary:
        temporary.write_text("x")
        assert files.sweep(tmp_path) == []
    assert sorted(tmp_path.iterdir()) == [elsewhere, tmp_path / "x.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_what_a_process_leaves_is_swept_though_nobody_has_asked_how_it_ended(tmp_path):
    with subprocess.Popen(["true"], stdout=subprocess.PIPE) as ended:
        ended.stdout.read()  # closed as it ends
        left = Path(str(files.draft(tmp_path / "folder")).replace(str(os.getpid()), str(ended.pid)))
        (left / "inner").mkdir(parents=True)
        (left / "inner/file").touch()
        until = time.monotonic() + 5
        while not files.sweep(tmp_path):
            assert time.monotonic() < until
    assert [*tmp_path.iterdir()] == []


def test_dvc_sees_no_temporary_file(tmp_path):
    """Else what a kill left would be part of an output, and of its hash."""
    ignored = (ROOT / ".dvcignore").read_text().split()
    name = files.draft(tmp_path / "x.csv").name
    assert any(Path(name).match(pattern) for pattern in ignored)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_where_the_disk_is_full_or_read_only_the_old_file_stays(tmp_path, error, monkeypatch):
    path = tmp_path / "x.csv"
    files.write_text(path, "old")

    def full(*_, **__):
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match=os.strerror(error)):
            files.write_text(path, "new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("x.csv", "old")]
    files.write_text(path, "new")
    assert path.read_text() == "new"
