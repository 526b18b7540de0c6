"""The report: a static site of every result, claim, figure and notebook, for any browser.

It needs no server, no network and no scripts. :mod:`~avef.report.sources` reads
what the stages left, :mod:`~avef.report.opening`, :mod:`~avef.report.view` and
:mod:`~avef.report.gallery` turn it into what a page shows,
:mod:`~avef.report.notebooks` turns notebooks into pages and :mod:`~avef.report.ledger` the
replication ledger, both by :mod:`~avef.report.markdown`, with formulas from
:mod:`~avef.report.formulas`; the templates lay it out.
:func:`build` alone writes.
"""

from __future__ import annotations

from pathlib import Path

from avef.core.files import replacing, write_text
from avef.report import data, pages, sources


def build(folder: str | Path) -> None:
    """Write ``index.html``, ``html/*.html`` and the zip of all data into a reports folder.

    Parameters
    ----------
    folder : path
        The reports folder; its parent is the repository. Whatever is not there
        yet is named on the page. Pages of notebooks that are gone are removed.
    """
    folder = Path(folder)
    given = sources.read(folder)
    made = pages.render(given)
    for name, text in made.items():
        write_text(folder / name, text)
    for path in (folder / "html").glob("*.html"):
        if f"html/{path.name}" not in made:
            path.unlink()
    archive = folder / data.ARCHIVE
    if given.data:
        with replacing(archive) as path:
            path.write_bytes(data.archive(given.data))
    else:
        archive.unlink(missing_ok=True)
