"""The report: numbers as in the CSVs, nothing that loads or runs, a word for what is missing."""

import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import numpy as np
import pandas as pd
import pytest
import report_sample
from bs4 import BeautifulSoup
from ruamel.yaml import YAML

from avef import report
from avef.evaluation import claims, consistency
from avef.evaluation.marks import DEMO, RESIZED
from avef.figures import verdicts
from avef.report import citing, data, gallery, notebooks, sources, view

REPOSITORY = Path(__file__).resolve().parents[2]
STYLE = Path(report.__file__).parent / "templates" / "style.css"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = report_sample.make(tmp_path_factory.mktemp("a repository"))
    report.build(folder)
    return folder


@pytest.fixture(scope="module")
def pages(reports):
    """Every page, parsed, by path."""
    paths = [reports / "index.html", *sorted(reports.glob("html/*.html"))]
    return {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in paths}


@pytest.fixture(scope="module")
def index(pages):
    return next(iter(pages.values()))


def rows(table):
    """The texts of a table's body, without rows that name a group."""
    lines = table.select("tbody tr:not(.corpus)")
    return [[c.get_text(" ", strip=True) for c in line.find_all(["th", "td"])] for line in lines]


def number(text):
    return np.nan if text == "–" else float(text.replace("−", "-"))


def fits(shown, text):
    """Whether a page shows an entry of a CSV: the same words, or the number rounded."""
    try:
        return number(shown) == pytest.approx(number(text), abs=0.0051, nan_ok=True)
    except ValueError:
        return shown.replace("−", "-") == " ".join(text.split())


def test_every_link_leads_somewhere(pages):
    checked = 0
    for path, page in pages.items():
        for tag in page.select("[href], [src]"):
            target, anchor = urldefrag(tag.get("href") or tag["src"])
            if target.startswith(("data:", "https://doi.org/")):
                continue
            there = (path.parent / unquote(target)).resolve() if target else path
            assert there.is_file(), (path, target)
            assert not anchor or pages[there].find(id=anchor), (path, anchor)
            checked += 1
    assert checked > 60


def test_nothing_is_loaded_or_run(pages):
    for page in pages.values():
        assert not page.select(
            "script, iframe, object, embed, form, base, svg, [onerror], [onload]"
        )
        for tag in page.select("[src], link[href]"):
            assert re.match(r"data:|figures/", tag.get("src") or tag["href"])
        for style in page.select("style"):
            assert not re.search(r"url\(|@import|http", style.string)
        assert not [a for a in page.select("a[href]") if "javascript" in a["href"]]


def test_texts_are_escaped(index, pages, reports):
    plain = " ".join(report_sample.EVIL.split())
    assert plain in index.find(id="claim-T5").get_text()
    assert f"a/{plain}.avi" in index.find(id="quarantine").get_text()
    assert index.find(id="files").get_text().count(plain) == 2
    assert index.select_one("#made pre").string == (reports.parent / "params.yaml").read_text()
    page = pages[reports / "html/00_corpora.html"]
    said = [tag.get_text() for tag in page.select("pre.output, blockquote, main > p")]
    assert len([text for text in said if plain in text]) == 3


def test_accuracies_are_those_of_the_csv(index, reports):
    for n in (4, 5, 6, 7):
        expected = pd.read_csv(reports / f"tables/table_{n}.csv")
        shown = rows(index.find(id=f"table-{n}").table)
        assert len(shown) == len(expected)
        for got, want in zip(shown, expected.itertuples(), strict=True):
            ours, _, deviation = got[2].partition(" ± ")
            assert float(got[1]) == want.paper and got[1] == str(want.paper)  # as it is printed
            got_numbers = [number(text) for text in (ours, got[4], got[6])]
            wanted = [want.ours, want.difference, want.unweighted]
            np.testing.assert_allclose(got_numbers, wanted, atol=0.0501)
            assert f"case {want.case}" in got[0]
            there = want.ours == want.ours
            assert deviation == f"{want.deviation:.1f}"
            assert got[3] == (f"{want.low:.1f} … {want.high:.1f}" if there else "–")


