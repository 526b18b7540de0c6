"""HTML that a notebook holds, made fit for a page: nothing that runs or loads, tables that scroll.

pandas gives every table the same ids and no scopes; what a table says of a file
may hold anything. So only known tags and attributes stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import nh3
from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

from avef.report.view import numbers

#: Their contents go, too.
_DROPPED = {"script", "style", "iframe", "object", "embed", "form", "svg", "math", "template"}
_BLOCKS = "h1 h2 h3 h4 h5 h6 p div pre blockquote ul ol li hr br table thead tbody tfoot tr caption"
_SPANS = "a b strong i em code kbd sub sup del span img th td"
_TAGS = {*_BLOCKS.split(), *_SPANS.split()}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
    "div": {"class"},  # of highlighted code
    "span": {"class"},
}
_SCHEMES = {"http", "https", "mailto", "data"}
#: nh3 has one list of schemes for links and images: these keep data: to the images.
_ADDRESSES = {
    "href": re.compile(r"https?://|mailto:|#|[^:]+$"),
    "src": re.compile(r"data:image/(png|jpeg|gif);"),
}


def clean(html: str) -> Markup:
    """Safe HTML: unknown tags lose their tags, dangerous ones their contents too.

    Images stay if they are embedded, of others their alternative text; tables
    get scopes and a box of their own to scroll in.

    Examples
    --------
    >>> clean("<p onclick='run()'>One <blink>word</blink><script>run()</script><!-- x --></p>")
    Markup('<p>One word</p>')
    >>> clean("<a href='javascript:run()'>link</a> <img src='https://far.example/a.png' alt='far'>")
    Markup('<a>link</a> far')
    """
    safe = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_known_address,
        url_schemes=_SCHEMES,
        strip_comments=True,
        link_rel=None,  # no link of a page opens a window, which alone could reach back
    )
    soup = BeautifulSoup(safe, "html.parser")
    for image in soup.find_all("img", src=False):
        image.replace_with(str(image.get("alt", "")))
    for table in soup.find_all("table"):
        _repair(table)
        _box(soup, table)
    return Markup(soup.decode(formatter="minimal").strip())


def _known_address(tag: str, attribute: str, value: str) -> str | None:
    """The value; None, which drops the attribute, for an address that the page must not have."""
    allowed = _ADDRESSES.get(attribute)
    return value if allowed is None or allowed.match(value.strip()) else None


def _repair(table: Tag) -> None:
    """Give every header a scope, and columns of numbers and header rows the form of a page.

    pandas writes the index's name in a row of its own, below the columns' names.
    """
    head = table.find("thead")
    lines = head.find_all("tr") if head else []
    if len(lines) == 2:
        upper, lower = (line.find_all("th") for line in lines)
        if len(upper) == len(lower) > 0 and not any(map(_text, lower[1:])):
            upper[0].string = _text(lower[0])
            lines[1].decompose()
    for header in table.find_all("th"):
        header["scope"] = "col" if header.find_parent("thead") else "row"
    rows = [line.find_all(["th", "td"]) for line in table.find_all("tr")]
    if not rows or len({len(row) for row in rows}) > 1:  # entries that span others: no columns
        return
    for column in zip(*rows, strict=True):
        _mark_numbers(column)


def _mark_numbers(column: Iterable[Tag]) -> None:
    entries = list(column)
    if numbers(_text(entry) for entry in entries if entry.name == "td"):
        for entry in entries:
            entry["class"] = "number"


def _box(soup: BeautifulSoup, table: Tag) -> None:
    """Put a table into a box that scrolls, can be reached by keyboard and has a name."""
    caption = table.find("caption")
    label = _text(caption) if caption else ""
    attributes = {"class": "scroll", "role": "region", "tabindex": "0"}
    table.wrap(soup.new_tag("div", attrs=attributes | {"aria-label": label or "Table"}))


def _text(tag: Tag) -> str:
    return tag.get_text().replace("\xa0", " ").strip()
