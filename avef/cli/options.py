"""Checks of options that several subcommands share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

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


def known(corpus: str, corpora: Iterable[str], option: str) -> None:
    """Refuse a corpus that ``params.yaml`` does not name.

    Raises
    ------
    ParameterError
        Naming the option and the corpora that there are.
    """
    if corpus not in corpora:
        raise ParameterError(f"{option}: must be one of {', '.join(corpora)}, got {corpus!r}")
