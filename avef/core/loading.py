"""How Keras and TensorFlow are loaded: on a backend that avef runs on, and without greetings.

Two of TensorFlow's libraries log a line, "oneDNN custom operations are on", before they have read
``TF_CPP_MIN_LOG_LEVEL``, so that no setting silences it. :class:`Finder` leaves such lines out
where that level does; all else that is said meanwhile is shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

from avef.core.errors import ParameterError

BACKENDS = ("tensorflow", "jax")
#: Lines of the kind "information", and what stands above the first line of any kind.
_NOISE = r"/^I[0-9]\{4\} [0-9.:]* *[0-9]* /d; /^WARNING: All log messages before absl/d"


def require_backend(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a Keras backend that avef does not run on, before Keras is loaded and stumbles.

    Raises
    ------
    ParameterError
        Naming the variable.

    Examples
    --------
    >>> require_backend({"KERAS_BACKEND": "jax"})
    """
    name = environment.get("KERAS_BACKEND", "")
    if name and name not in BACKENDS:
        raise ParameterError(
            f"KERAS_BACKEND is {name!r}, and avef runs on {' or '.join(BACKENDS)}; "
            "`unset KERAS_BACKEND`"
        )


class Finder:
    """For ``sys.meta_path``: finds both as Python does."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """As importlib asks for it; None for any other module, and where all is to be logged.

        Raises
        ------
        ParameterError
            Of Keras, as :func:`require_backend` does.
        """
        if name == "keras":
            require_backend()
        if name != "tensorflow" or os.environ.get("TF_CPP_MIN_LOG_LEVEL", "0") in ("", "0"):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            load = spec.loader.exec_module

            def quietly(module: Any) -> None:
                with _sifted():
                    load(module)

            spec.loader.exec_module = quietly  # type: ignore[method-assign]
        return spec


@contextmanager
def _sifted():
    """Pass standard error on without the noise; by a process of its own, as this may crash."""
    import subprocess  # here, as few of those who import avef load TensorFlow

    def end():
        sieve.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # who was started meanwhile has it still
            sieve.wait(1)

    with ExitStack() as stack:
        with suppress(OSError):  # no standard error, or no sed: as it would be without this
            kept = os.dup(2)
            stack.callback(os.close, kept)
            sieve = subprocess.Popen(
                ["sed", _NOISE],
                stdin=subprocess.PIPE,
                stdout=kept,
                start_new_session=True,  # out of Ctrl-C's reach
            )
            stack.callback(end)
            os.dup2(sieve.stdin.fileno(), 2)
            stack.callback(os.dup2, kept, 2)
        yield
