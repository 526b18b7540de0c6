"""What is shown to people: executed notebooks, tables and names."""

import json

import nbformat
import pandas as pd
from bs4 import BeautifulSoup
from bs4.element import NavigableString

from avef.core import inert, outside
from avef.core.files import write_csv
from avef.recognition import batch, forms
from avef.recognition.result import Failure
from avef.report import notebooks, pages, sources
from doors.door import NASTY, ROOT, Door, as_json, spoilt, varied, varied_rows


class Notebooks(Door):
    """Executed notebooks of others', on their way into the report."""

    share, suffix = 8, ".ipynb"
    PIECES = (
        "<script>x()</script>", "<!-- ", " -->", "<![CDATA[", "]]>", "<svg onload=x()>", "</svg>",
        "<math><mtext>", "</math>", "<?php x() ?>", "<!DOCTYPE x [", "<style>", "</style>",
        "<img src=x ", "onerror=x()>", "<a href='", "javascript:x()", "data:text/html,x", "'>",
        "<table>", "<tr><td>", "</table>", "<template>", "<noscript>", "<xmp>", "<plaintext>",
        "<iframe srcdoc='", "\0", "&#x202e;", "&#27;", "text", "\u202e", "\x1b]8;;http://x\x07",
        "<b", "\"'>", "&lt;script&gt;", "`", "$x$", "\n\n", "# ", "| a | b |\n| - | - |\n",
        "[a](javascript:x())", "![a](http://x/y.png)", "<base href=//x>",
    )  # fmt: skip
    KINDS = (
        "text/html", "text/markdown", "text/plain", "image/png", "image/svg+xml", "text/latex",
    )  # fmt: skip

    def case(self, rng):
        """Hostile outputs and texts in a whole notebook; or one that is spoilt itself."""
        hostile = ["".join(rng.choices(self.PIECES, k=rng.randrange(1, 12))) for _ in range(4)]
        output = {rng.choice(self.KINDS): hostile[0]}
        cells = [
            nbformat.v4.new_markdown_cell(f"# {hostile[1]}"),
            nbformat.v4.new_code_cell(
                hostile[2],
                outputs=[
                    nbformat.v4.new_output("display_data", data=output),
                    nbformat.v4.new_output("stream", text=hostile[3]),
                ],
            ),
        ]
        book = nbformat.v4.new_notebook(cells=cells)
        for number, cell in enumerate(cells):
            cell["id"] = f"c{number}"
        way = rng.random()
        book = book if way < 0.6 else varied(json.loads(json.dumps(book)), rng)
        return as_json(book) if way < 0.8 else spoilt(as_json(book), rng)

    def open(self, path):
        """As the report does; on its pages nothing may run or load."""
        book = outside.notebook(path)
        notebooks.title(book)
        for cell in notebooks.cells(book):
            made = (
                [cell["text"]] if "text" in cell else [o.get("html", "") for o in cell["outputs"]]
            )
            for html in made:
                _lifeless(BeautifulSoup(str(html), "html.parser"))


_DEAD = {"script", "style", "iframe", "object", "embed", "form", "svg", "base", "meta"}
_DEAD |= {"maction", "annotation", "annotation-xml", "semantics", "mglyph"}  # formulas have none


def _lifeless(page):
    for node in page.descendants:
        if isinstance(node, NavigableString):
            assert type(node) is NavigableString, f"{type(node).__name__} is left"
            continue
        assert node.name not in _DEAD, f"<{node.name}> is left"
        assert not [name for name in node.attrs if name.startswith("on") or name == "style"]
        href, src = node.get("href", "#"), node.get("src", "data:image/png;")
        assert ":" not in href or href.lower().startswith(("http:", "https:", "mailto:", "#")), href
        assert src.startswith("data:image/"), src


class Pages(Door):
    """The tables that the report shows in ways of its own."""

    share, suffix = 3, ".csv"

    def __init__(self, folder):
        super().__init__(folder)
        names = ("claims", "power_needed", "table_4", "table_6", "table_8", "consistency")
        there = [(n, ROOT / f"reports/tables/{n}.csv") for n in names]
        self.whole = {
            n: [r.split(",") for r in p.read_text("utf-8").splitlines()[:40]] for n, p in there
        }

    def case(self, rng):
        """The table's name in the first line, then the table."""
        name = rng.choice([*self.whole])
        text = "\n".join(",".join(row) for row in varied_rows(self.whole[name], rng))
        data = text.encode("utf-8", "surrogatepass")
        return f"{name}\n".encode() + (spoilt(data, rng) if rng.random() < 0.3 else data)

    def open(self, path):
        """As the report does."""
        name, _, data = path.read_bytes().partition(b"\n")
        reports = self.folder / "reports"
        (reports / "tables").mkdir(parents=True, exist_ok=True)
        for old in reports.glob("tables/*"):
            old.unlink()
        (reports / "tables" / f"{name.decode()}.csv").write_bytes(data)
        html = pages.render(sources.read(reports))["index.html"]
        assert "<script" not in html and inert.shown(html, keep="\n\t") == html


def _letter(rng):
    """One of Latin's and the control characters, one that turns text round, or any."""
    ranges = (range(256), range(0x2000, 0x2100), range(0xD800))
    return chr(rng.choice(rng.choice(ranges)))


class Names(Door):
    """Names and labels, on their way to the terminal, JSON, CSV and back."""

    share, suffix = 10, ".txt"

    def case(self, rng):
        """Letters of all kinds, and what is nasty."""
        letters = [_letter(rng) for _ in range(rng.randrange(12))]
        pieces = [*letters, *rng.choices(NASTY[:20], k=2)]
        rng.shuffle(pieces)
        return "".join(pieces).encode("utf-8", "surrogatepass")

    def open(self, path):
        """Nothing of them acts, and entries come back."""
        name = path.read_bytes().decode("utf-8", "surrogateescape")
        said = inert.shown(name)
        assert inert.shown(said) == said
        assert inert.plain(inert.cell(name)) == name
        made = Failure(name, f"the file {name} is no film")
        for form in ("json", "csv"):
            assert batch.line(made, form).count("\n") == 1
        assert forms.text(made).isprintable() or "\n" not in forms.text(made)
        file = self.folder / "a.csv"
        write_csv(file, pd.DataFrame({"name": [said], "n": [-1.5]}))
        (again,) = outside.table(file, dtype=str, keep_default_na=False)["name"]
        assert again == said, (again, said)
