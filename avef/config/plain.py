"""YAML as plain values, refused before it is unfolded where no parameters are like it.

A few lines whose entries repeat each other can stand for billions of values, thousands of
brackets exhaust the parser, and a tag asks for an object. Parameters need none of this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent

from avef.core import inert, outside
from avef.core.errors import ParameterError

#: Bytes, levels, and values where every repetition counts anew. ``params.yaml`` has about
#: 10 000, 5 and 500.
LARGEST, DEEPEST, MOST = 2**20, 20, 20_000


def text(path: str | Path) -> str:
    """A YAML file's text.

    Raises
    ------
    ParameterError
        Naming the file, if it is not there, too large, or not UTF-8.
    """
    if not Path(path).exists():
        raise ParameterError(f"{inert.shown(path)}: no such file; run from the repository's root")
    return outside.text(path, LARGEST)


def read(path: str | Path) -> Any:
    """A YAML file as it stands, not checked."""
    return parsed(text(path), path)


def parsed(text: str, name: str | Path = "params.yaml") -> Any:
    """YAML text as it stands, not checked.

    Raises
    ------
    ParameterError
        In one line, if it is no YAML, or deeper or larger than parameters are.

    Examples
    --------
    >>> parsed("seeds: [1, 2]")
    {'seeds': [1, 2]}
    >>> parsed("[" * 1000)
    Traceback (most recent call last):
    avef.core.errors.ParameterError: params.yaml: not valid YAML: more than 20 levels (line 1)
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Bounded
    try:
        return yaml.load(text)
    except (YAMLError, *outside.FOREIGN) as error:  # ValueError: such as a month 13
        raise ParameterError(f"{inert.shown(name)}: not valid YAML: {_told(error)}") from error


class _Bounded(Composer):
    """Composes nodes, counting levels, and values as often as they are repeated."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self.warn_double_anchors = False
        self._level = self._count = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event, before = self.parser.peek_event(), self._count
        if isinstance(event, AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._sizes:
                raise ComposerError(None, None, "an entry that holds itself", event.start_mark)
            self._count += self._sizes[id(node)]
        else:
            if event.tag is not None:
                raise ComposerError(None, None, f"a tag, {event.tag}", event.start_mark)
            self._level, self._count = self._level + 1, self._count + 1
            if self._level > DEEPEST:
                told = f"more than {DEEPEST} levels"
                raise ComposerError(None, None, told, event.start_mark)
            node = super().compose_node(parent, index)
            self._level -= 1
            self._sizes[id(node)] = self._count - before
        if self._count > MOST:
            raise ComposerError(None, None, f"more than {MOST} values", event.start_mark)
        return node


def _told(error):
    """An error of the parser's in one line."""
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    said = error.problem if isinstance(error, MarkedYAMLError) and error.problem else error
    said = " ".join(inert.shown(said, keep="\n").split())
    return said[:200] + (f" (line {mark.line + 1})" if mark else "")
