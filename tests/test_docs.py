"""The documentation: its examples run, and what it names is there.

`make docs` builds it, follows its links, and is strict; that needs an environment of its own.
"""

import doctest
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from dvc.cli import DvcParserError
from dvc.cli import parse_args as dvc
from papermill.cli import papermill
from ruamel.yaml import YAML

from avef.cli import _parser
from avef.config import params
from avef.evaluation import verdicts

ROOT = Path(__file__).resolve().parents[1]
#: Pages, and what one of them includes whole.
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "data/raw/table/README.md"]
TEXT = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
#: Programs that are neither avef's nor of its environment.
OTHERS = {"source", "find", "sha256sum", "less", "docker", "jupyter", "dask"}
#: Files and folders that commands of the pages write, or that are the reader's.
WRITTEN = re.compile(
    r"data/(logs|raw/mine)/.*|reports/(index\.html|tables/.*)|\.venv|pack/gpu\.sh|SHA256SUMS|"
    r"avef-release\.zip|ro-crate-metadata\.json|clips\.\w+|\.\w+"
)
STAGES = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GPU = "".join((ROOT / f"benchmarks/gpu{part}").read_text() for part in (".sh", ".py", "_pack.py"))
check_links = runpy.run_path(str(ROOT / "docs/check_links.py"), run_name="loaded")


def blocks(*languages):
    """Every block of code in these languages, as test parameters, named by page and first line."""
    made = []
    for page, text in TEXT.items():
        for indent, language, body in FENCE.findall(text):
            if language in languages:
                plain = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
                made.append(pytest.param(plain, id=f"{page}:{plain.splitlines()[0][:40]}"))
    return made


def commands(text):
    """The words of every simple command in lines of a shell."""
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        part = []
        for word in [*words, "|"]:
            if word in ("|", "&&"):
                if part:
                    yield part
                part = []
            else:
                part.append(word)


def parse(program, rest):
    """Have a program's own parser read its arguments; nothing is run."""
    parser = _parser().parse_args if program == "avef" else dvc
    try:
        parser(rest)
    except SystemExit as end:
        if end.code:
            raise ValueError(f"{program}: {rest}") from end


def exists(words):
    """ValueError for a command without such options, names or files; it is not run."""
    program, *rest = words
    if program in ("avef", "dvc"):
        parse(program, rest)
        unknown = [w for w in rest if "@" in w and w.partition("@")[0] not in STAGES]
    elif program == "papermill":
        papermill.make_context("papermill", list(rest))
        unknown = [word for word in rest if "/" in word and not (ROOT / word).exists()]
    elif program == "make":
        unknown = [word for word in rest if not re.search(made(word), MAKEFILE, re.MULTILINE)]
    elif program == "benchmarks/gpu.sh":
        unknown = [word for word in rest if word.startswith("-") and word not in GPU]
    else:
        unknown = [] if program in OTHERS else [program]
    if unknown:
        raise ValueError(f"{program}: {unknown}")


def made(word):
    """How a target or a variable stands in the Makefile."""
    name, equals, _ = word.partition("=")
    return rf"^{name} \?=" if equals else rf"^{name}:"


def mentioned(words):
    """ValueError for what running text calls a command, its arguments left out, and is none."""
    program, *rest = words
    if program == "make":
        return exists(words)
    with redirect_stdout(io.StringIO()) as said:
        parse(program, [*(word for word in rest if not word.startswith("-")), "--help"])
    unknown = [word for word in rest if word.startswith("-") and word not in said.getvalue()]
    if unknown:
        raise ValueError(f"{program}: {unknown}")
    return None


@pytest.mark.parametrize("text", blocks("sh"))
def test_every_command_and_option_exists(text):
    told = list(commands(text))
    assert told
    for words in told:
        exists(words)


@pytest.mark.parametrize(
    "line",
    ["avef corpora --unknown", "avef nothing", "make nothing", "make repro BUILT=gpu", "nothing",
     "dvc exp run --tmp", "dvc repro sound_net@rml", "benchmarks/gpu.sh --nothing",
     "papermill notebooks/none.ipynb out.ipynb"],
)  # fmt: skip
def test_a_command_that_is_not_there_is_found(line):
    with pytest.raises((ValueError, DvcParserError)):
        exists(shlex.split(line))


@pytest.mark.parametrize("line", ["avef nothing", "avef predict --nothing", "make nothing"])
def test_a_command_that_is_only_mentioned_is_looked_for(line):
    with pytest.raises(ValueError):
        mentioned(shlex.split(line))


