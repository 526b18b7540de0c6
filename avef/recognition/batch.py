"""Many clips: which ones are meant, which are done already, and one result for each.

A result has a key, made of the clip's path, size and time and of the model. A file of results
grows by a whole line at a time; a killed run leaves at most half a line, which the next one
takes away. Lines of clips or models that have changed give way to new ones.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from avef.core import inert, store
from avef.core.errors import OF_THE_FILE, ClipError, ParameterError
from avef.core.files import alone, write_text
from avef.corpora._tree import FILM, walk
from avef.recognition import forms
from avef.recognition.recogniser import Recogniser
from avef.recognition.result import Failure, Prediction

#: Suffix of a file of results → its form.
FORMS = {".json": "json", ".jsonl": "json", ".csv": "csv"}
_LINE = {"json": forms.json_line, "csv": forms.csv_line}
#: What a line that is none of ours may raise.
_NOT_OURS = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, csv.Error)
_HEAD = forms.joined(list(forms.COLUMNS)) + "\n"


def clips(named: Sequence[str], listed: Iterable[str] = ()) -> list[str]:
    """The clips that some arguments mean, each once.

    Parameters
    ----------
    named : sequence of str
        Files; folders, for all films in them, hidden ones left out, sorted; or ``-`` for
        ``listed``.
    listed : iterable of str
        Lines, a path each; or, as of ``find -print0``, paths that each end with a zero byte.

    Raises
    ------
    ParameterError
        If a folder holds no film, or there is no clip at all.
    """
    paths: list[str] = []
    for one in named:
        if one == "-":
            paths += _listed("".join(listed))
        elif Path(one).is_dir():
            films = [str(Path(one) / path) for path in walk(one, FILM, abroad=True)]
            if not films:
                raise ParameterError(f"{inert.shown(one)}: no film lies in that folder")
            paths += films
        else:
            paths.append(one)
    if not paths:
        raise ParameterError("no clip is named")
    return list(dict.fromkeys(paths))


def key(path: str, model: str) -> str | None:
    """Fingerprint of a clip's result; None of a clip that is not there."""
    try:
        facts = Path(path).stat()
    except (OSError, ValueError):  # ValueError: a path with a zero byte
        return None
    name = path.encode("utf-8", "surrogateescape").hex()
    return store.digest(name, facts.st_size, facts.st_mtime_ns, model)


def result(path: str, recogniser: Recogniser) -> Prediction | Failure:
    """The result of one clip; whatever is wrong with the clip itself is a :class:`Failure`."""
    try:
        return recogniser.predict(path)
    except ClipError as error:
        return Failure(path, str(error))
    except OSError as error:
        if error.errno not in OF_THE_FILE:
            raise
        return Failure(path, f"the file cannot be read: {error.strerror}")


def line(made: Prediction | Failure, form: str, key: str | None = None) -> str:
    """A result in the form ``json`` or ``csv``, with its end of line."""
    return _LINE[form](made, key) + "\n"


def head(form: str) -> str:
    """What stands above all results: the names of a CSV table's columns."""
    return _HEAD if form == "csv" else ""


class Sheet:
    """A file of results that goes on where it stopped.

    Several processes may fill one: no line of another is lost, and what two of them did is told
    twice until the next one tidies it.

    Parameters
    ----------
    path : path
        Its suffix is one of :data:`FORMS`. Need not be there yet.
    wanted : dict
        Clip → key, of this run.

    Attributes
    ----------
    done : dict
        Clip → whether it failed, of those whose line is still good.

    Raises
    ------
    ParameterError
        If the file holds something else.
    """

    def __init__(self, path: str | Path, wanted: dict[str, str | None]):
        self.path, self.form = Path(path), FORMS[Path(path).suffix.lower()]
        self.done: dict[str, bool] = {}
        with alone(self.path):
            self._tidy(wanted)

    def add(self, made: Prediction | Failure, key: str | None) -> None:
        """Append a result."""
        with alone(self.path), self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(line(made, self.form, key))

    def _tidy(self, wanted):
        """Take away the lines that are no longer good, and remember the others."""
        spelt = {_spelt(clip, self.form): clip for clip in wanted}
        kept = [head(self.form)]
        for text, (clip, made_by, failed) in self._lines():
            mine = spelt.get(clip)
            if mine is None:  # of another run
                kept.append(text)
            elif made_by and made_by == wanted[mine] and mine not in self.done:
                kept.append(text)
                self.done[mine] = failed
        if not self.path.is_file() or self._read() != "".join(kept):
            write_text(self.path, "".join(kept))

    def _read(self):
        with self.path.open(encoding="utf-8", newline="") as file:
            return file.read()

    def _lines(self):
        if not self.path.is_file():
            return []
        try:
            whole = self._read().rpartition("\n")[0]
            rows = [row + "\n" for row in whole.split("\n") if row]
            if self.form == "csv" and rows and rows.pop(0) != _HEAD:
                raise ValueError
            return [(row, _parsed(row, self.form)) for row in rows]
        except _NOT_OURS as error:
            raise ParameterError(
                f"--out {self.path}: holds what avef predict did not write"
            ) from error


def _listed(text):
    if "\0" in text:
        return [path for path in text.split("\0") if path]
    return [line.rstrip("\r\n") for line in text.split("\n") if line.strip()]


def _parsed(row, form):
    """Clip, key and whether it failed, of a line."""
    if form == "json":
        values = json.loads(row)
    else:
        values = dict(zip(forms.COLUMNS, next(csv.reader(io.StringIO(row))), strict=True))
    clip, key = values["clip"], values["key"] or None
    if not isinstance(clip, str) or not isinstance(key, str | None):
        raise TypeError
    return clip, key, bool(values.get("error"))


def _spelt(clip, form):
    """How a clip is named in a file of results."""
    if form == "json":
        return clip
    return next(csv.reader([forms.joined([clip])]))[0]
