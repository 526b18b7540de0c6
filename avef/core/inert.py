"""What others wrote, made text that nothing acts on: no terminal, no spreadsheet, no page.

Names of files, labels and messages come from outside. A control character in one drives a
terminal, a direction mark reorders what stands beside it, and a spreadsheet runs a formula.
"""

from __future__ import annotations

import os
import re

#: Control characters, separators of lines, marks that turn a text round, bytes that are no UTF-8.
_ACTS = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: How a formula begins, after apostrophes that an entry may have by itself.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # the wide ones, too
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)")


def shown(text: object, keep: str = "") -> str:
    r"""A text in which whatever is no letter of any script stands as its escape.

    Parameters
    ----------
    text : object
        A string or what has one, such as a path or an error.
    keep : str
        Control characters that are wanted, such as the line ends of a message.

    Examples
    --------
    >>> print(shown("ü\x1b[31m\u202egpj.exe"), shown(os.fsdecode(b"T\xfcrk/an1.avi")))
    ü\x1b[31m\u202egpj.exe T\xfcrk/an1.avi
    """
    return _ACTS.sub(lambda one: one[0] if one[0] in keep else _escaped(one[0]), str(text))


def _escaped(character):
    if "\udc80" <= character <= "\udcff":  # a byte that is no UTF-8, as Python reads file names
        return f"\\x{os.fsencode(character).hex()}"
    return character.encode("unicode_escape").decode("ascii")


def cell(text: str) -> str:
    """A table's entry that no spreadsheet takes for a formula; a number stays as it is.

    :func:`plain` gives the entry back.

    Examples
    --------
    >>> cell("=1+1/an1.avi"), cell("'=1"), cell("-2.5"), cell("a.avi")
    ("'=1+1/an1.avi", "''=1", '-2.5', 'a.avi')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def plain(entry: str) -> str:
    """The text that :func:`cell` made an entry of.

    Examples
    --------
    >>> [plain(cell(text)) for text in ("=1+1", "''@x", "'quoted'", "-2.5")]
    ['=1+1', "''@x", "'quoted'", '-2.5']
    """
    return entry[1:] if entry[:1] == "'" and _FORMULA.match(entry) else entry
