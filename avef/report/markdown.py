"""Markdown of notebooks and of the ledger as safe HTML, with formulas, and links that hold."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from avef.report import formulas
from avef.report.clean import clean

Address = Callable[[str], str]


def html(source: str, address: Address = str) -> Markup:
    r"""Markdown as HTML, as :func:`~avef.report.clean.clean` leaves it.

    Parameters
    ----------
    source : str
    address : str → str
        Where a link leads from the page.

    Examples
    --------
    >>> html("[*one*](a.ipynb)", lambda url: url.replace("ipynb", "html"))
    Markup('<p><a href="a.html"><em>one</em></a></p>')
    >>> html("$x$")
    Markup('<p><math display="inline"><mrow><mi>x</mi></mrow></math></p>')
    """
    renderer = _Renderer(address)
    safe = clean(MarkdownWithMath(renderer=renderer).render(source))
    return Markup(_PLACE.sub(renderer.formula, safe))


#: Where a formula goes once the rest is clean: the sanitiser would have to know MathML.
_PLACE = re.compile(r'<span class="formula-(\d+)"></span>')


class _Renderer(IPythonRenderer):
    """Leaves a place for each formula, and keeps the formula."""

    def __init__(self, address: Address) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        self._address = address
        self._formulas: list[Markup] = []

    def formula(self, place: re.Match[str]) -> str:
        return self._formulas[int(place[1])]

    def block_math(self, body: str) -> str:
        return self._place(body, display=True)

    def inline_math(self, body: str) -> str:
        return self._place(body, display=False)

    def latex_environment(self, name: str, body: str) -> str:
        return self._place(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, self._address(url), title)

    def _place(self, tex: str, *, display: bool) -> str:
        self._formulas.append(formulas.shown(tex, display=display))
        return f'<span class="formula-{len(self._formulas) - 1}"></span>'
