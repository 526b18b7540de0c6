"""The report: every executed notebook as a page, and an index that links them."""

from __future__ import annotations

import html
from pathlib import Path

import nbformat
import pandas as pd
from nbconvert import HTMLExporter

from avef.files import write_text
from avef.tables import DEMO, TITLES


def build(folder: str | Path) -> None:
    """Write ``index.html`` and ``html/*.html`` from ``notebooks/`` and ``tables/``.

    Parameters
    ----------
    folder : path
        The reports folder.
    """
    folder = Path(folder)
    exporter = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True)
    pages = []
    for path in sorted((folder / "notebooks").glob("[0-9]*.ipynb")):
        if path.name.endswith(".failed.ipynb"):
            continue
        notebook = nbformat.read(path, as_version=4)
        body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})
        write_text(folder / "html" / f"{path.stem}.html", body)
        pages.append((path.stem, _title(notebook)))
    write_text(folder / "index.html", _index(folder, pages))


def _title(notebook):
    first = notebook.cells[0].source.splitlines()[0]
    return first.removeprefix("# ")


def _index(folder, pages):
    tables = [_table(folder / "tables" / f"table_{n}.csv", n) for n in (4, 5, 6, 7)]
    demo = any("demo" in set(_read(folder / "tables" / f"table_{n}.csv")["data"]) for n in (4, 6))
    mark = f'<p class="mark">{html.escape(DEMO)}</p>' if demo else ""
    links = "\n".join(
        f'<li><a href="html/{stem}.html">{html.escape(title)}{_corpus(stem)}</a></li>'
        for stem, title in pages
    )
    matrices = "\n".join(
        f'<figure><img src="figures/table_{n}.png" alt="{TITLES[n]}"></figure>' for n in (8, 9, 10)
    )
    return PAGE.format(mark=mark, links=links, tables="\n".join(tables), matrices=matrices)


def _corpus(stem):
    corpus = stem.partition("-")[2]
    return f" · {corpus}" if corpus else ""


def _read(path):
    return pd.read_csv(path)


def _table(path, number):
    table = _read(path).drop(columns=["table", "data"])
    body = table.to_html(index=False, border=0, na_rep="–", float_format="{:.2f}".format)
    caption = f"Table {number}. {html.escape(TITLES[number])} (percent)"
    return body.replace("<thead>", f"<caption>{caption}</caption><thead>", 1)


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>avef: a reproduction of AVEF</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; margin: 1.5rem 0; display: block; overflow-x: auto; }}
caption {{ text-align: left; font-weight: 600; padding-bottom: .4rem; }}
th, td {{ padding: .15rem .7rem; text-align: right; border-top: 1px solid #8884; }}
img {{ max-width: 100%; background: #fff; }}
.mark {{ border-left: .3rem solid #d55e00; padding: .4rem .8rem; background: #d55e0018; }}
</style>
<h1>Audio-visual emotion fusion, reproduced</h1>
{mark}
<h2>Notebooks</h2>
<ul>
{links}
</ul>
<h2>Tables 4–7</h2>
{tables}
<h2>Tables 8–10</h2>
{matrices}
</html>
"""
