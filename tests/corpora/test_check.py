"""Before a run: which corpora are there, and what the command says of those that are not."""

from pathlib import Path

import pytest

from avef import corpora
from avef.cli import main
from avef.config import params
from avef.corpora import check

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "rml": ["s1/an3.avi", "s2/su11.avi", "s2/odd.avi"],
    "enterface05": [f"subject {n}/anger/sentence 1/s{n}_an_1.avi" for n in (1, 2, 3)],
    "baum1s": [f"s00{n}/S00{n}_001.mp4" for n in (2, 3, 4)],
    "emodb": [f"wav/{code}.wav" for code in ("03a01Fa", "08a01Nc", "09a01Fa", "10a01Wa")],
}
LABELS = "Clip,Emotion,Code\n" + "".join(f"S00{n}_001,Anger,1\n" for n in (2, 3, 4))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A folder with the settings of the repository, in the paper profile, and no corpus."""
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    (tmp_path / "profiles").symlink_to(ROOT / "profiles")
    monkeypatch.chdir(tmp_path)
    assert main(["profile", "paper"]) == 0
    return tmp_path / "data/raw"


def plant(run, *names):
    """Empty files, in each corpus' layout: whoever opens one as media fails."""
    for name in names:
        for path in FILES[name]:
            (run / name / path).parent.mkdir(parents=True, exist_ok=True)
            (run / name / path).touch()
        if name == "baum1s":
            (run / name / "labels.csv").write_text(LABELS)


def ready():
    return {state.corpus: state.ready for state in check.states(params.read())}


def test_switching_to_a_profile_says_what_is_missing_and_how_to_obtain_it(run, capsys):
    capsys.readouterr()
    plant(run, "rml")
    assert main(["profile", "paper"]) == 0
    first, blank, *lines = capsys.readouterr().out.splitlines()
    assert (first, blank) == ("params.yaml is the paper profile already", "")
    assert lines[0].startswith("RML: 2 clips of 2 speakers in data/raw/rml; 1 left out")
    *lines, space, after = lines
    assert after.startswith("next: get enterface05, baum1s; then `avef plan`") and not space
    assert len(lines) == 4
    for name, line in zip(("enterface05", "baum1s", "emodb"), lines[1:], strict=True):
        assert f"{corpora.title(name)} is not in data/raw/{name}: there is no such folder" in line
        assert corpora.how_to_obtain(name) in line


def test_the_command_fails_until_all_that_is_needed_is_there(run, capsys):
    plant(run, "enterface05", "baum1s", "emodb")
    (run / "rml").mkdir()
    (run / "rml/README.md").touch()
    assert main(["corpora"]) == 1
    said = capsys.readouterr()
    assert "it holds no .avi file" in said.out
    assert "not there yet: rml;" in said.err
    plant(run, "rml")
    assert main(["corpora"]) == 0
    assert "Emo-DB: 4 clips of sound alone of 4 speakers" in capsys.readouterr().out


def test_emodb_is_optional(run):
    plant(run, "rml", "enterface05", "baum1s")
    assert ready() == {"rml": True, "enterface05": True, "baum1s": True, "emodb": True}
    text = check.states(params.read())[-1].text
    assert "there is no such folder" in text and text.endswith("; optional, for V1 and V2")


def test_a_corpus_that_the_pipeline_makes_is_not_missed(run, capsys):
    assert main(["profile", "demo"]) == 0
    assert "RML: `dvc repro` makes it in data/demo/rml" in capsys.readouterr().out
    assert main(["corpora"]) == 0
    settings = Path("params.yaml")
    settings.write_text(settings.read_text().replace("root: data/demo/rml", "root: elsewhere"))
    assert main(["corpora"]) == 1  # the stage that makes it does not put it there


