"""Whatever a decoder does, a file's reader lives on, and only the machine's faults stop it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import planted
import pytest

from avef.core.errors import ClipError
from avef.preparation import block, child, clips, media

TESTS, ROOT = Path(__file__).parent, Path(__file__).resolve().parents[2]
CRASHES = {"segfault": "SIGSEGV", "abort": "SIGABRT", "leave": "status 0", "jump": "status 3"}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux'")
QUICK = child.Limits(max_read_seconds=3.0, max_read_gib=0.25)


def ask(name, *arguments, limits=child.USUAL):
    return child.call(f"planted:{name}", *arguments, limits=limits)


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_no_file_is_blamed_for_a_stream_that_is_closed(tmp_path, closed):
    code = f"""if True:
        import sys
        sys.path[:0] = [{str(TESTS)!r}, {str(ROOT)!r}]
        from avef.preparation import child
        said = child.call("planted:echo", "heard")
        open("said", "w").write(str(said))
    """
    words = f"{sys.executable} -c '{code.replace(chr(39), chr(34))}' {closed}"
    assert subprocess.run(["bash", "-c", words], cwd=tmp_path).returncode == 0
    assert (tmp_path / "said").read_text() == "['heard']"


def test_values_come_back_as_they_are():
    name = os.fsdecode(b"T\xfcrk\n.avi")
    values = [name, 0.1 + 0.2, 2**60, None, True, [1, [2.5]], {"a": "ä"}, float("inf")]
    assert ask("echo", *values) == values


def test_arrays_come_back_to_the_byte_and_are_ones_own():
    count = 2 * block._PIECE // 8 + 4
    told = ask("arrays", count)
    for one, two in zip(told, planted.arrays(count), strict=True):
        assert type(one) in (type(two), float, int)
        np.testing.assert_array_equal(one, two)
    again = ask("arrays", 8)
    told[0][0] = 7
    assert again[0][0, 0] == 0 and told[0].sum() > 0


def test_what_has_been_handed_over_is_freed():
    """Frames that fill the memory are not in it twice."""
    frames = np.ones((5 * block._PIECE // 2, 1), np.uint8)
    with block.new() as file:
        block.write(file, block.text("said"), {0: frames})
        assert len(frames) <= block._PIECE
        (whole,) = block.arrays(file, {0: ("|u1", (5 * block._PIECE // 2, 1))}).values()
        assert whole.all() and block.read(file) == "said"


def test_one_child_serves_all_calls_and_then_another(monkeypatch):
    monkeypatch.setattr(child, "_CALLS", 3)
    served = [ask("process")[0] for _ in range(8)]
    assert len(set(served[-6:])) in (2, 3)
    assert os.getpid() not in served


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_the_clips_and_the_next_call_is_served(name):
    with pytest.raises(ClipError, match=f"decodes the file crashed .*{CRASHES[name]}"):
        ask("act", name)
    assert ask("echo", name) == [name]


def test_what_an_earlier_file_broke_is_no_fault_of_the_next(tmp_path):
    """It is read once more, by a child that has read nothing else."""
    before = ask("process")[0]
    mark = str(tmp_path / "first")
    after = ask("broken_once", mark)[0]
    assert after != before and not alive(before) and Path(mark).exists()
    with pytest.raises(ClipError, match="SIGABRT"):
        ask("act", "abort")


@pytest.mark.parametrize("name", ["hang", "busy"])
def test_a_hang_is_the_clips_and_leaves_no_process(name):
    before = ask("process")[0]
    with pytest.raises(ClipError, match=r"longer than prepare.max_read_seconds = 3$"):
        ask("act", name, limits=QUICK)
    assert not alive(before)
    assert ask("echo", name) == [name]


@LINUX
def test_a_bomb_is_the_clips_and_the_memory_is_given_back():
    for _ in range(2):
        with pytest.raises(ClipError, match=r"more memory than prepare.max_read_gib = 0.25$"):
            ask("act", "fill", limits=QUICK)
    assert ask("arrays", 2**20)[0].nbytes == 2**23


def test_what_a_decoder_prints_reaches_nobody(capfd):
    assert ask("act", "chatter")[0][0] is None
    assert ask("echo", 1) == [1]
    assert capfd.readouterr() == ("", "")


def test_errors_keep_their_kind(monkeypatch):
    with pytest.raises(ClipError, match="^it is broken$"):
        ask("refused")
    with pytest.raises(ClipError, match="^the file cannot be read: "):  # of PyAV's own code
        ask("act", "library")
    with pytest.raises(OSError, match="Too many open files"):
        ask("out_of_handles")
    with pytest.raises(KeyError, match="missing") as error:
        ask("ours")
    assert "planted.py" in error.value.__notes__[0]
    with pytest.raises(OSError, match="does not start"):
        child.call("nowhere:to_be_found")
    assert ask("echo", 1) == [1]


def test_a_child_that_is_killed_from_outside_stops_the_run():
    with pytest.raises(OSError, match=r"killed from outside \(SIGKILL\).*memory is full"):
        ask("killed")
    os.kill(ask("process")[0], signal.SIGTERM)  # between two calls
    time.sleep(0.2)
    with pytest.raises(OSError, match="SIGTERM"):
        ask("process")
    assert ask("echo", 1) == [1]


def test_without_room_for_the_answer_no_file_is_to_blame(monkeypatch):
    with Path("/dev/full").open("r+b", buffering=0) as full, pytest.raises(OSError):
        block.write(full, b"text")


def test_an_interrupt_ends_what_the_child_is_doing(monkeypatch):
    before = ask("process")[0]
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        ask("slow")
    assert not alive(before)
    assert ask("echo", 1) == [1]


def test_threads_wait_for_one_another():
    told = {}
    ways = [threading.Thread(target=lambda i=i: told.update({i: ask("echo", i)})) for i in range(8)]
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    assert told == {i: [i] for i in range(8)}


PARENT = """
import sys, threading
sys.path.insert(0, {tests!r})
from avef.preparation import child
print(child.call("planted:process")[0], flush=True)
child.call("planted:act", {doing!r})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only an idle child notices")
@pytest.mark.parametrize("doing", ["hang", "busy"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whoever_dies_takes_the_child_along(doing, end):
    code = PARENT.format(tests=str(TESTS), doing=doing)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as parent:
        own = int(parent.stdout.readline())
        time.sleep(0.5)
        parent.send_signal(end)
        try:
            parent.wait(10)
        finally:
            parent.kill()
    deadline = time.monotonic() + 5
    while alive(own) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(own)


# Clips.


@pytest.fixture
def spoken(tmp_path, write_media):
    """Clips of sound alone, one for each thing that may go wrong between good ones."""
    samples = 0.3 * np.random.default_rng(0).standard_normal((16_000, 1)).clip(-3, 3)
    names = ["good", "segfault", "hang", "fill", "leave", "chatter", "abort", "last"]
    for name in names:
        write_media(tmp_path / f"{name}.wav", samples=samples)
    table = pd.DataFrame({"clip": names, "path": [f"{n}.wav" for n in names], "kind": "audio"})
    return table, tmp_path


OPTIONS = {"vad_method": "none", "limits": QUICK, "max_failures": 1.0}


@LINUX
def test_every_fault_is_a_row_and_the_next_clip_in_the_same_worker_is_fine(spoken, monkeypatch):
    table, root = spoken
    monkeypatch.setattr(media, "_READERS", "planted")
    good, bad = clips.prepare_corpus(table, root, root / "out", **OPTIONS)
    assert good["clip"].tolist() == ["good", "chatter", "last"]
    told = dict(zip(bad["clip"], bad["reason"], strict=True))
    expected = {
        "segfault": r"crashed \(SIGSEGV\)",
        "hang": "max_read_seconds = 3",
        "fill": "max_read_gib = 0.25",
        "leave": r"crashed \(exit status 0\)",
        "abort": r"crashed \(SIGABRT\)",
    }
    assert set(told) == set(expected)
    assert all(re.search(why, told[name]) for name, why in expected.items())


def test_only_ordinary_files_of_the_corpus_are_read(spoken, monkeypatch):
    table, root = spoken
    corpus = root / "corpus"
    corpus.mkdir()
    os.mkfifo(corpus / "fifo.wav")
    (corpus / "zero.wav").symlink_to("/dev/zero")
    (corpus / "link.wav").symlink_to(root / "good.wav")
    with (corpus / "huge.wav").open("wb") as file:
        file.truncate(2**30)
    (corpus / "inner").symlink_to("real.wav")
    (corpus / "real.wav").write_bytes((root / "good.wav").read_bytes())
    (corpus / "name:with,colon.wav").symlink_to("inner")
    paths = ["fifo.wav", "zero.wav", "link.wav", "huge.wav", "../good.wav", "name:with,colon.wav"]
    table = pd.DataFrame({"clip": list("abcdef"), "path": paths, "kind": "audio"})
    limits = QUICK._replace(max_file_gib=0.5)
    good, bad = clips.prepare_corpus(table, corpus, root / "out", **OPTIONS | {"limits": limits})
    assert good["clip"].tolist() == ["f"]
    outside = "the file lies outside the corpus' folder"
    assert bad["reason"].tolist() == [
        "it is no ordinary file",
        outside,
        outside,
        "the file has 1.0 GiB, and prepare.max_file_gib = 0.5",
        outside,
    ]
    for name, why in (("none\0", "missing"), ("none", "missing"), ("real.wav/none", "Not a dir")):
        with pytest.raises(ClipError, match=why):
            media.describe(corpus / name)
    for name in ("fifo.wav", "zero.wav"):
        for reader in (media.describe, media.read_audio, media.read_video, media.reach):
            with pytest.raises(ClipError, match="no ordinary file"):
                reader(corpus / name)