def test_confusions_are_those_of_the_csv(index, reports):
    for n in (8, 9, 10):
        long = pd.read_csv(reports / f"tables/table_{n}.csv")
        ours, printed = index.find(id=f"table-{n}").find_all("table")
        for table, column, atol in ((ours, "ours", 0.0501), (printed, "paper", 1e-9)):
            names = [th.get_text(strip=True) for th in table.select("thead th")][1:]
            expected = long.pivot(index="true", columns="predicted", values=column)
            expected = expected.loc[names, names].to_numpy()
            shown = [[number(text) for text in row[1:]] for row in rows(table)]
            np.testing.assert_allclose(shown, expected, atol=atol)
            shares = [float(re.search(r"[\d.]+", td["style"])[0]) for td in table.select("td")]
            np.testing.assert_allclose(shares, np.nan_to_num(expected).ravel())


@pytest.mark.parametrize(("place", "name"), [("#table-1", "table_1"), ("#table-2", "table_2"),
                                             ("#consistency details", "consistency")])  # fmt: skip
def test_other_tables_stand_as_in_the_csv(index, reports, place, name):
    expected = pd.read_csv(reports / f"tables/{name}.csv", dtype=str).fillna("–")
    expected = expected.drop(columns="id", errors="ignore")  # what it is about says more
    expected = consistency.readable(expected) if name == "consistency" else expected
    table = index.select_one(f"{place} table")
    assert [th.get_text() for th in table.select("thead th")] == list(expected.columns)
    shown = rows(table)
    assert len(shown) == len(expected)
    for got, want in zip(shown, expected.to_numpy().tolist(), strict=True):
        assert all(map(fits, got, want)), (got, want)


def test_every_claim_has_its_verdict_by_word_and_sign_and_colour(index, reports):
    expected = pd.read_csv(reports / "tables/claims.csv", dtype=str).fillna("").set_index("id")
    expected.loc["V1", "verdict"] = claims.NOT_REPRODUCED  # as measured apart from the run
    told = {}
    for group in index.select("#claims .group"):
        verdict = group.select_one(".verdict").contents[-1].strip()
        chips = group.select(".strip a")
        told[verdict] = len(chips)
        assert int(group.b.string) == len(chips)
        for chip in chips:
            claim = expected.loc[chip["href"].removeprefix("#claim-")]
            sign, look = view.LOOKS[claim["verdict"]]
            assert chip.get_text() == claim["says"] and claim["verdict"] == verdict
            assert look in chip["class"] and f".{look}" in STYLE.read_text()
            row = index.find(id=chip["href"].removeprefix("#"))
            text = [entry.get_text(" ", strip=True) for entry in row.find_all(["th", "td"])]
            assert text[0].startswith(f"{claim.name} ")
            assert text[3] == f"{sign} {verdict}" and text[4].startswith(claim["asks"])
    assert told == expected["verdict"].value_counts().to_dict()
    assert "(12.3 … 67.9)" in index.find(id="claim-T4").get_text()


def test_what_is_implemented_is_not_counted_as_reproduced(index):
    groups = index.select("#claims .group")
    names = [group.select_one(".verdict").contents[-1].strip() for group in groups]
    apart = [name for name, group in zip(names, groups, strict=True)
             if "definition" in group["class"]]  # fmt: skip
    assert apart == [claims.IMPLEMENTED, claims.OTHERWISE] == list(view.DEFINED)
    assert names[0] == claims.REPRODUCED and names[-2:] == [claims.NO_VERDICT, claims.NOT_RUN]
    tones = dict(re.findall(r"\.(\w+) \{ --tone: var\(--(\w+)\)", STYLE.read_text()))
    assert tones["implemented"] != tones["reproduced"]


