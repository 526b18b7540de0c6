"""What several subcommands share: help's form, checks of options, how things are said."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from avef.core import inert, standard
from avef.core.errors import ParameterError


class Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Help with the defaults that there are, and with examples line by line."""

    def _get_help_string(self, action):
        """A switch that is off, or what is not given, is no default that need be told."""
        return super()._get_help_string(action) if action.default else action.help


def command(commands: Any, name: str, says: str, *, example: str) -> argparse.ArgumentParser:
    """Add a subcommand to argparse's, with an example, of some lines perhaps, below its help."""
    shown = "\n".join(f"  {line}" for line in example.splitlines())
    described = says[0].upper() + says[1:] + "."
    epilog = f"example:\n{shown}"
    return commands.add_parser(
        name, help=says, description=described, epilog=epilog, formatter_class=Help
    )


def speakable() -> None:
    """Let a terminal that is not UTF-8 show what it lacks as an escape, not as a traceback.

    A stream that was closed, as by ``2>&-``, swallows what is said.
    """
    standard.hold()
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 (it stays)
            setattr(sys, name, nothing)
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
