"""What the report reads may be damaged: one line names the file; nothing on a page acts."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from report_sample import make, real

from avef import report
from avef.core.errors import ParameterError
from avef.core.files import write_json, write_text
from avef.report import fit


@pytest.fixture
def reports(tmp_path):
    return make(tmp_path)


def built(reports):
    report.build(reports)
    return (reports / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"machine": "a"}, "machine: must be a valid mapping"),
        ({"machine": {"cpu": "a"}}, "machine.instructions: missing"),
        ({"ravdess": {}}, "5 faults"),
        ({"ravdess": real()["ravdess"] | {"runs": []}}, "ravdess.runs: none is there"),
        ({"seeds": 3}, "seeds: must be a valid list"),
        ({"ravdess": real()["ravdess"] | {"voiced_percent": "48"}}, "must be a valid number"),
        ({"claims": {"V1": {"utterances": 3}}}, "claims.V1: must have percent, low and high"),
        ({"claims": {"V2": {"utterances": 3, "relative_gain": 1.0, "low": 1.0}}}, "claims.V2"),
    ],
)
def test_figures_of_real_recordings_that_do_not_fit_are_named(reports, change, said):
    path = reports.parent / "benchmarks/results/real.json"
    write_json(path, real() | change)
    with pytest.raises(ParameterError, match=re.escape(said)):
        report.build(reports)


def test_the_figures_that_were_measured_fit():
    path = Path(__file__).resolve().parents[2] / "benchmarks/results/real.json"
    measured = json.loads(path.read_text(encoding="utf-8"))
    assert fit.real(measured, str(path)) is measured


@pytest.mark.parametrize("text", ["", "7", "{", "[" * 100_000, "null"])
def test_figures_of_real_recordings_that_are_broken_are_named(reports, text):
    write_text(reports.parent / "benchmarks/results/real.json", text)
    with pytest.raises(ParameterError, match=r"real\.json: "):
        report.build(reports)


@pytest.mark.parametrize("file", [
    "metrics/svm-rml.json", "notebooks/00_corpora.ipynb", "tables/table_4.csv",
    "../data/prepared/rml/clips.csv",
])  # fmt: skip
@pytest.mark.parametrize("data", [b"\xff\xfe", b'a,b\n1,2,3\n"'])
def test_a_damaged_file_is_named(reports, file, data):
    (reports / file).write_bytes(data)
    with pytest.raises(ParameterError, match=re.escape(file.rpartition("/")[2])) as refused:
        report.build(reports)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("claims", "verdict", "x", r"tables/claims\.csv: has no column verdict"),
        ("table_8", "predicted", "x", r"tables/table_8\.csv: has no column predicted"),
        ("table_8", "\nanger,fear,", "\nanger,anger,", r"table_8\.csv: must have one row for each"),
        ("consistency", "holds", "x", r"tables/consistency\.csv: has no column holds"),
        (
            "consistency",
            ",100.0,100.0,",
            ",100.0,all,",
            r"consistency\.csv: found must hold numbers",
        ),
    ],
)
def test_a_table_that_does_not_fit_its_section_is_named(reports, table, old, new, said):
    path = reports / f"tables/{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    write_text(path, text.replace(old, new))
    with pytest.raises(ParameterError, match=said):
        report.build(reports)


@pytest.mark.parametrize("entry", ["many", "nan", "inf"])
def test_a_word_among_the_numbers_is_named(reports, entry):
    path = reports / "tables/table_6.csv"
    head, first, *rest = path.read_text(encoding="utf-8").splitlines()
    at = head.split(",").index("ours")
    entries = first.split(",")
    entries[at] = entry
    write_text(path, "\n".join([head, ",".join(entries), *rest]))
    with pytest.raises(ParameterError, match=r"table_6\.csv: ours must hold numbers"):
        report.build(reports)


def test_every_table_that_is_checked_has_a_section_of_its_own():
    assert set(fit.NUMBERS) <= set(fit.NEEDED) and set(fit.MATRICES) <= set(fit.NEEDED)


@pytest.mark.parametrize("text", ["\u202egpj", "\x1b[31mred", "\x9b", "&#x202e;gpj", "&#x9b;"])
def test_what_turns_a_text_round_stands_as_text_on_every_page(reports, text):
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# Title {text}"),
            nbformat.v4.new_code_cell(
                f"a = '{text}'",
                outputs=[
                    nbformat.v4.new_output("stream", text=text),
                    nbformat.v4.new_output("display_data", data={"text/html": f"<p>{text}</p>"}),
                    nbformat.v4.new_output("display_data", data={"text/plain": text}),
                ],
            ),
        ]
    )
    write_text(reports / "notebooks/00_corpora.ipynb", nbformat.writes(book))
    write_text(reports.parent / "params.yaml", f"seed: 1  # {text}")
    index = built(reports)
    page = (reports / "html/00_corpora.html").read_text(encoding="utf-8")
    for html in (index, page):
        assert not re.search("[\u202e\x1b\x9b]", html)
    if text.startswith("\u202e"):
        assert r"\u202egpj" in index and page.count(r"\u202egpj") >= 5


def test_a_citation_with_a_bomb_is_none(reports):
    lines = ["references:", "  - &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"  - &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdef", "bcdefg", strict=True)
    ]
    write_text(reports.parent / "CITATION.cff", "\n".join(lines))
    assert 'id="cite"' not in built(reports)


def test_formulas_in_tables_are_shown_as_they_are_and_packed_as_text(reports):
    import pandas as pd

    from avef.core.files import write_csv

    write_csv(reports / "tables/mine.csv", pd.DataFrame({"name": ["=1+1"], "n": ["-2"]}))
    assert '<th scope="row">=1+1</th>' in built(reports)
    assert "\n'=1+1,-2" in (reports / "tables/mine.csv").read_text(encoding="utf-8")


def test_an_image_that_is_no_base64_is_no_fault(reports):
    book = json.loads((reports / "notebooks/00_corpora.ipynb").read_text(encoding="utf-8"))
    shown = nbformat.v4.new_output("display_data", data={"image/png": "é'\"><script>"})
    code = nbformat.v4.new_code_cell("x", outputs=[shown])
    write_text(reports / "notebooks/00_corpora.ipynb", json.dumps(book | {"cells": [code]}))
    built(reports)
    assert "<script" not in (reports / "html/00_corpora.html").read_text(encoding="utf-8")
