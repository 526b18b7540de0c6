"""Formulas as MathML, and nothing that a formula could smuggle in."""

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from avef.report import formulas, markdown

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
HOSTILE = [
    r"\text{<img src=x onerror=run()>}",
    r"\text{</math><script>run()</script>}",
    r"\href{javascript:run()}{x}",
    r"\style{background: url(//far.example)}{x}",
    r"\class{x\" onclick=\"run()}{x}",
    r"\color{red}{x}",
    r"\text{&lt;img src=x onerror=run()&gt;}",
    r"x \tag{<img src=x onerror=run()>}",
    r"\begin{array}{c} <b onclick=run()> \end{array}",
    r"\unknown{<img src=x onerror=run()>}",
]


@pytest.mark.parametrize("tex", HOSTILE)
@pytest.mark.parametrize("display", [True, False])
def test_a_formula_lays_out_and_does_nothing_else(tex, display):
    page = BeautifulSoup(formulas.shown(tex, display=display), "html.parser")
    known = formulas._ELEMENTS | {"span", "code"}
    ours = {"class", "role", "tabindex", "aria-label"}
    for element in page.find_all(True):
        assert element.name in known
        assert set(element.attrs) <= (ours if element.name == "span" else formulas._ATTRIBUTES)


@pytest.mark.parametrize("tex", [r"x^", r"\nothing", r"\boxed{x}", "{" * 3000])
def test_what_cannot_be_laid_out_stays_as_tex(tex):
    assert formulas.shown(tex).startswith("<code>")
    with pytest.raises(formulas.FormulaError):
        formulas.mathml(tex)


def test_a_display_formula_scrolls_in_a_box_and_has_its_number():
    box = BeautifulSoup(formulas.shown(r"d_t \tag{2.2}", display=True), "html.parser").span
    assert (box["class"], box["tabindex"]) == (["formula"], "0")
    assert box.math["display"] == "block"
    assert box.find(class_="tag").get_text() == "(2.2)"
    assert "tag" not in formulas.shown("d_t", display=True)


def test_formulas_take_their_places_in_order_whatever_stands_around_them():
    page = markdown.html(
        '<span class="formula-0"></span> $a$ *b* $c$\n\n| $e_1$ |\n|---|\n| 1\\$ |'
    )
    soup = BeautifulSoup(page, "html.parser")
    assert [one.get_text() for one in soup.find_all("math")] == ["a", "c", "e1"]
    assert "formula-0" in soup.get_text() and "1$" in soup.get_text()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_formula_of_the_notebooks_can_be_laid_out(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    signs = len(re.findall(r"(?<!\\)\$\$", text))
    made = BeautifulSoup(
        "".join(markdown.html(c.source) for c in cells if c.cell_type == "markdown"), "html.parser"
    )
    assert signs and len(made.select("span.formula math")) == signs / 2
    assert not [code for code in made.find_all("code") if "\\" in code.get_text()]
