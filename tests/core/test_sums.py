"""A folder's list of digests: what has changed is named, by us and by the usual program."""

import os
import subprocess

import pytest

from avef.core import sums
from avef.core.errors import ParameterError


@pytest.fixture
def folder(tmp_path):
    for name in ("a.csv", "b b.csv"):
        (tmp_path / name).write_text(name)
    sums.write(tmp_path, sorted(tmp_path.iterdir()))
    return tmp_path


def test_what_is_as_it_was_passes(folder):
    sums.require(folder / "a.csv")
    done = subprocess.run(["sha256sum", "--check", "--quiet", sums.NAME], cwd=folder)
    assert done.returncode == 0


@pytest.mark.parametrize("damaged", ["a.csv", sums.NAME])
@pytest.mark.parametrize("byte", range(5))
@pytest.mark.parametrize("bit", [0, 5, 7])
def test_one_bit_is_told_and_dvc_made_to_look(folder, damaged, bit, byte):
    """Of the list itself, too: DVC would find it as old as ever, and do nothing."""
    file = folder / damaged
    before, content = file.stat(), bytearray(file.read_bytes())
    content[byte - 2] ^= 1 << bit
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ParameterError, match=damaged):
        sums.require(folder / "a.csv")
    assert file.stat().st_mtime_ns != before.st_mtime_ns


def test_what_the_list_does_not_have_or_is_gone_is_refused(folder):
    (folder / "c.csv").write_text("c")
    with pytest.raises(ParameterError, match=r"c\.csv"):
        sums.require(folder / "c.csv")
    (folder / "a.csv").unlink()
    for name in ("a.csv", "b b.csv"):  # whose neighbour is gone
        with pytest.raises(ParameterError, match=r"a\.csv"):
            sums.require(folder / name)


def test_a_folder_without_a_list_vouches_for_nothing(tmp_path):
    (tmp_path / "a.csv").write_text("a")
    sums.require(tmp_path / "a.csv")


@pytest.mark.parametrize("content", [b"no list", b"\xff\xfe", b"05f0 one blank\n", b"05f0  a\0\n"])
def test_a_list_that_is_none_is_refused_by_name(folder, content):
    (folder / sums.NAME).write_bytes(content)
    with pytest.raises(ParameterError, match=sums.NAME):
        sums.require(folder / "a.csv")


def test_a_list_of_what_is_no_name_is_refused(folder):
    (folder / sums.NAME).write_text(f"{sums.of(folder / 'a.csv')}  a.csv\n05f0  b\0\n")
    with pytest.raises(ParameterError, match=r"b\\x00 is missing, or not what"):
        sums.require(folder / "a.csv")
