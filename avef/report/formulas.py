"""TeX of a notebook as MathML, which browsers lay out themselves: no scripts, no network.

What the converter puts out is not trusted, and it escapes no text: of its tree only
the elements and attributes that lay out a formula are taken, and every text is escaped.
"""

from __future__ import annotations

import re
from html import unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup

_ELEMENTS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mpadded"}
    | {"mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover"}
    | {"mtable", "mtr", "mtd"}
)
_ATTRIBUTES = frozenset(
    {"display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "form"}
    | {"accent", "movablelimits", "width", "minsize", "maxsize", "linethickness"}
    | {"columnalign", "columnspacing", "rowspacing"}
)
_NUMBER = re.compile(r"\s*\\tag\{([^{}]*)\}")


class FormulaError(ValueError):
    """A formula that cannot be laid out."""


def mathml(tex: str, *, display: bool = False) -> Markup:
    r"""A formula as an element ``math``.

    Parameters
    ----------
    tex : str
        Without the dollar signs around it.
    display : bool
        Whether it stands on a line of its own.

    Raises
    ------
    FormulaError
        If the converter does not know a command, or what it makes is no plain formula.

    Examples
    --------
    >>> mathml(r"\mu < 1")
    Markup('<math display="inline"><mrow><mi>μ</mi><mo>&lt;</mo><mn>1</mn></mrow></math>')
    >>> mathml(r"\nothing")
    Traceback (most recent call last):
    avef.report.formulas.FormulaError: \nothing: not known
    """
    try:
        made = convert_to_element(tex, display="block" if display else "inline")
    except Exception as error:  # its errors share no class of their own
        raise FormulaError(f"{tex}: {type(error).__name__}") from error
    return Markup(tostring(_copy(made), encoding="unicode"))


def shown(tex: str, *, display: bool = False) -> Markup:
    r"""A formula as a page shows it: one of a line of its own in a box, with its number.

    What cannot be laid out stays as TeX.

    Examples
    --------
    >>> shown(r"x \tag{2.1}", display=True).striptags()
    'x (2.1)'
    >>> shown(r"\nothing <b>")
    Markup('<code>\\nothing &lt;b&gt;</code>')
    """
    number = _NUMBER.search(tex)
    try:
        made = mathml(_NUMBER.sub("", tex).strip(), display=display)
    except FormulaError:
        return Markup("<code>{}</code>").format(tex.strip())
    if not display:
        return made
    tag = Markup(' <span class="tag">({})</span>').format(number[1]) if number else ""
    box = '<span class="formula" role="group" tabindex="0" aria-label="Formula">{}{}</span>'
    return Markup(box).format(made, tag)


def _copy(given: Element) -> Element:
    """What lays out a formula, and nothing else; entities as the characters that they name."""
    text = unescape(given.text or "")
    if given.tag not in _ELEMENTS or text.startswith("\\"):
        raise FormulaError(f"{text or given.tag}: not known")
    attributes = {name: value for name, value in given.attrib.items() if name in _ATTRIBUTES}
    made = Element(given.tag, attributes)
    made.text = text
    made.extend([_copy(child) for child in given])
    return made
