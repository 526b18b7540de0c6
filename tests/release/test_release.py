"""A release: it opens, its digests hold, its description is right, and nothing stale goes in."""

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from avef import release
from avef.cli import main
from avef.config import params
from avef.core.errors import ParameterError
from avef.release import crate
from avef.studies import experiments

ROOT = Path(__file__).resolve().parents[2]
CITATION = (ROOT / "CITATION.cff").read_bytes()
ABOUT = crate.About("c" * 40, "2026-11-27", "demo", machines=("one CPU, AVX2",))
FILES = {
    "CITATION.cff": CITATION,
    "params.yaml": b"profile: demo\n",
    "dvc.yaml": b"stages: {}\n",
    "reports/index.html": b"<p>",
    "reports/tables/Größe 50%.csv": b"a,b\n",
}
#: Entities that are neither files nor folders of the zip.
OUTSIDE = ("https://", "#")


def graph(files=FILES, about=ABOUT):
    """Id → entity of a description."""
    told = json.loads(crate.describe(files, about))
    assert told["@context"] == "https://w3id.org/ro/crate/1.2/context"
    made = {entity["@id"]: entity for entity in told["@graph"]}
    assert len(made) == len(told["@graph"]), "two entities of one id"
    return made


def references(value):
    """Every id that a value names."""
    if isinstance(value, list):
        assert len(value) != 1, "a single value needs no list"
        return [one for item in value for one in references(item)]
    if isinstance(value, dict):
        assert set(value) == {"@id"}, "a nested entity: the list is to be flat"
        return [value["@id"]]
    return []


def test_descriptor_and_root_are_as_the_specification_asks():
    entities = graph()
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["@type"] == "CreativeWork" and descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert root["@type"] == "Dataset" and root["datePublished"] == "2026-11-27"
    for needed in ("name", "description", "license", "author", "hasPart"):
        assert root[needed], needed
    licence = entities[root["license"]["@id"]]
    assert licence["name"] and licence["description"]
    assert licence["@id"] == "https://spdx.org/licenses/MIT"
    (author,) = (entities[one] for one in references(root["author"]))
    assert author["@type"] == "Organization" and author["name"] == "the avef authors"
    assert entities["#commit"]["value"] == "c" * 40
    assert "10.1016/j.inffus.2018.06.003" in references(root["citation"])[0]
    assert "one CPU, AVX2" in entities["#run"]["description"]


def test_every_reference_exists_and_all_files_hang_on_the_root():
    entities = graph()
    for entity in entities.values():
        for name, value in entity.items():
            if name == "conformsTo":
                continue
            assert [one for one in references(value) if one not in entities] == [], name
    reached, waiting = set(), ["./"]
    while waiting:
        one = waiting.pop()
        reached.add(one)
        waiting += references(entities[one].get("hasPart", []))
    files = {unquote(one["@id"]): one for one in entities.values() if one["@type"] == "File"}
    assert set(files) == set(FILES)
    assert {one["@id"] for one in files.values()} <= reached
    assert "reports/tables/Größe%2050%25.csv" in entities, "letters stay, signs are escaped"
    for name, entity in files.items():
        assert entity["contentSize"] == str(len(FILES[name]))
        assert entity["sha256"] == hashlib.sha256(FILES[name]).hexdigest()
        assert "/" in entity["encodingFormat"] and entity["description"]


def test_only_demo_results_are_called_so():
    marked = graph()
    assert "demo" in marked["./"]["name"] and crate.DEMO in marked["./"]["description"]
    assert crate.DEMO in marked["reports/"]["description"]
    assert "demo data" in marked["reports/index.html"]["description"]
    real = json.dumps(graph(about=ABOUT._replace(mark="paper")))
    assert "demo data" not in real and crate.DEMO not in real
    other = graph(about=ABOUT._replace(mark="resized"))["./"]
    assert "other networks" in other["name"] and crate.REAL in other["description"]
    assert crate.REAL in real and crate.REAL not in json.dumps(marked)


def test_people_are_people_and_may_have_an_orcid():
    text = b"""license: MIT
authors:
- {given-names: Ada, family-names: L, orcid: 'https://orcid.org/0-1'}
- {name: X Y}
"""
    entities = graph({"CITATION.cff": text})
    assert entities["https://orcid.org/0-1"]["@type"] == "Person"
    assert entities["https://orcid.org/0-1"]["name"] == "Ada L"
    assert entities["#x-y"]["@type"] == "Organization"


