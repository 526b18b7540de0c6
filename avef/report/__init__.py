"""The report: a static site of every result, claim, figure and notebook, for any browser.

It needs no server, no network and no scripts. :mod:`~avef.report.sources` reads
what the stages left, :mod:`~avef.report.view` and :mod:`~avef.report.gallery` turn
it into what a page shows, :mod:`~avef.report.notebooks` turns notebooks into pages;
the templates lay it out. :func:`build` alone writes.
"""

from __future__ import annotations

from pathlib import Path

from avef.core.files import write_text
from avef.report import pages, sources


def build(folder: str | Path) -> None:
    """Write ``index.html`` and ``html/*.html`` into a reports folder.

    Parameters
    ----------
    folder : path
        The reports folder; its parent is the repository. Whatever is not there
        yet is named on the page. Pages of notebooks that are gone are removed.
    """
    folder = Path(folder)
    made = pages.render(sources.read(folder))
    for name, text in made.items():
        write_text(folder / name, text)
    for path in (folder / "html").glob("*.html"):
        if f"html/{path.name}" not in made:
            path.unlink()
