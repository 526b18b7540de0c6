"""HTML that a notebook holds, made fit for a page: nothing that runs or loads, tables that scroll.

pandas gives every table the same ids and no scopes; what a table says of a file
may hold anything. So only known tags and attributes stay.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

from avef.report.view import numbers

#: Their contents go, too.
_DROPPED = {"script", "style", "iframe", "object", "embed", "form", "svg", "math", "template"}
_BLOCKS = "h1 h2 h3 h4 h5 h6 p div pre blockquote ul ol li hr br table thead tbody tfoot tr caption"
_SPANS = "a b strong i em code kbd sub sup del span img th td"
_KEPT = frozenset(f"{_BLOCKS} {_SPANS}".split())
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
    "div": {"class"},  # of highlighted code
    "span": {"class"},
}


def clean(html: str) -> Markup:
    """Safe HTML: unknown tags lose their tags, dangerous ones their contents too.

    Images stay if they are embedded, of others their alternative text; tables
    get scopes and a box of their own to scroll in.
    """
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(True):
        if tag.name not in _KEPT:
            tag.unwrap()
            continue
        tag.attrs = {k: v for k, v in tag.attrs.items() if k in _ATTRIBUTES.get(tag.name, ())}
        if tag.name == "a" and not _is_link(tag.get("href", "")):
            del tag["href"]
        if tag.name == "img" and not _is_embedded(tag.get("src", "")):
            tag.replace_with(tag.get("alt", ""))
    for table in soup.find_all("table"):
        _repair(table)
        _box(soup, table)
    return Markup(soup.decode(formatter="minimal").strip())


def _is_link(target):
    return bool(re.match(r"(https?://|mailto:|#|[^:]+$)", target.strip()))


def _is_embedded(source):
    return bool(re.match(r"data:image/(png|jpeg|gif);", source.strip()))


def _repair(table):
    """Give every header a scope, and columns of numbers and header rows the form of a page.

    pandas writes the index's name in a row of its own, below the columns' names.
    """
    head = table.find("thead")
    rows = head.find_all("tr") if head else []
    if len(rows) == 2:
        upper, lower = (row.find_all("th") for row in rows)
        if len(upper) == len(lower) > 0 and not any(map(_text, lower[1:])):
            upper[0].string = _text(lower[0])
            rows[1].decompose()
    for cell in table.find_all("th"):
        cell["scope"] = "col" if cell.find_parent("thead") else "row"
    rows = [row.find_all(["th", "td"]) for row in table.find_all("tr")]
    if not rows or len({len(row) for row in rows}) > 1:  # cells that span others: no columns
        return
    for column in zip(*rows, strict=True):
        if numbers(_text(cell) for cell in column if cell.name == "td"):
            for cell in column:
                cell["class"] = "number"


def _box(soup: BeautifulSoup, table: Tag):
    """Put a table into a box that scrolls, can be reached by keyboard and has a name."""
    caption = table.find("caption")
    label = _text(caption) if caption else ""
    attributes = {"class": "scroll", "role": "region", "tabindex": "0"}
    table.wrap(soup.new_tag("div", attrs=attributes | {"aria-label": label or "Table"}))


def _text(tag):
    return tag.get_text().replace("\xa0", " ").strip()