@pytest.mark.parametrize(
    "text",
    [b"", b"a: [", b"license: MIT", b"authors: [{name: a}]", b"- 1",
     b"{license: MIT, authors: [{email: a}]}"],
)  # fmt: skip
def test_without_authors_or_a_licence_it_is_refused(text):
    with pytest.raises(ParameterError, match=r"^CITATION\.cff: [^\n]+$"):
        crate.describe({"CITATION.cff": text}, ABOUT)


def test_every_folder_and_kind_of_file_of_the_repository_is_known():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = [name for name in listed.stdout.splitlines() if "/" in name]
    assert {name.partition("/")[0] for name in names} <= set(crate.FOLDERS)
    plain = {Path(name).suffix for name in names if crate.media_type(name) == "text/plain"}
    assert plain <= {"", ".lock", ".mplstyle", ".txt"}, "a suffix without a media type"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of git and DVC with one stage, run and committed."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "someone@example.org")
    for name in ("params.yaml", "CITATION.cff", "LICENSE"):
        shutil.copy(ROOT / name, name)
    Path("script.sh").write_text("true\n")
    Path("script.sh").chmod(0o755)
    Path("report.txt").write_text("all is well")
    command = "mkdir -p reports && cp report.txt reports/index.html"
    Path("dvc.yaml").write_text(f"""stages:
  report:
    cmd: {command}
    deps: [report.txt]
    outs: [reports/index.html]
""")
    git("init", "-q")
    experiments._dvc("init", "-q")
    experiments._dvc("repro", "-q")
    commit()
    return tmp_path


def git(*arguments):
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def commit():
    git("add", "-A")
    git("commit", "-q", "-m", "all")


def test_a_release_opens_holds_and_is_the_same_again(repository):
    count = release.build(params.read(), "a.zip").files
    with zipfile.ZipFile("a.zip") as packed:
        assert packed.testzip() is None
        packed.extractall("out")
        assert packed.getinfo("script.sh").external_attr >> 16 == 0o755
        assert packed.getinfo("LICENSE").external_attr >> 16 == 0o644
        names = packed.namelist()
    assert len(names) == count
    assert {"reports/index.html", "dvc.lock", "params.yaml", "ro-crate-metadata.json"} <= set(names)
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd="out", check=True, capture_output=True).stdout == b""
    listed = {line[66:] for line in Path("out/SHA256SUMS").read_text().splitlines()}
    assert listed == set(names) - {"SHA256SUMS"}
    told = json.loads(Path("out/ro-crate-metadata.json").read_text())["@graph"]
    for entity in told:
        if not entity["@id"].startswith(OUTSIDE):
            assert (repository / "out" / unquote(entity["@id"])).exists(), entity["@id"]
    assert release.build(params.read(), "b.zip").files == count
    assert Path("a.zip").read_bytes() == Path("b.zip").read_bytes()


def test_what_is_not_committed_or_stale_is_refused(repository, capsys):
    Path("avef-release.zip").write_bytes(b"of before")
    Path("LICENSE").write_text("changed")
    assert main(["release"]) == 1
    assert capsys.readouterr().err == "avef: changed and not committed: LICENSE\n"
    git("checkout", "LICENSE")
    Path("report.txt").write_text("something else")
    commit()
    assert main(["release"]) == 1
    assert "results are missing or not up to date (report)" in capsys.readouterr().err
    experiments._dvc("repro", "-q")
    commit()
    Path("reports/index.html").unlink()
    assert main(["release"]) == 1
    assert "results are missing or not up to date (report)" in capsys.readouterr().err
    assert Path("avef-release.zip").read_bytes() == b"of before"
    experiments._dvc("checkout", "-q")
    assert main(["release"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("avef-release.zip: ") and out.endswith(f" files\n{crate.DEMO}\n")
    assert zipfile.is_zipfile(io.BytesIO(Path("avef-release.zip").read_bytes()))


def test_outside_of_a_repository_or_under_another_suffix_it_is_refused(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", "params.yaml")
    assert main(["release", "--out", "a.tar"]) == 1
    assert capsys.readouterr().err == "avef: --out: must end in .zip, got 'a.tar'\n"
    assert main(["release"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
