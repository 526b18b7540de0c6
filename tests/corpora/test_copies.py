"""Trees as they are on disks: names, links, pointers, and copies that are not whole."""

import os

import numpy as np
import pytest

from avef import corpora
from avef.core.errors import ParameterError
from avef.core.files import write_csv
from avef.corpora import _copies, _tree
from avef.preparation.child import Limits

ONE, TWO = "s1/an1.avi", "s1/an2.avi"


def plant(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


@pytest.fixture
def rml(tmp_path):
    """An RML of one clip; (folder, function that tells path → reason of what is left out)."""
    root = tmp_path / "rml"
    (root / "s1").mkdir(parents=True)
    (root / ONE).write_bytes(b"x" * 2000)

    def told():
        clips, left_out = corpora.clip_table("rml", root)
        write_csv(tmp_path / "left_out.csv", left_out)
        write_csv(tmp_path / "clips.csv", clips)
        assert clips["path"].tolist() == [ONE]
        return dict(zip(left_out["path"], left_out["reason"], strict=True))

    return root, told


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("RML数据库".encode("gbk"), r"RML\xca\xfd\xbe\u077f\xe2"),
        ("Türkçe".encode("cp1254"), r"T\xfcrk\xe7e"),
        ("şan1".encode("cp1254"), r"\xfean1"),
    ],
)
@pytest.mark.parametrize("where", ["folder", "file"])
def test_a_name_that_is_not_utf8_is_a_row(rml, name, shown, where):
    root, told = rml
    shown = shown.replace(r"\u077f", "\u077f")  # these two bytes are a letter in UTF-8, too
    path = name + b"/s1/an2.avi" if where == "folder" else b"s1/" + name + b".avi"
    plant(root, os.fsdecode(path))
    expected = f"{shown}/s1/an2.avi" if where == "folder" else f"s1/{shown}.avi"
    assert told() == {expected: _copies.NOT_UTF8}


def test_nothing_but_a_badly_named_folder_is_one_error_that_names_it(tmp_path):
    plant(tmp_path, os.fsdecode(b"T\xfcrk\xe7e/s1/an1.avi"))
    with pytest.raises(ParameterError, match=r"T\\xfcrk\\xe7e/s1/an1\.avi.*not UTF-8"):
        corpora.clip_table("rml", tmp_path)


@pytest.mark.parametrize("link", [TWO, "rml-2", "s1/backup"])
@pytest.mark.parametrize("target", ["/nowhere.avi", "itself"])
def test_a_dead_link_to_a_clip_or_a_folder_is_a_row(rml, link, target):
    root, told = rml
    (root / link).symlink_to(root / link if target == "itself" else target)
    assert told() == {link: _copies.DEAD}


def test_a_dead_link_to_the_only_folder_is_named(tmp_path):
    (tmp_path / "rml-1").symlink_to("/nowhere")
    with pytest.raises(ParameterError, match=r"rml-1: a dead link.*obtain it") as error:
        corpora.clip_table("rml", tmp_path)
    assert "\n" not in str(error.value)


def test_a_link_to_a_clip_elsewhere_in_the_corpus_is_a_clip(rml):
    root, told = rml
    (root / ONE).rename(root / "elsewhere")
    (root / ONE).symlink_to(root / "elsewhere")
    assert told() == {}


@pytest.mark.parametrize("target", ["file", "folder"])
def test_a_link_that_leads_out_of_the_corpus_is_refused(rml, tmp_path, target):
    """Whatever lies there, it is none of the corpus'; a folder is not even entered."""
    root, told = rml
    plant(tmp_path, "outside/an2.avi")
    link, real = (TWO, "outside/an2.avi") if target == "file" else ("s2", "outside")
    (root / link).symlink_to(tmp_path / real)
    assert [(path, why[-len(_copies.OUTSIDE) :]) for path, why in told().items()] == [
        (link, _copies.OUTSIDE)
    ]


def test_the_corpus_own_folder_may_be_a_link(rml, tmp_path):
    root, _ = rml
    (tmp_path / "linked").symlink_to(root)
    _, left_out = corpora.clip_table("rml", tmp_path / "linked")
    assert left_out.empty


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "Git LFS pointer"),
        (b"/annex/objects/MD5E-s9--0.avi\n", "git-annex pointer"),
    ],
)
def test_a_pointer_is_called_one(rml, start, said):
    root, told = rml
    (root / TWO).write_bytes(start)
    (root / "copy/s1").mkdir(parents=True)
    (root / "copy" / ONE).write_bytes(start)
    assert [said in reason for reason in told().values()] == [True, True]


