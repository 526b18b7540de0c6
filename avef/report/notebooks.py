"""Executed notebooks as the contents of pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, ansi2html
from nbformat import NotebookNode

from avef import paper
from avef.report import gallery, markdown
from avef.report.clean import clean
from avef.report.data import behind
from avef.report.sources import png_size

_highlight = Highlight2HTML(pygments_lexer="ipython3")


class Page(NamedTuple):
    """A notebook's page: the notebook's name, its corpus (empty where it serves all), its title."""

    stem: str
    corpus: str
    title: str

    @property
    def path(self) -> str:
        """Where the page lies, relative to the reports folder."""
        return f"html/{self.stem}.html"

    @property
    def full_title(self) -> str:
        """The title and the corpus."""
        return f"{self.title} · {self.corpus_name}" if self.corpus else self.title

    @property
    def short_title(self) -> str:
        """The title without the sections of the paper in brackets, and the corpus."""
        return f"{self.bare_title} · {self.corpus_name}" if self.corpus else self.bare_title

    @property
    def corpus_name(self) -> str:
        """The corpus as the paper writes it."""
        return paper.title(self.corpus)

    @property
    def notebook(self) -> str:
        """The name of the notebook's source, which several corpora share."""
        return self.stem.partition("-")[0]

    @property
    def bare_title(self) -> str:
        """The title without the sections of the paper in brackets."""
        return re.sub(r" *\(.*\)$", "", self.title)


def pages(notebooks: Mapping[str, NotebookNode]) -> list[Page]:
    """The pages in reading order: notebook by notebook, within each corpus by corpus.

    ``notebooks`` are by file name without suffix, such as ``06_svm-rml``.
    """
    unsorted = [
        Page(stem, stem.partition("-")[2], title(notebook)) for stem, notebook in notebooks.items()
    ]
    order = {name: place for place, name in enumerate(["", *paper.DATASETS])}
    return sorted(unsorted, key=lambda p: (p.notebook, order.get(p.corpus, len(order)), p.corpus))


def groups(ordered: Iterable[Page]) -> list[dict[str, Any]]:
    """Pages in reading order, by notebook: its ``title`` and its ``pages``, one a corpus."""
    by_notebook: dict[str, list[Page]] = {}
    for page in ordered:
        by_notebook.setdefault(page.notebook, []).append(page)
    return [{"title": part[0].title, "pages": part} for part in by_notebook.values()]


def title(notebook: NotebookNode) -> str:
    """The notebook's first heading, without markup; "Untitled" where there is none."""
    for cell in notebook.cells:
        heading = _heading(cell)
        if heading:
            return heading
    return "Untitled"


def cells(
    notebook: NotebookNode,
    page: Page | None = None,
    data: Collection[str] = (),
    *,
    address: markdown.Address = str,
) -> list[dict[str, Any]]:
    """Every cell of a notebook that says something, as safe HTML.

    Parameters
    ----------
    notebook : NotebookNode
    page : Page, optional
        Whose notebook it is, and so which of ``data`` are behind its figures.
    data : collection of str
        Files, relative to the reports folder.
    address : str → str
        See :func:`avef.report.markdown.html`.

    Returns
    -------
    list of dict
        ``text`` of a Markdown cell and ``anchor``, its place's name where it has a
        heading; or ``code`` and ``outputs``, each of these
        with ``html``, or with ``image``, ``alt``, ``size``, ``kind`` and ``data``.
    """
    made: list[dict[str, Any]] = []
    section = ""
    for cell in notebook.cells:
        if not cell.source.strip():
            continue
        if cell.cell_type == "markdown":
            section = _heading(cell) or section
            place = anchor(_heading(cell))
            text = markdown.html(cell.source, address)
            made.append({"text": _linked(text, place), "anchor": place})
        elif cell.cell_type == "code":
            drawn = _drawn(cell.source, section, page, data)
            outputs = [_output(output, drawn, address) for output in cell.outputs]
            code = Markup(_highlight(cell.source))
            made.append({"code": code, "outputs": [output for output in outputs if output]})
    return made


def anchor(heading: str) -> str:
    """The name of a heading's place: what stands before the first dot or colon.

    Examples
    --------
    >>> anchor("V1 · How much of Emo-DB is speech"), anchor("Tables 8–10: confusions")
    ('v1', 'tables-8-10')
    """
    start = re.split(r" · |: ", heading)[0]
    return re.sub(r"[^a-z0-9]+", "-", start.lower()).strip("-")


def _drawn(source, section, page, data):
    """What is said of the images that a cell puts out."""
    name = gallery.named(source)
    if name is None:
        return {"alt": f"Figure of the section “{section}”.", "kind": "chart", "data": []}
    start = name.partition("-")[0]
    stage = page.notebook.partition("_")[2] if page else ""
    files = behind(start, page.corpus, data, stage=stage) if page else []
    return {"alt": gallery.describe(name)[1], "kind": gallery.kind(name), "data": files}


def _linked(html, place):
    """The first heading followed by a link to itself, whose sign the style sheet writes."""
    link = f'<a class="permalink" href="#{place}" aria-label="Link to this place"></a>'
    return Markup(re.sub(r"</h[1-6]>", rf"{link}\g<0>", str(html), count=1)) if place else html


def _output(output, drawn, address):
    """An output in the richest form that a page without scripts can show."""
    if output.output_type == "stream":
        return {"html": _plain(output.text)}
    if output.output_type == "error":
        return {"html": _plain("\n".join(output.traceback))}
    data = output.data
    if "text/html" in data:
        return {"html": clean(data["text/html"])}
    if "text/markdown" in data:
        return {"html": markdown.html(data["text/markdown"], address)}
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            # Notebooks break base64 into lines, URLs do not.
            text = "".join(data[kind].split())
            return {"image": f"data:{kind};base64,{text}", "size": _size(text)} | drawn
    return {"html": _plain(data["text/plain"])} if "text/plain" in data else None


def _size(encoded):
    try:
        return png_size(base64.b64decode(encoded[:32]))
    except ValueError:  # no base64
        return None


def _plain(text):
    return Markup('<pre class="output">{}</pre>').format(Markup(ansi2html(text.rstrip("\n"))))


def _heading(cell):
    """The first heading of a Markdown cell, without markup; empty where there is none."""
    if cell.cell_type != "markdown":
        return ""
    heading = re.search(r"^#+ +(.+?) *$", cell.source, re.MULTILINE)
    return re.sub(r"[`*]", "", heading[1]) if heading else ""
