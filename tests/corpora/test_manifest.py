"""What DVC looks at in a raw folder's place: every real change shows, and nothing stops it."""

import errno
import os
from pathlib import Path

import pandas as pd
import pytest

from avef.cli import main
from avef.core import outside, paths, store
from avef.corpora import _copies, manifest
from avef.preparation.child import Limits

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def raw(tmp_path):
    """A folder of two clips."""
    root = tmp_path / "raw"
    (root / "s1").mkdir(parents=True)
    for name in ("an1", "an2"):
        (root / f"s1/{name}.avi").write_bytes(name.encode())
    return root


def content(root):
    table, _ = manifest.tree(root)
    return dict(zip(table["path"], table["content"], strict=True))


def test_files_are_told_by_path_size_and_content(raw):
    (raw / "s1/again.avi").write_bytes(b"an1")
    (raw / ".DS_Store").touch()
    table, _ = manifest.tree(raw)
    assert table["path"].tolist() == ["s1/again.avi", "s1/an1.avi", "s1/an2.avi"]
    assert table["size"].tolist() == [3, 3, 3]
    assert table["content"].nunique() == 2


def test_what_cannot_be_read_is_a_row(raw, tmp_path):
    before = content(raw)
    odd = raw / os.fsdecode(b"T\xfcrk/an3.avi")
    odd.parent.mkdir()
    odd.write_bytes(b"odd")
    (raw / "gone.avi").symlink_to("/not/fetched.avi")
    (raw / "loop").symlink_to("loop")
    (raw / "out.avi").symlink_to(__file__)
    os.mkfifo(raw / "pipe.avi")
    manifest.write(raw, tmp_path / "tree.csv")
    written = pd.read_csv(tmp_path / "tree.csv", dtype={"size": "Int64"}).set_index("path")
    assert written.index.tolist() == [
        r"T\xfcrk/an3.avi",
        *("gone.avi", "loop", "out.avi", "pipe.avi", "s1/an1.avi", "s1/an2.avi"),
    ]
    assert written["size"].notna().tolist() == [True, *(False,) * 4, True, True]
    told = written["content"].to_dict()
    assert told["gone.avi"] == told["loop"] == _copies.DEAD
    assert (told["pipe.avi"], told["out.avi"]) == (_copies.ODD, _copies.OUTSIDE)
    assert {path: told[path] for path in before} == before