@pytest.mark.parametrize("text", blocks("console"))
def test_what_is_printed_is_what_stands_there(text):
    checker = doctest.OutputChecker()
    for example in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, wanted = example.partition("\n")
        program, *rest = shlex.split(command)
        assert program == "avef"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-m", "avef", *rest], cwd=ROOT, env=environment,
                              capture_output=True, text=True, check=True)  # fmt: skip
        assert checker.check_output(wanted, done.stdout, doctest.ELLIPSIS), done.stdout


@pytest.mark.parametrize("text", blocks("pycon"))
def test_python_gives_what_stands_there(text):
    test = doctest.DocTestParser().get_doctest(text, {}, "page", None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("text", blocks("python"))
def test_python_names_what_there_is(text):
    import avef
    from avef.recognition.result import Prediction

    compile(text, "page", "exec")
    for name in re.findall(r"\bavef\.(\w+)", text):
        assert name in avef.__all__, name
    for name in re.findall(r"\bprediction\.(\w+)", text):
        assert hasattr(Prediction, name) or name in Prediction.__dataclass_fields__, name


def joined(old, new):
    """``old`` with the values of ``new``, section by section."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return dict(old) | {key: joined(old.get(key), value) for key, value in new.items()}


@pytest.mark.parametrize("text", blocks("yaml"))
def test_parameters_are_such_as_avef_reads(text, tmp_path):
    yaml = YAML(typ="safe")
    given = yaml.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    yaml.dump(joined(given, yaml.load(text)), tmp_path / "params.yaml")
    params.read(tmp_path / "params.yaml")


def in_code():
    """(page, what stands between single backticks), outside of blocks."""
    for page, text in TEXT.items():
        for code in re.findall(r"(?<![`}])`([^`\n]+)`(?!`)", FENCE.sub("", text)):
            yield page, code


def has(given, name):
    """Whether these parameters have such a key."""
    for part in name.split("."):
        if not isinstance(given, Mapping) or part not in given:
            return False
        given = given[part]
    return True


def known(code, given):
    """Whether what text calls a file, a notebook or a parameter is one; True for other words."""
    if (ROOT / code).exists() or WRITTEN.fullmatch(code):
        return True
    if re.fullmatch(r"\d\d[a-z]?_\w+", code):
        return (ROOT / f"notebooks/{code}.ipynb").is_file()
    if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code):  # a parameter, or a module
        return has(given, code) or (ROOT / code.replace(".", "/")).with_suffix(".py").is_file()
    return not re.fullmatch(r"[\w./-]*[/.][\w./-]+", code)  # a path


def test_what_pages_name_in_running_text_exists():
    given = YAML(typ="safe").load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    assert not known("no/such/file.py", given) and not known("compute.speed", given)
    for page, code in in_code():
        if re.match(r"(avef|dvc|make) \w", code):
            mentioned(shlex.split(code))
        else:
            assert known(code, given), f"{page}: {code}"


def test_every_notebook_and_verdict_has_its_place():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"`{path.stem}`" in TEXT["docs/notebooks.md"], path.stem
    for verdict in verdicts.VERDICTS:
        assert verdict in TEXT["docs/verdicts.md"], verdict


def test_every_page_is_in_the_contents_and_every_card_in_the_cards():
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem == "index" or re.search(rf"^{page.stem}$", TEXT["docs/index.md"], re.M)
    for card in (ROOT / "data/raw").glob("*/README.md"):
        path = f"../data/raw/{card.parent.name}/README.md"
        assert path in TEXT["docs/cards.md"] + TEXT["docs/own.md"], card


def test_what_a_page_includes_is_found_by_its_marks():
    for page, text in TEXT.items():
        for path, options in re.findall(r"```\{include\} (\S+)\n((?::.*\n)*)```", text):
            given = (ROOT / page).parent.joinpath(path).read_text(encoding="utf-8")
            for mark in re.findall(r':(?:start-after|end-before): "(.*)"', options):
                assert given.count(mark) == 1, (page, mark)


def test_links_that_lead_nowhere_and_loads_from_elsewhere_are_found(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.html").write_text(
        '<p id="one"><a href="deep/b.html#two">b</a><a href="https://far.example">far</a>'
        '<img src="data:,"><link rel="next" href="deep/b.html">'
    )
    (tmp_path / "deep/b.html").write_text('<p id="two"><a href="../a.html#one">a</a>')
    assert list(check_links["faults"](tmp_path)) == []
    (tmp_path / "deep/b.html").write_text(
        '<a href="../a.html#none">a</a><script src="https://cdn.example/x.js"></script>'
        '<img src="gone.png">'
    )
    assert list(check_links["faults"](tmp_path)) == [
        "a.html: deep/b.html#two leads nowhere",
        "deep/b.html: ../a.html#none leads nowhere",
        "deep/b.html: gone.png leads nowhere",
        "deep/b.html: https://cdn.example/x.js is loaded from elsewhere",
    ]
    assert check_links["main"](tmp_path) == 1
