"""Checks of options that several subcommands share."""

from __future__ import annotations

from collections.abc import Iterable

from avef.core.errors import ParameterError


def known(corpus: str, corpora: Iterable[str], option: str) -> None:
    """Refuse a corpus that ``params.yaml`` does not name.

    Raises
    ------
    ParameterError
        Naming the option and the corpora that there are.
    """
    if corpus not in corpora:
        raise ParameterError(f"{option}: must be one of {', '.join(corpora)}, got {corpus!r}")
