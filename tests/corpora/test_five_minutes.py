"""The page on a corpus of one's own, followed to the letter."""

import re
from pathlib import Path

import pytest

from avef import cli
from avef.core import paths

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "data/raw/table/README.md"


def block(language):
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return text


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """A folder in which all was done that the page says, up to its commands."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    line = block("yaml").removeprefix("corpora:\n")
    assert text.count("\ncorpora:\n") == 1
    changed = text.replace("\ncorpora:\n", f"\ncorpora:\n{line}")
    (tmp_path / "params.yaml").write_text(changed, encoding="utf-8")
    root = tmp_path / "data/raw/mine"
    root.mkdir(parents=True)
    (root / "clips.csv").write_text(block("csv"), encoding="utf-8")
    for row in block("csv").splitlines()[1:]:
        (root / row.split(",")[0]).write_bytes(b"a film")
    monkeypatch.chdir(tmp_path)
    return root


def test_its_commands_do_what_the_page_says(followed, capsys):
    commands = [line.partition("#")[0].split() for line in block("sh").splitlines()]
    assert [words[0] for words in commands] == ["avef", "avef", "dvc"]
    for words in commands[:2]:
        assert cli.main(words[1:]) == 0
    said = capsys.readouterr().out
    assert "mine: 6 clips, 0 files left out" in said
    assert "6 clips of 3 speakers in data/raw/mine" in said
    assert paths.clips("mine").is_file()


def test_known_corpora_are_told_with_terms_and_who_uses_them(followed, capsys):
    assert cli.main(["corpora", "--known"]) == 0
    said = capsys.readouterr().out.strip().split("\n\n")
    assert len(said) == 8
    assert said[0].startswith("rml: RML, 720 clips\n  obtain: by signed request")
    assert "terms:  for research, not for commerce" in said[0] and "params.yaml: rml" in said[0]
    assert said[-1].endswith("in params.yaml: mine")
    for text in said:
        (card,) = re.findall(r"more:   (\S+)", text)
        assert (ROOT / card).is_file()