def test_a_queue_is_never_opened(rml):
    root, told = rml
    os.mkfifo(root / TWO)
    assert told() == {TWO: "neither a file nor a folder"}


def test_a_closed_folder_is_a_row(rml, monkeypatch):
    root, told = rml
    (root / "s2").mkdir()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("s2"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert told() == {"s2": "the folder cannot be read: Permission denied"}


# ── copies ───────────────────────────────────────────────────────────────────


def test_the_outer_and_the_plain_name_come_first(tmp_path):
    names = ["s1/an1.avi", "a/s1/an1.avi", "b/s1/an1.avi", "b/s1/an1 (1).avi", "b/s1/an1-Copy.avi"]
    plant(tmp_path, *names)
    assert [str(path) for path in _tree.walk(tmp_path, (".avi",))] == names


def test_an_empty_or_shorter_copy_never_displaces_the_whole(rml):
    root, told = rml
    for path, size in (("s1/AN1.avi", 0), ("s1/an01.avi", 1500), ("s1/An1.avi", 2000)):
        (root / path).write_bytes(b"x" * size)
    clips, left_out = corpora.clip_table("rml", root)
    assert clips["path"].tolist() == ["s1/An1.avi"]  # the first by name of the two whole ones
    assert set(left_out["reason"]) == {"duplicate of s1/An1.avi"}


def test_an_empty_clip_without_a_copy_stays_for_the_preparation_to_refuse(rml):
    root, told = rml
    (root / ONE).write_bytes(b"")
    assert told() == {}


@pytest.mark.parametrize("unfinished", ["empty", "cut"])
@pytest.mark.parametrize("whole", [".mp4", ".flv"])
def test_the_whole_clip_counts_in_whatever_container(tmp_path, write_media, whole, unfinished):
    """A larger file that ends too early gives way to a smaller one that is whole."""
    rng = np.random.default_rng(3)
    good = tmp_path / f"VideoFlash/1001_DFA_ANG_XX{whole}"
    bad = good.with_suffix({".mp4": ".flv", ".flv": ".mp4"}[whole])
    large, small = (
        write_media(
            tmp_path / f"{size}.mkv", frames=rng.integers(0, 255, (50, size, size, 3), "u1")
        )
        for size in (192, 64)
    )
    good.parent.mkdir()
    small.rename(good)
    large = large.read_bytes()
    bad.write_bytes(b"" if unfinished == "empty" else large[: len(large) * 2 // 3])
    assert unfinished == "empty" or bad.stat().st_size > good.stat().st_size
    clips, left_out = corpora.clip_table("cremad", tmp_path)
    assert clips["path"].tolist() == [f"VideoFlash/{good.name}"]
    assert left_out["path"].tolist() == [f"VideoFlash/{bad.name}"]


def test_two_whole_containers_keep_their_order(tmp_path, write_media):
    for suffix, size in ((".mp4", 192), (".flv", 64)):
        film = write_media(tmp_path / "film.mkv", frames=np.zeros((50, size, size, 3), np.uint8))
        film.rename(tmp_path / f"1001_DFA_ANG_XX{suffix}")
    clips, _ = corpora.clip_table("cremad", tmp_path)
    assert clips["path"].tolist() == ["1001_DFA_ANG_XX.flv"]


def test_a_clock_that_begins_late_makes_no_copy_longer(tmp_path, write_media):
    sound = np.zeros((32_000, 1))
    names = enumerate(("plain.mkv", "late.mka"))
    plain, late = (write_media(tmp_path / n, samples=sound, delay=1.4 * i) for i, n in names)
    assert _copies.whole([plain, late]) == [0, 1]
    late.write_bytes(late.read_bytes()[: late.stat().st_size // 2])
    assert _copies.whole([plain, late]) == [0]
    none = Limits(max_file_gib=1e-9)  # nothing is read, and sizes decide
    late.write_bytes(bytes(2 * plain.stat().st_size))
    assert _copies.whole([plain, late], none) == [1]
