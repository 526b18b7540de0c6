"""What several subcommands share: the form of their help, and checks of options."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping
from typing import Any

from avef.core.errors import ParameterError

BACKENDS = ("tensorflow", "jax")


def backend(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a Keras backend that avef does not run on, before Keras is loaded and stumbles.

    Raises
    ------
    ParameterError
        Naming the variable.

    Examples
    --------
    >>> backend({"KERAS_BACKEND": "jax"})
    """
    name = environment.get("KERAS_BACKEND", "")
    if name and name not in BACKENDS:
        raise ParameterError(
            f"KERAS_BACKEND is {name!r}, and avef runs on {' or '.join(BACKENDS)}; "
            "`unset KERAS_BACKEND`"
        )


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


def known(corpus: str, corpora: Iterable[str], option: str) -> None:
    """Refuse a corpus that ``params.yaml`` does not name.

    Raises
    ------
    ParameterError
        Naming the option and the corpora that there are.
    """
    if corpus not in corpora:
        raise ParameterError(f"{option}: must be one of {', '.join(corpora)}, got {corpus!r}")
