"""What several subcommands share: a check of an option, and how anything is said."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable

from avef.core import inert
from avef.core.errors import ParameterError


def speakable() -> None:
    """Let a terminal that is not UTF-8 show what it lacks as an escape, not as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: object, *, error: bool = False) -> None:
    """Print lines that may hold what others wrote, such as a name, so that they drive nothing."""
    print(inert.shown(text, keep="\n"), file=sys.stderr if error else sys.stdout, flush=True)


def meant(corpus: str) -> str:
    """The corpus that an argument means: ``@`` is that of the DVC stage which runs, as svm@rml.

    So no name out of ``params.yaml`` becomes a word of a shell's command.

    Raises
    ------
    ParameterError
        If DVC runs no stage of one corpus.
    """
    if corpus != "@":
        return corpus
    _, of, name = os.environ.get("DVC_STAGE", "").rpartition("@")
    if not (of and name):
        raise ParameterError("@ is the corpus of a stage that DVC runs, and it runs none")
    return name


def known(corpus: str, corpora: Iterable[str], option: str) -> None:
    """Refuse a corpus that ``params.yaml`` does not name.

    Raises
    ------
    ParameterError
        Naming the option and the corpora that there are.
    """
    if corpus not in corpora:
        told = f"{option}: must be one of {', '.join(corpora)}, got {corpus[:80]!r}"
        raise ParameterError(told)