def test_our_figures_are_rounded_and_the_paper_s_are_not():
    row = dict.fromkeys(("asks", "remark", "low", "high"), "")
    row |= {"id": "S5", "says": "s", "paper": "-6.057 … 26.34 points", "verdict": claims.NOT_RUN}
    row |= {"ours": "-3.535 … 44.29 points", "notebook": "", "remark": "gain -0.08 (-1.14 … 0.9)"}
    shown = view.claim_rows(pd.DataFrame([row]), {})[0]
    assert (shown["paper"], shown["ours"]) == ("−6.057 … 26.34 points", "−3.5 … 44.3 points")
    assert (shown["remark"], shown["interval"]) == ("gain −0.08 (−1.14 … 0.9)", "")


def test_a_claim_links_its_notebook_only_where_there_is_a_page(index):
    assert index.select_one("#claim-T1 .page a")["href"] == "html/00_corpora.html#table-1"
    assert not index.select("#claim-T4 .page a")
    assert "html/07_tables_4_10.html" in index.find(id="claim-T4").get_text()


def test_a_table_that_the_page_does_not_know_is_shown_all_the_same(index):
    assert index.select_one("#further h3").get_text() == "New table"
    assert rows(index.select_one("#further table")) == [["<b>", "1.50"]]


def test_signs_are_those_of_the_figure():
    assert {k: sign for k, (sign, _) in view.LOOKS.items()} == {
        k: sign for k, (_, sign) in verdicts.LOOKS.items()
    }
    assert len({look for _, look in view.LOOKS.values()}) == len(claims.VERDICTS)


def test_figures_are_grouped_and_described(index):
    groups = {h.get_text(): h.find_next_sibling("div") for h in index.select("#figures h3")}
    assert list(groups) == ["All corpora", "RML", "BAUM-1s", "new corpus"]
    names = [Path(img["src"]).stem for img in groups["All corpora"].select("img")]
    assert names == ["table_8", "forest", "odd_one"]
    for image in index.select("#figures img"):
        assert image["loading"] == "lazy" and len(image["alt"]) > 20
        assert (image["width"], image["height"]) == ("40", "3")


def test_every_figure_of_the_notebooks_has_words():
    pattern = re.compile(r'figures\.finish\(.*?f?\\"([\w{}-]+)\\"(?:, (?:mark|p\.)|\))')
    drawn = {name for path in (REPOSITORY / "notebooks").glob("*.ipynb")
             for name in pattern.findall(path.read_text())}  # fmt: skip
    assert len(drawn) > 12
    assert {name for name in drawn if not gallery.describe(name)} == set()


def test_notebooks_are_grouped_and_linked_in_order(index, pages, reports):
    shown = [a["href"] for a in index.select("#notebooks .order a")]
    order = ["00_corpora", "01_preprocessing-rml", "01_preprocessing-baum1s", "08_claims"]
    assert shown == [f"html/{stem}.html" for stem in order]
    for place, stem in enumerate(order):
        page = pages[reports / f"html/{stem}.html"]
        for direction, other in (("prev", place - 1), ("next", place + 1)):
            targets = {a["href"] for a in page.select(f"a[rel={direction}]")}
            assert targets == ({f"{order[other]}.html"} if 0 <= other < len(order) else set())
        assert page.select_one("nav a[href='../index.html']")
    page = pages[reports / "html/01_preprocessing-rml.html"]
    assert page.select_one(".others a")["href"] == "01_preprocessing-baum1s.html"


def test_a_notebook_page_shows_code_prints_tables_and_figures(pages, reports):
    page = pages[reports / "html/01_preprocessing-rml.html"]
    assert page.h1.get_text() == "01_preprocessing-rml · A title (§1)"
    assert "draw(" in page.select_one(".code").get_text()
    table = page.select_one(".scroll table")
    assert [th.get_text() for th in table.select("thead th")] == ["key", "n", "word"]
    assert rows(table) == [["7", "1", "a"], ["8", "23", "b"]]
    image = page.select_one("main img")
    assert (image["width"], image["height"]) == ("900", "5")
    assert image["alt"] == gallery.describe("fig_2")[1]