def test_a_folder_that_cannot_be_read_is_missing_and_the_others_are_told(run, monkeypatch):
    plant(run, *FILES)

    def table(corpus, root, *, whole=corpora.clip_table, **options):
        if corpus == "rml":
            raise PermissionError(13, "Permission denied", str(root))
        return whole(corpus, root, **options)

    monkeypatch.setattr(corpora, "clip_table", table)
    assert ready() == {"rml": False, "enterface05": True, "baum1s": True, "emodb": True}
    assert "Permission denied: 'data/raw/rml'" in check.states(params.read())[0].text


def test_too_few_speakers_for_the_protocol_stop_a_run_before_it_begins(run, capsys):
    plant(run, "rml", "enterface05", "baum1s")
    (run / "baum1s/s004/S004_001.mp4").unlink()
    (run / "rml/s2/su11.avi").unlink()
    assert ready() == {"rml": False, "enterface05": True, "baum1s": False, "emodb": True}
    texts = [state.text for state in check.states(params.read())]
    assert texts[0].endswith("; but the protocol parts at least 2 speakers (protocol.rml.groups)")
    assert texts[2].endswith(
        "; but the protocol parts at least 3 speakers (protocol.baum1s.groups)"
    )
    assert main(["corpora"]) == 1
    assert "not there yet: rml, baum1s;" in capsys.readouterr().err


def test_the_demo_s_own_speakers_are_counted_as_it_will_make_them(run, capsys):
    assert main(["profile", "demo"]) == 0
    settings = Path("params.yaml")
    plain = settings.read_text()
    settings.write_text(plain.replace("{groups: 3,", "{groups: 6,"))
    assert main(["corpora"]) == 0
    settings.write_text(plain.replace("{groups: 3,", "{groups: 7,"))
    assert main(["corpora"]) == 1
    assert "at least 7 speakers (protocol.baum1s.groups)" in capsys.readouterr().out


def test_emotions_that_the_paper_does_not_have_are_left_out_here_as_in_the_listing(run):
    plant(run, "rml", "enterface05", "baum1s", "emodb")
    settings = Path("params.yaml")
    more = "\ncorpora:\n  emodb: {root: data/raw/emodb}"
    settings.write_text(settings.read_text().replace("\ncorpora:", more))
    texts = [state.text for state in check.states(params.read()) if state.corpus == "emodb"]
    assert texts[0].startswith("Emo-DB: 3 clips of sound alone of 3 speakers in")
    assert texts[0].endswith("1 left out, with reasons in 00_corpora")
    assert texts[1].startswith("Emo-DB: 4 clips of sound alone of 4 speakers in")
    for path in set(FILES["emodb"]) - {"wav/08a01Nc.wav"}:
        (run / "emodb" / path).unlink()
    own = check.states(params.read())[0]
    assert not own.ready and own.text == "Emo-DB: no clip of the six emotions in data/raw/emodb"


def test_pictures_with_nothing_to_start_from_stop_a_run_before_it_begins(run, capsys):
    """RML beside sound alone: its audio-net has a corpus to learn from, its visual-net none."""
    plant(run, "rml", "emodb", "enterface05")
    text = Path("params.yaml").read_text()
    start, end = text.index("\ncorpora:\n"), text.index("\n", text.index("  baum1s: {root:"))
    voices = "\ncorpora:\n  rml: {root: data/raw/rml}\n  emodb: {root: data/raw/emodb}"
    plain = text[:start] + voices + text[end:]
    plain = "\n".join(line for line in plain.splitlines() if "{groups: 3" not in line)
    plain = plain.partition("\nablations:")[0] + "\nablations: {}\n"
    Path("params.yaml").write_text(plain)
    capsys.readouterr()
    assert main(["corpora"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert "Emo-DB: 3 clips of sound alone" in said[1]
    assert "RML" in said[0] and "visual-net has no other corpus with pictures" in said[0]
    more = "\n  enterface05: {root: data/raw/enterface05}"
    Path("params.yaml").write_text(plain.replace(voices, voices + more))
    assert ready() == {"rml": True, "emodb": True, "enterface05": True}
