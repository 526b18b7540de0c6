"""Reading what somebody else may have written, or a disk have damaged.

Whatever is wrong with a file is a ``ParameterError`` of one line that names it. What is the
machine's fault, such as no memory or no handle left, stays the error that it is.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avef.core import inert
from avef.core.errors import OF_THE_FILE, ParameterError

if TYPE_CHECKING:
    import pandas as pd
    from nbformat import NotebookNode

#: What a library may raise at what it reads, beside errors of its own; not the machine's faults.
FOREIGN = (
    *(ValueError, TypeError, LookupError, ArithmeticError),
    *(AttributeError, AssertionError, NameError, RecursionError),
)
#: Bytes of the largest text that is read whole: far above anything that avef writes.
LARGEST = 2**28


def text(path: str | Path, most: int = LARGEST) -> str:
    """A file's text, which is UTF-8.

    Raises
    ------
    ParameterError
        Naming the file, if it is not there, no file, not UTF-8, or larger than ``most`` bytes.
    """
    if "\0" in str(path):
        raise ParameterError(f"{inert.shown(path)}: no name of a file")
    try:
        state = Path(path).stat()
        if not stat.S_ISREG(state.st_mode):
            raise ParameterError(f"{inert.shown(path)}: not a file")
        if state.st_size > most:
            raise ParameterError(f"{inert.shown(path)}: larger than {most} bytes, and not read")
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        if error.errno not in OF_THE_FILE:
            raise
        raise ParameterError(f"{inert.shown(path)}: {(error.strerror or '').lower()}") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{inert.shown(path)}: not UTF-8 text: {error}") from error


def value(path: str | Path, kind: type = dict) -> Any:
    """What a JSON file holds, of the given kind; errors as in :func:`text`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.json").write_text("7")
    ...     value(Path(folder) / "a.json")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    avef.core.errors.ParameterError: ...a.json: holds no JSON of the kind dict
    """
    try:
        made = json.loads(text(path))
    except ParameterError:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: also digits by the thousand
        raise ParameterError(f"{inert.shown(path)}: no JSON that can be read: {error}") from error
    if not isinstance(made, kind):
        raise ParameterError(f"{inert.shown(path)}: holds no JSON of the kind {kind.__name__}")
    return made


def notebook(path: str | Path) -> NotebookNode:
    """A notebook of the fourth format, whatever it holds; errors as in :func:`text`."""
    import nbformat

    content = text(path)
    try:
        made = nbformat.reads(content, as_version=4)
        nbformat.validate(made)
    except (nbformat.ValidationError, *FOREIGN) as error:
        said = inert.shown(" ".join(str(error).split())[:200])
        raise ParameterError(
            f"{inert.shown(path)}: no notebook that can be read: {said}"
        ) from error
    return made


def table(path: str | Path, needs: Collection[str] = (), **options: Any) -> pd.DataFrame:
    """A CSV file as :func:`avef.core.files.write_csv` writes it; errors as in :func:`text`.

    Parameters
    ----------
    needs : collection of str
        Columns without which the table is of no use.
    **options
        Of ``pandas.read_csv``. Unless they say otherwise only an empty entry is missing: people
        may be called NA.
    """
    import io

    return parsed(io.StringIO(text(path)), str(path), needs, **options)


def parsed(source: Any, name: str, needs: Collection[str] = (), **options: Any) -> pd.DataFrame:
    """A CSV text out of a file or stream, as :func:`table` reads it; ``name`` is for errors."""
    import pandas as pd

    if "keep_default_na" not in options:
        options |= {"keep_default_na": False, "na_values": [""]}
    try:
        made = pd.read_csv(source, **options)
    except (ValueError, OverflowError) as error:  # pandas' own errors are ValueErrors
        said = " ".join(str(error).split())
        raise ParameterError(f"{inert.shown(name)}: no table that can be read: {said}") from error
    missing = [column for column in needs if column not in made]
    if missing:
        raise ParameterError(f"{inert.shown(name)}: has no column {', '.join(missing)}")
    for column in made.columns[[kind.kind == "O" for kind in made.dtypes]]:
        quoted = [isinstance(entry, str) and entry.startswith("'") for entry in made[column]]
        if any(quoted):
            made.loc[quoted, column] = made.loc[quoted, column].map(inert.plain)
    return made
