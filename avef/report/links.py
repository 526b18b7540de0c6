"""Where the links of notebooks and of the ledger lead from their pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from avef.report.data import LEDGER, LEDGER_PAGE
from avef.report.notebooks import Page

_HERE = "reports/html"


def address(folder: str, pages: Sequence[Page], corpus: str = "") -> Callable[[str], str]:
    """What a link in a file of the repository becomes on a page of ``reports/html``.

    Parameters
    ----------
    folder : str
        The file's, relative to the repository; empty where that is its folder.
    pages : sequence of Page
        In reading order. A link to a notebook leads to its page, of the same corpus where
        there is one; where it has none, to the list of all.
    corpus : str
        Whose page the link stands on.

    Examples
    --------
    >>> to = address("notebooks", [Page("06_svm-rml", "rml", "SVM")])
    >>> to("../REPLICATION.md#C9"), to("06_svm.ipynb"), to("09_x.ipynb"), to("../README.md")
    ('replication.html#C9', '06_svm-rml.html', '../index.html#notebooks', '../../README.md')
    >>> to("https://doi.org/10.1/x"), to("#k1")
    ('https://doi.org/10.1/x', '#k1')
    """
    by_name = {page.notebook: page for page in reversed(pages)}
    by_name |= {page.notebook: page for page in pages if page.corpus == corpus}

    def lead(url: str) -> str:
        path, sign, place = url.partition("#")
        if not path or re.match(r"[a-z]+:|/", path):
            return url
        target = posixpath.normpath(posixpath.join(folder, path))
        name = re.fullmatch(r"notebooks/([^/]+)\.ipynb", target)
        if name:
            page = by_name.get(name[1])
            return f"{page.stem}.html{sign}{place}" if page else "../index.html#notebooks"
        if target == LEDGER:
            return posixpath.basename(LEDGER_PAGE) + sign + place
        return posixpath.relpath(target, _HERE) + sign + place

    return lead