def test_a_closed_folder_is_a_row(raw, monkeypatch):
    (raw / "s2").mkdir()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("s2"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert content(raw)["s2"] == "the folder cannot be read: Permission denied"


def test_only_the_machine_stops_it(raw, monkeypatch):
    def fails(*_, files):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(store, "digest", fails)
    code = errno.EACCES
    assert set(content(raw).values()) == {"the file cannot be read: Permission denied"}
    code = errno.EMFILE
    with pytest.raises(OSError, match="Too many open files"):
        manifest.tree(raw)


def test_a_link_stands_for_what_it_points_to(raw):
    away = raw / ".annex"
    away.mkdir()
    (raw / "s2").symlink_to(away)
    (raw / "link.avi").symlink_to(away / "clip")
    assert content(raw)["link.avi"] == _copies.DEAD
    (away / "clip").write_bytes(b"an1")  # fetched
    told = content(raw)
    assert told["link.avi"] == told["s2/clip"] == told["s1/an1.avi"]


CHANGES = {
    "added": lambda raw: (raw / "an3.avi").touch(),
    "removed": lambda raw: (raw / "s1/an1.avi").unlink(),
    "renamed": lambda raw: (raw / "s1/an1.avi").rename(raw / "s1/an3.avi"),
    "exchanged": lambda raw: (raw / "s1/an1.avi").replace(raw / "s1/an2.avi"),
    "written": lambda raw: (raw / "s1/an1.avi").write_bytes(b"AN1"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_shows_though_sizes_and_times_of_files_stay(raw, tmp_path, change):
    for file in (raw / "s1").iterdir():
        os.utime(file, ns=(0, 0))
    file = tmp_path / "tree.csv"
    manifest.write(raw, file)
    before = file.read_bytes()
    manifest.write(raw, file)
    assert file.read_bytes() == before
    CHANGES[change](raw)
    for path in (raw / "s1").iterdir():
        os.utime(path, ns=(0, 0))
    manifest.write(raw, file)
    assert file.read_bytes() != before


def test_a_copy_of_a_folder_has_the_same_table(raw, tmp_path):
    manifest.write(raw, tmp_path / "one.csv")
    raw.rename(tmp_path / "elsewhere")
    for file in (tmp_path / "elsewhere/s1").iterdir():
        os.utime(file, ns=(1, 1))
    manifest.write(tmp_path / "elsewhere", tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_only_what_was_touched_is_read_again(raw, tmp_path, monkeypatch):
    read = []

    def digest(*_, files, plain=store.digest):
        read.extend(file.name for file in files)
        return plain(files=files)

    monkeypatch.setattr(store, "digest", digest)
    file = tmp_path / "tree.csv"
    for _ in range(2):
        manifest.write(raw, file)
    assert sorted(read) == ["an1.avi", "an2.avi"]
    (raw / "s1/an2.avi").write_bytes(b"anew")
    manifest.write(raw, file)
    assert read[2:] == ["an2.avi"]
    file.with_suffix(".json").write_text("{")
    manifest.write(raw, file)
    assert sorted(read[3:]) == ["an1.avi", "an2.avi"]


def test_what_is_too_large_is_not_read_and_its_changes_show(raw, tmp_path):
    """Reading ten TiB, though they are a hole, would take hours."""
    large, file = raw / "s1/an1.avi", tmp_path / "tree.csv"
    os.truncate(large, 10 * 2**40)
    told = [manifest.write(raw, file)]
    assert told[0]["size"].tolist() == [10 * 2**40, 3]
    assert told[0]["content"].str.startswith(manifest.TOO_LARGE).tolist() == [True, False]
    assert len(outside.value(file.with_suffix(".json"))) == 1
    told.append(manifest.write(raw, file))
    assert told[0].equals(told[1])
    for change in (lambda: os.truncate(large, 9 * 2**40), lambda: os.utime(large, ns=(0, 0))):
        change()
        told.append(manifest.write(raw, file))
        assert not told[-1].equals(told[-2])
    told = manifest.write(raw, file, Limits(max_file_gib=2**-30))
    assert told["content"].str.startswith(manifest.TOO_LARGE).all()


def test_a_folder_that_is_not_there_has_an_empty_table(tmp_path):
    for root in (tmp_path / "nowhere", __file__):
        assert manifest.write(root, tmp_path / "tree.csv").empty
        assert (tmp_path / "tree.csv").read_text() == "path,size,content\n"


def test_the_command_lists_a_corpus_or_emodb(raw, tmp_path, monkeypatch, capsys):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("root: data/demo/rml", f"root: {raw}")
    (tmp_path / "params.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["tree", "rml"]) == 0
    assert len(pd.read_csv(paths.tree("rml"))) == 2
    assert main(["tree", "--emodb"]) == 0
    assert pd.read_csv(paths.EMODB_TREE).empty
    assert main(["tree", "emodb"]) == 1
    assert "CORPUS: must be one of rml, enterface05, baum1s" in capsys.readouterr().err
    for wrong in ([], ["rml", "--emodb"]):
        with pytest.raises(SystemExit):
            main(["tree", *wrong])


@pytest.mark.parametrize("text", ["7", "[]", "{", "null", '{"a": 1}', "\\xff"])
def test_digests_that_are_damaged_are_made_anew(raw, tmp_path, text):
    manifest.write(raw, tmp_path / "tree.csv")
    before = (tmp_path / "tree.csv").read_bytes()
    (tmp_path / "tree.json").write_text(text)
    manifest.write(raw, tmp_path / "tree.csv")
    assert (tmp_path / "tree.csv").read_bytes() == before
