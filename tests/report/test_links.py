"""Links of notebooks and of the ledger lead somewhere: in the repository and in the report."""

import re
from pathlib import Path

import nbformat
import pytest
import report_sample
from bs4 import BeautifulSoup

from avef import report
from avef.report import ledger, links, markdown
from avef.report.notebooks import Page

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [Page(path.stem, "", path.stem) for path in NOTEBOOKS]
TEXT = (ROOT / "REPLICATION.md").read_text(encoding="utf-8")


def targets(path):
    """The addresses that a notebook's text links."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            page = BeautifulSoup(markdown.html(cell.source), "html.parser")
            yield from (link["href"] for link in page.find_all("a"))


@pytest.fixture(scope="module")
def places():
    """Every id of the ledger's page."""
    page = BeautifulSoup(ledger.html(TEXT, links.address("", PAGES)), "html.parser")
    return [element["id"] for element in page.find_all(id=True)]


def test_every_row_of_the_ledger_has_a_place_of_its_own(places):
    assert len(places) == len(set(places))
    rows = re.findall(r"^\| ([A-Z]\d+) \|", TEXT, re.MULTILINE)
    assert len(rows) > 45 and set(rows) <= set(places)
    assert {"T8", "T9", "T10", "decisions"} <= set(places)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_a_notebook_hold_beside_it_and_on_its_page(path, places):
    to = links.address("notebooks", PAGES)
    for url in targets(path):
        if re.match("https?:", url):
            assert re.match(r"https://(doi\.org/10\.|arxiv\.org/abs/|github\.com/)", url), url
            continue
        file, _, place = url.partition("#")
        assert (path.parent / file).is_file(), url
        if file.endswith("REPLICATION.md"):
            assert place in places, url
        led = to(url)
        name = led.partition("#")[0]
        made = {f"{page.stem}.html" for page in PAGES} | {"replication.html"}
        assert name in made or (ROOT / "reports/html" / name).resolve().is_file(), led


def test_links_of_the_ledger_hold_on_its_page():
    page = BeautifulSoup(ledger.html(TEXT, links.address("", PAGES)), "html.parser")
    files = [a["href"] for a in page.find_all("a") if not a["href"].startswith(("#", "http"))]
    assert files
    for file in files:
        assert (ROOT / "reports/html" / file.partition("#")[0]).resolve().is_file(), file


def test_a_link_to_another_notebook_stays_with_the_corpus():
    pages = [Page("06_svm-rml", "rml", ""), Page("06_svm-new", "new", "")]
    for corpus, page in (("new", "06_svm-new"), ("rml", "06_svm-rml"), ("", "06_svm-rml")):
        assert links.address("notebooks", pages, corpus)("06_svm.ipynb#a") == f"{page}.html#a"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_links_what_it_decides(path):
    assert [url for url in targets(path) if url.startswith("../REPLICATION.md#")]


def test_the_report_has_the_ledger_and_notebooks_link_its_rows(tmp_path):
    folder = report_sample.make(tmp_path / "repository")
    report.build(folder)
    page = BeautifulSoup(
        (folder / "html/replication.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert [page.find(id=name).parent.get_text() for name in ("C1", "C2")] == ["C1–C2"] * 2
    assert page.find("math") and not page.find_all(["script", "img"])
    assert page.find("a", string="is")["href"] == "../../params.yaml"
    notebook = BeautifulSoup(
        (folder / "html/00_corpora.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert notebook.find("a", string="C2")["href"] == "replication.html#C2"
    assert notebook.select_one(".formula .tag").get_text() == "(2.2)"
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "html/replication.html" in index
    (folder.parent / "REPLICATION.md").unlink()
    report.build(folder)
    assert not (folder / "html/replication.html").exists()
    assert "replication.html" not in (folder / "index.html").read_text(encoding="utf-8")
