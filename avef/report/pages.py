"""Every page's HTML from what was read: nothing is read or written here but the templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2

from avef.core.inert import shown
from avef.evaluation import captions, claims
from avef.evaluation.marks import SAID
from avef.evaluation.tables import CONFUSIONS
from avef.report import gallery, ledger, links, notebooks, opening, real, view
from avef.report.data import ARCHIVE, LEDGER_PAGE
from avef.report.sources import Sources

_TEMPLATES = Path(__file__).parent / "templates"


def render(sources: Sources) -> dict[str, str]:
    """Path relative to the reports folder → HTML: the index, every notebook, and the ledger.

    What drives a terminal or turns a text round, whoever wrote it, stands there as an escape.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["css"] = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    environment.globals["archive"] = ARCHIVE if sources.data else ""
    environment.globals["ledger"] = LEDGER_PAGE if sources.ledger else ""
    pages = notebooks.pages(sources.notebooks)
    made = {"index.html": environment.get_template("index.html").render(index(sources, pages))}
    template = environment.get_template("notebook.html")
    for place, page in enumerate(pages):
        to = links.address("notebooks", pages, page.corpus)
        made[page.path] = template.render(
            page=page,
            cells=notebooks.cells(sources.notebooks[page.stem], page, sources.data, address=to),
            made=sources.made.lines([page.stem], page.corpus),
            before=pages[place - 1] if place else None,
            after=pages[place + 1] if place + 1 < len(pages) else None,
            others=[p for p in pages if p.notebook == page.notebook and p != page],
        )
    if sources.ledger:
        text = ledger.html(sources.ledger, links.address("", pages))
        made[LEDGER_PAGE] = environment.get_template("ledger.html").render(text=text)
    return {path: shown(html, keep="\n\t") for path, html in made.items()}


def index(sources: Sources, pages: Sequence[notebooks.Page]) -> dict[str, Any]:
    """What the index's template fills in; None where a file is not there."""
    tables = sources.tables

    def given(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(tables[name], *arguments) if name in tables else None

    titles = {page.path: page.short_title for page in pages}
    rows = given("claims", view.claim_rows, titles, tables.get("power_needed"))
    measured = real.measured(sources.real) if sources.real else {}
    rows = rows and [row | _known(row, measured) for row in rows]
    return {
        "opening": opening.blocks(
            tables, rows or [], measured=sources.real, demo=sources.mark == "demo"
        ),
        "mark": SAID[sources.mark],
        "real": real.known(sources.real) if sources.real else None,
        "claims": rows,
        "verdicts": view.by_verdict(rows or []),
        "rules": view.grid(claims.rules()),
        "join": claims.JOIN,
        "corpora": {n: given(f"table_{n}", view.grid) for n in (1, 2, 3)},
        "accuracies": {n: given(f"table_{n}", view.accuracies) for n in (4, 5, 6, 7)},
        "matrices": {n: given(f"table_{n}", view.matrices) for n in CONFUSIONS},
        "title": captions.title,
        "consistency": given("consistency", view.identities),
        "further": view.further(tables),
        "heading_of": gallery.heading,
        "figures": gallery.groups(sources.images, sources.data),
        "notebooks": notebooks.groups(pages),
        "failed": sources.failed,
        "files": view.files(sources.prepared),
        "quarantine": view.quarantine(sources.quarantine),
        "params": sources.params,
        "reference": sources.reference,
        "made": sources.made.lines(sources.notebooks),
        "versions": sources.made.versions,
    }


def _known(row, measured):
    """What was measured apart from this run, of a claim that the run itself could not judge."""
    return measured.get(row["id"], {}) if row["verdict"] == claims.NOT_RUN else {}