def test_pages_can_be_read_without_seeing_them(pages):
    for page in pages.values():
        assert page.html["lang"] == "en" and page.title.string.strip()
        assert len(page.select("main#main")) == len(page.select("h1")) == 1
        assert page.select_one("body > a.skip")["href"] == "#main"
        levels = [int(tag.name[1]) for tag in page.find_all(re.compile("^h[1-6]$"))]
        assert all(below - above <= 1 for above, below in zip(levels, levels[1:], strict=False))
        ids = [tag["id"] for tag in page.select("[id]")]
        assert len(ids) == len(set(ids))
        assert all(th.get("scope") for th in page.select("th"))
        assert all(img.get("alt") for img in page.select("img"))
        for box in page.select(".scroll, .code"):
            assert (box["tabindex"], box["role"]) == ("0", "region") and box["aria-label"]
        assert all(table.find_parent(class_="scroll") for table in page.select("table"))
        labels = [nav["aria-label"] for nav in page.select("nav")]
        assert labels and len(labels) == len(set(labels))
    tables = next(iter(pages.values())).select("table")
    assert all(table.caption.get_text() for table in tables)


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_texts_stand_out_in_every_theme():
    themes, merged = re.findall(r":root \{(.*?)\}", STYLE.read_text(), re.DOTALL), {}
    assert len(themes) == 3  # light, dark, print
    for theme in themes:
        merged = merged | dict(re.findall(r"--([\w-]+): (#\w+);", theme))
        tones = ["good", "part", "open", "bad", "none"]
        pairs = [(a, b) for a in ("ink", "soft", "link") for b in ("ground", "raised", "mark")]
        pairs += [(tone, "ground") for tone in tones] + [("soft", "code"), ("ink", "code")]
        pairs += [(tone, "code") for tone in ("good", "bad", "part")]
        pairs += [("ink", "heat-ours"), ("ink", "heat-printed")]
        for text, ground in pairs:
            dark, light = sorted((luminance(merged[text]), luminance(merged[ground])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_a_folder_with_nothing_in_it_says_what_is_missing(tmp_path):
    report.build(tmp_path / "reports")
    page = BeautifulSoup((tmp_path / "reports/index.html").read_text("utf-8"), "html.parser")
    stages = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
    sentences = [tag.get_text() for tag in page.select(".missing")]
    assert len(sentences) == 1 + 4 + 3 + 3 + 1 + 4
    named = re.findall(r"Not there yet: (\S+) comes from the stage (\w+)", " ".join(sentences))
    assert len(named) == 13
    for file, stage in named:
        assert file.rpartition("/")[2] in str(stages[stage]) or stage == "preprocessing"
    assert not page.select("table, img, .mark")


def test_a_missing_table_is_named_and_the_others_stay(reports):
    tables = sources.read(reports).tables

    def missing_and_shown(tables):
        text = report.pages.render(sources.Sources(tables=tables))["index.html"]
        page = BeautifulSoup(text, "html.parser")
        missing = re.findall(r"Not there yet: reports/tables/(\w+)\.csv", page.get_text())
        return missing, {link["href"] for link in page.select(".source a")}

    nothing, everything = missing_and_shown(tables)
    assert nothing == [] and len(everything) == len(tables)
    for name in tables:
        missing, shown = missing_and_shown({k: v for k, v in tables.items() if k != name})
        assert missing == [name] * (name != "new_table")
        assert everything - shown == {f"tables/{name}.csv"}


def test_demo_data_are_marked_and_other_data_are_not(index, reports, tmp_path):
    assert index.select_one("header .mark").get_text(" ", strip=True) == f"⚠ {DEMO}"
    copy = shutil.copytree(reports, tmp_path / "reports")
    for path in copy.glob("tables/*.csv"):
        path.write_text(path.read_text("utf-8").replace(",demo\n", ",paper\n"), "utf-8")
    report.build(copy)
    assert DEMO in (copy / "index.html").read_text("utf-8")  # a metric is still of demo data
    (copy / "metrics/svm-rml.json").write_text('{"data": "paper"}')
    report.build(copy)
    text = (copy / "index.html").read_text("utf-8")
    assert "Demo data" not in text and not BeautifulSoup(text, "html.parser").header.select(".mark")
    (copy / "metrics/svm-rml.json").write_text('{"data": "resized"}')
    report.build(copy)
    page = BeautifulSoup((copy / "index.html").read_text("utf-8"), "html.parser")
    assert page.select_one("header .mark").get_text(" ", strip=True) == f"⚠ {RESIZED}"


def test_quarantine_names_every_clip_or_none(index):
    parts = {h.string: h.find_next_sibling() for h in index.select("#quarantine h3")}
    assert list(parts) == ["RML", "BAUM-1s"]
    assert rows(parts["RML"].table)[0][::2] == ["c1", "empty"]
    assert parts["BAUM-1s"].get_text() == "none"


def test_what_files_are_like_stands_by_corpus_where_a_run_noted_it(index, reports):
    section = index.find(id="files")
    assert index.select_one("nav a[href='#files']")
    assert [h.string for h in section.select("h3")] == ["RML"]  # the others' rows say nothing
    facts, warnings = map(rows, section.select("table"))
    plain = " ".join(report_sample.EVIL.split())
    assert facts == [
        ["picture, pixels", "720 × 576 (8), 720 × 480 (1)"],
        ["video codec", f"h264 (8), {plain} (1)"],
        ["sound rate, Hz", "44100 (5), not known (4)"],
        ["gaps in the sound, s", "0 … 2 (9)"],
    ]
    assert warnings == [["late by 1 … 2.5 s", "5", "c0, c1, c2 and 2 more"], [plain, "1", "c0"]]

    def shown(table):
        text = report.pages.render(sources.Sources(prepared={"rml": table}))["index.html"]
        return BeautifulSoup(text, "html.parser")

    rml = sources.read(reports).prepared["rml"]
    assert "no warnings" in shown(rml.assign(warnings="")).find(id="files").get_text()
    noted_no_warnings = shown(rml.drop(columns="warnings")).find(id="files")
    assert len(noted_no_warnings.select("table")) == 1
    assert "no warnings" not in noted_no_warnings.get_text()
    for nothing in (rml[["clip", "key"]], rml[:0], pd.DataFrame()):
        assert not shown(nothing).select("#files, a[href='#files']")


def test_the_same_input_gives_the_same_bytes_and_old_pages_go(reports, tmp_path):
    copy = shutil.copytree(reports.parent, tmp_path / "copy") / "reports"
    (copy / "html/99_gone.html").write_text("old")
    (copy / "notebooks/02_transfer-rml.failed.ipynb").write_text("not even JSON")
    report.build(copy)
    assert "02_transfer-rml.failed.ipynb" in (copy / "index.html").read_text("utf-8")
    (copy / "notebooks/02_transfer-rml.failed.ipynb").unlink()
    report.build(copy)
    before, after = ({p.relative_to(f): p.read_bytes() for p in f.rglob("*.html")}
                     for f in (reports, copy))  # fmt: skip
    assert before == after and len(after) == 6


def test_headings_figures_and_claims_can_be_linked(pages, index):
    for page in pages.values():
        for link in page.select(".permalink"):
            assert link["href"] == "#" + page.find(id=link["href"].removeprefix("#"))["id"]
            assert link["aria-label"] and not link.get_text()
        for heading in page.select("main h2"):
            assert heading.select(".permalink"), heading
        assert 40 < len(page.select_one("meta[name=description]")["content"]) < 200
    assert len(index.select("figure .permalink")) == len(report_sample.FIGURES)
    assert index.select_one("#claim-T4 th a")["href"] == "#claim-T4"


def test_what_is_behind_figures_and_tables_is_linked_and_packed(pages, index, reports):
    images = {f["id"]: [a["href"] for a in f.select(".source a")] for f in index.select("figure")}
    assert images["figure-table_8"] == ["tables/table_8.csv"]
    assert images["figure-forest"] == [f"tables/table_{n}.csv" for n in (4, 5, 6, 7)]
    assert images["figure-odd_one"] == images["figure-curves_svm-new-corpus"] == []
    assert index.select_one("#made a[href='html/avef-data.zip']")
    for path, page in pages.items():
        assert path.name == "index.html" or page.select("footer a[href='avef-data.zip']")
    with zipfile.ZipFile(reports / "html/avef-data.zip") as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        given = sorted(p for folder in data.FOLDERS for p in reports.glob(f"{folder}/*"))
        assert names == sorted(p.relative_to(reports).as_posix() for p in given)
        assert all(packed.read(name) == (reports / name).read_bytes() for name in names)


def test_the_paper_is_cited_where_its_reference_is_known(index, reports, tmp_path):
    assert not index.select("#cite, a[href='#cite']")
    copy = shutil.copytree(reports.parent, tmp_path / "copy")
    shutil.copy(REPOSITORY / "CITATION.cff", copy)
    report.build(copy / "reports")
    page = BeautifulSoup((copy / "reports/index.html").read_text("utf-8"), "html.parser")
    reference = citing.read((REPOSITORY / "CITATION.cff").read_text("utf-8"))
    assert page.select_one("#cite pre").get_text() == reference.bibtex
    assert page.select_one("#cite a[href^=https]")["href"] == reference.address
    assert "184–192" in page.select_one("#cite p").get_text()


def test_an_empty_notebook_has_a_title():
    page = notebooks.pages({"03_x": sources.nbformat.v4.new_notebook()})[0]
    assert (page.full_title, page.path) == ("Untitled", "html/03_x.html")


def test_every_claim_links_to_a_heading_of_its_notebook():
    for name, rule in claims.RULES.items():
        page, _, place = rule.page.partition("#")
        stem = page.removeprefix("html/").removesuffix(".html").partition("-")[0]
        source = nbformat.read(REPOSITORY / "notebooks" / f"{stem}.ipynb", as_version=4)
        anchors = {cell["anchor"] for cell in notebooks.cells(source) if "anchor" in cell}
        assert not place or place in anchors, (name, rule.page, anchors)


def test_what_is_known_on_real_recordings_has_its_section(index, tmp_path):
    section = index.find("main").find_all("section")[1]
    assert section["id"] == "real" and index.select_one("nav a[href='#real']")
    gained, may = (" ".join(one.get_text().split()) for one in section.select("li"))
    assert "48 % is speech: leaving out the rest gains 2.5 points (0.4 … 4.6;" in gained
    assert gained.endswith("With as many steps as case 1: −1.0 points (−2.0 … 0.5).")
    assert "changes −0.4 points, which may be chance (−3.0 … 2.0;" in may
    runs, known = map(rows, section.select("table"))
    assert [row[1] for row in runs] == ["0.125", "0.25", "0.125"]
    cases = ["50.0 ± 1.0 % [40.0 … 60.0]", "52.5 ± 1.0 % [40.0 … 60.0]"]
    assert runs[1][2:] == ["as many steps", *cases, "−1.0 [−2.0 … 0.5]"]
    assert [row[1:] for row in known] == [
        ["70.3 %", "89.8 %, 92 utterances", "–"],
        ["19.7 % relative", "–", "0.4 % [−9.2 … 9.4], 339 utterances"],
    ]
    assert "alert" in section.get_text() and not section.select("script")
    report.build(tmp_path / "reports")
    page = BeautifulSoup((tmp_path / "reports/index.html").read_text("utf-8"), "html.parser")
    assert not page.select("#real, a[href='#real']")


def test_figures_that_are_missing_or_names_are_left_as_they_are():
    table = pd.DataFrame({"clip": ["007", "1_2"], "p": ["0.0954", ""], "big": ["1e999", "1"]})
    shown = view.further({"new": table})["new"]
    assert shown.rows == [["007", "0.095", "1e999"], ["1_2", "–", "1"]]
    rows = consistency.check().astype(str).assign(found="")
    assert set(consistency.readable(rows)["found"]) == {"–"}
