"""Does every link of a built site lead somewhere, and does no page load anything from elsewhere?

python docs/check_links.py site
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Tag → the attribute whose address a browser loads without being asked.
LOADED = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}
#: Kinds of <link> that load nothing.
POINTERS = {"canonical", "next", "prev", "index", "search", "author", "genindex"}


class Page(HTMLParser):
    """A page's places, links and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.places, self.links, self.loaded = set(), set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Note down what one tag names, leads to and loads."""
        given = dict(attrs)
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}
        address = given.get(LOADED.get(tag, "href"))
        if not address:
            return
        if tag in LOADED and given.get("rel") not in POINTERS:
            self.loaded.add(address)
        else:
            self.links.add(address)


def faults(folder):
    """Yield, in words, each link of the pages in a folder that leads nowhere, and each load."""
    folder = Path(folder).resolve()
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for address in sorted(page.links | page.loaded):
            parts = urlsplit(address)
            fault = None
            if parts.scheme or parts.netloc:
                fault = "is loaded from elsewhere" if address in page.loaded else None
                fault = None if parts.scheme == "data" else fault
            elif not _leads(parts, path, pages):
                fault = "leads nowhere"
            if fault:
                yield f"{path.relative_to(folder)}: {address} {fault}"


def _leads(parts, path, pages):
    """Whether an address within the site names a file, and a place in it."""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return False
    place = unquote(parts.fragment)
    return not place or target not in pages or place in pages[target].places


def main(folder):
    """Print every fault; the exit status."""
    told = list(faults(folder))
    print("\n".join(told) or "All links lead somewhere.", file=sys.stderr if told else sys.stdout)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
