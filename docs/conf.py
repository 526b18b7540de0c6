"""How Sphinx makes the site: pages in Markdown, a reference read from the code, never run."""

import re
from pathlib import Path

from pygments.lexers.special import TextLexer

_INIT = (Path(__file__).parents[1] / "avef" / "__init__.py").read_text(encoding="utf-8")

project = "avef"
version = release = re.search(r'^__version__ = "(.+)"', _INIT, re.MULTILINE)[1]
extensions = ["myst_parser", "autoapi.extension", "sphinx.ext.napoleon"]
nitpicky = True  # a role in a docstring that leads nowhere stops the build ...
nitpick_ignore_regex = [("py:class", ".*")]  # ... but types are words, such as "ndarray (n,)"
suppress_warnings = [
    "autoapi.python_import_resolution",  # of constants, which have no docstring
    "ref.python",  # names such as "add" that several modules have: any of them will do
]

myst_heading_anchors = 3
myst_url_schemes = {
    "http": None,
    "https": None,
    "mailto": None,
    "report": {"url": "reports/{{path}}#{{fragment}}"},  # `make docs` puts the report there
}

autoapi_dirs = ["../avef"]
autoapi_ignore = ["*/__main__.py"]
autoapi_root = "api"
autoapi_add_toctree_entry = False
autoapi_member_order = "bysource"
autoapi_options = ["members", "undoc-members", "show-module-summary"]
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"avef {release}"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_show_search_summary = False  # which a browser cannot read from files


def setup(app):
    """Pygments knows no CSV, and nothing is to be highlighted in it."""
    app.add_lexer("csv", TextLexer)
