"""The replication ledger as a page on which every row can be linked by its id."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from markupsafe import Markup

from avef.report import markdown

_LABEL = {"aria-label": "Link to this place"}
_ID = re.compile(r"([A-Z]+)(\d+)(?:–[A-Z]*(\d+))?")


def html(text: str, address: markdown.Address = str) -> Markup:
    """The ledger, with a place and a link to it for each heading and for each row's ids.

    Parameters
    ----------
    text : str
        Markdown: tables whose first column is an id, or a range of them.
    address : str → str
        See :func:`avef.report.markdown.html`.

    Examples
    --------
    >>> print(html("| id | what |\\n| --- | --- |\\n| T8–T9 | is |"))  # doctest: +ELLIPSIS
    <div aria-label="Table"...<td><span id="T8">...id="T9"></span><a href="#T8">T8–T9</a></td>...
    """
    page = BeautifulSoup(markdown.html(text, address), "html.parser")
    for heading in page.find_all(["h2", "h3"]):
        heading["id"] = re.sub(r"[^a-z0-9]+", "-", heading.get_text().lower()).strip("-")
        place = {"class": "permalink", "href": f"#{heading['id']}", **_LABEL}
        heading.append(page.new_tag("a", attrs=place))
    for first in page.select("tbody tr > :first-child"):
        names = _ids(first.get_text().strip())
        if names:
            first.wrap(page.new_tag("td"))
            first.name, first.attrs = "a", {"href": f"#{names[0]}"}
        for name in names:
            first.insert_before(page.new_tag("span", id=name))
    return Markup(page.decode(formatter="minimal"))


def _ids(entry: str) -> list[str]:
    """The ids that an entry names: "T8–T10" three."""
    named = _ID.fullmatch(entry)
    if not named:
        return []
    kind, first, last = named.groups()
    return [f"{kind}{number}" for number in range(int(first), int(last or first) + 1)]
