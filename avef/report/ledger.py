"""The replication ledger as a page on which every row can be linked by its id."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from markupsafe import Markup

from avef.report import markdown

_ID = re.compile(r"([A-Z]+)(\d+)(?:–[A-Z]*(\d+))?")


def html(text: str, address: markdown.Address = str) -> Markup:
    """The ledger, each row with the ids that its first entry names, and headings with theirs.

    Parameters
    ----------
    text : str
        Markdown: tables whose first column is an id, or a range of them.
    address : str → str
        See :func:`avef.report.markdown.html`.

    Examples
    --------
    >>> print(html("| id | what |\\n| --- | --- |\\n| T8–T9 | is |"))  # doctest: +ELLIPSIS
    <div aria-label="Table"...<td><span id="T8"></span><span id="T9"></span>T8–T9</td>...
    """
    page = BeautifulSoup(markdown.html(text, address), "html.parser")
    for heading in page.find_all(["h2", "h3"]):
        heading["id"] = re.sub(r"[^a-z0-9]+", "-", heading.get_text().lower()).strip("-")
    for row in page.select("tbody tr"):
        first = row.find(["td", "th"])
        for name in reversed(_ids(first.get_text().strip()) if first else []):
            first.insert(0, page.new_tag("span", id=name))
    return Markup(page.decode(formatter="minimal"))


def _ids(entry: str) -> list[str]:
    """The ids that an entry names: "T8–T10" three."""
    named = _ID.fullmatch(entry)
    if not named:
        return []
    kind, first, last = named.groups()
    return [f"{kind}{number}" for number in range(int(first), int(last or first) + 1)]
