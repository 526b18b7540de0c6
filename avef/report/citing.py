"""How to cite the paper, from the repository's ``CITATION.cff``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from avef.config import plain
from avef.core.errors import ParameterError


class Reference(NamedTuple):
    """A published paper: the line for a list of references, its address, and BibTeX."""

    text: str
    address: str
    bibtex: str


def read(text: str) -> Reference | None:
    """The first article that a ``CITATION.cff`` refers to; None where there is none.

    Examples
    --------
    >>> reference = read('''
    ... references:
    ...   - {type: article, title: "On X", authors: [{family-names: Ma, given-names: Y.}],
    ...      journal: J, year: 2019, volume: 4, start: 1, end: 9, doi: 10.1/x}
    ... ''')
    >>> reference.text
    'Y. Ma: On X. J 4 (2019) 1–9.'
    >>> print(reference.bibtex)
    @article{ma2019,
      author  = {Ma, Y.},
      title   = {{On X}},
      journal = {J},
      year    = {2019},
      volume  = {4},
      pages   = {1--9},
      doi     = {10.1/x},
    }
    """
    try:
        told = plain.parsed(text, "CITATION.cff")
        return _reference(next(r for r in told["references"] if r["type"] == "article"))
    except (ParameterError, KeyError, TypeError, AttributeError, IndexError, StopIteration):
        return None


def _reference(about: Mapping[str, Any]) -> Reference:
    people = [(one["given-names"], one["family-names"]) for one in about["authors"]]
    fields = {
        "author": " and ".join(f"{family}, {given}" for given, family in people),
        "title": f"{{{about['title']}}}",
        "journal": about["journal"],
        "year": about["year"],
        "volume": about["volume"],
        "pages": f"{about['start']}--{about['end']}",
        "doi": about["doi"],
    }
    lines = "".join(f"  {name:7} = {{{value}}},\n" for name, value in fields.items())
    written = ", ".join(f"{given} {family}" for given, family in people)
    return Reference(
        f"{written}: {about['title']}. {about['journal']} {about['volume']} ({about['year']}) "
        f"{about['start']}–{about['end']}.",
        f"https://doi.org/{about['doi']}",
        f"@article{{{people[0][1].lower()}{about['year']},\n{lines}}}",
    )
