"""A corpus of one's own: media files in any folders, and one table at the top that lists them.

The table is ``clips.xlsx``, ``clips.csv`` or ``clips.tsv``, or under any other name the only one
with these columns, in any order and case, in a row near the top:

- ``path``: relative to the table's folder, with / or \\, in any case if one file alone is meant;
- ``speaker``: any name; the same one, in any case, wherever this person speaks (01 is 1);
- ``emotion``: one of the six, or an English word for it such as *happy*; others are left out;
- ``gender``, ``language``, ``sentence``: optional (a sentence is a name for what is said).

Text may be UTF-8, UTF-16, UTF-32 or Turkish Windows', with commas, semicolons or tabs. Files
that are sound alone by their suffix (``.wav``, say) become clips of kind audio.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.core.inert import shown
from avef.corpora import _sheets
from avef.corpora._tree import FILM, SOUND, LeftOut, Row, is_litter, kind, outside_six
from avef.protocol import EMOTIONS

TITLE = "A corpus with a table of its own"
OBTAIN = "by listing its clips in clips.csv or clips.xlsx: columns path, speaker, emotion"
TERMS = "as its owner says"
EXTENSIONS = FILM + SOUND
EXPECTED: dict[str, int] = {}  # nobody but its owner knows

NEEDED = ("path", "speaker", "emotion")
OPTIONAL = ("gender", "language", "sentence")
WORDS = {emotion: emotion for emotion in EMOTIONS} | {
    **dict.fromkeys(("angry", "rage", "furious"), "anger"),
    **dict.fromkeys(("disgusted",), "disgust"),
    **dict.fromkeys(("fearful", "afraid", "scared"), "fear"),
    **dict.fromkeys(("happy", "joy", "joyful"), "happiness"),
    **dict.fromkeys(("sad", "sorrow"), "sadness"),
    **dict.fromkeys(("surprised", "surprising"), "surprise"),
}
_GENDERS = {
    **dict.fromkeys(("f", "female", "woman"), "female"),
    **dict.fromkeys(("m", "male", "man"), "male"),
}
_DEEP = 20  # rows that are searched for the names of the columns
_LONGEST = 80  # letters of a clip's id


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; reads the table in ``root``.

    ParameterError if a table cannot be read.
    """
    paths, tables = list(paths), _tables(Path(root))
    if len(tables) != 1:
        several = ", ".join(shown(name) for name, _ in tables)
        told = f"several tables ({several})" if several else "no table in the top folder"
        return [], [(path, f"{told} with the columns {', '.join(NEEDED)}") for path in paths]
    name, entries = tables[0]
    listed, left_out = _listed(entries, paths)
    left_out += [(path, f"not listed in {shown(name)}") for path in paths if path not in listed]
    rows: list[Row] = []
    people: dict[str, str] = {}
    for path, same in listed.items():
        reason = _reason(same)
        if reason:
            left_out.append((path, reason))
        else:
            speaker = people.setdefault(_person(same[0]["speaker"]), same[0]["speaker"])
            rows.append(_row(path, same[0] | {"speaker": speaker}))
            left_out += [(path, "listed again")] * (len(same) - 1)
    return _with_ids(rows), left_out


def _tables(root):
    """(name, entries) of each sheet that lists clips; of no file but clips.* where there is one."""
    files = sorted(
        PurePosixPath(file.name)
        for file in root.iterdir()
        if file.suffix.lower() in _sheets.EXTENSIONS and not is_litter(file.name)
    )
    own = [file for file in files if file.stem.lower() == "clips"]
    sheets = [
        (file, _entries(rows)) for file in own or files for _, rows in _sheets_of(root, file, own)
    ]
    return [(file, entries) for file, entries in sheets if entries is not None]


def _sheets_of(root, file, own):
    """The sheets of a table; none of one that is too large and need not be the one that lists."""
    try:
        return _sheets.read(root, file)
    except _sheets.TooLargeError:
        if own:
            raise
        return []


def _entries(rows):
    """One dict a listed clip, by column; None if no row names the columns."""
    heads = ([entry.casefold() for entry in row] for row in rows[:_DEEP])
    told = ((i, names) for i, names in enumerate(heads) if all(names.count(n) == 1 for n in NEEDED))
    top, names = next(told, (0, None))
    if names is None:
        return None
    at = {name: names.index(name) for name in NEEDED + OPTIONAL if name in names}
    empty = dict.fromkeys(NEEDED + OPTIONAL, "")
    return [
        empty | {name: _composed(row[i]) for name, i in at.items() if i < len(row)}
        for row in rows[top + 1 :]
    ]


def _listed(entries, paths):
    """(path on the disk → its entries, what is listed in vain)."""
    alike: dict[str, list[PurePosixPath]] = {}  # files whose names differ in case alone
    for path in paths:
        alike.setdefault(_folded(_composed(path)), []).append(path)
    listed, left_out = {}, []
    for number, entry in enumerate(entries, start=1):
        path = posixpath.normpath(entry["path"].replace("\\", "/"))
        meant = _meant(path, alike.get(_folded(path), []))
        if not entry["path"]:
            left_out.append((f"entry {number} of the table", "no path is given"))
        elif path.startswith(("/", "../")) or path == ".." or re.match("[A-Za-z]:", path):
            left_out.append((entry["path"], "listed, but leads outside the table's folder"))
        elif not meant:
            left_out.append((entry["path"], "listed, but there is no such media file"))
        elif len(meant) > 1:
            several = ", ".join(map(shown, meant))
            told = f"listed, but more than one file fits, capitals aside: {several}"
            left_out.append((entry["path"], told))
        else:
            listed.setdefault(meant[0], []).append(entry)
    return listed, left_out


def _meant(name, alike):
    """Those of some files that have just this name; all of them if none has."""
    return [path for path in alike if _composed(path) == name] or alike


def _reason(same):
    """Why the entries of one file make no clip; None if they do."""
    for name in ("speaker", "emotion"):
        told = {(_person if name == "speaker" else _folded)(entry[name]) for entry in same}
        told = {WORDS.get(word, word) for word in told} if name == "emotion" else told
        if len(told) > 1:
            return f"listed with several {name}s: {', '.join(sorted(told))}"
        if told == {""}:
            return f"no {name} is given"
    emotion = told.pop()
    return None if emotion in EMOTIONS else outside_six(emotion)


def _row(path, entry):
    return {
        "path": path,
        "speaker": shown(entry["speaker"]),
        "emotion": WORDS[entry["emotion"].casefold()],
        "gender": _GENDERS.get(entry["gender"].casefold(), ""),
        "language": shown(entry["language"]),
        "sentence": shown(entry["sentence"]),
        "kind": kind(path),
    }


def _with_ids(rows):
    """Each row with a ``clip`` made from its path; where two would be one, with a digest of it."""
    ids = [_id(row["path"]) for row in rows]
    times = Counter(one.lower() for one in ids)  # some disks do not tell a from A
    return [
        row | {"clip": one if times[one.lower()] == 1 else f"{one}-{_digest(row['path'])}"}
        for one, row in zip(ids, rows, strict=True)
    ]


def _id(path):
    """Letters, digits, - and _ of a path without its suffix.

    >>> _id(PurePosixPath("Müller/take 1.mp4"))
    'Muller-take-1'
    """
    plain = unicodedata.normalize("NFKD", str(path.with_suffix("")))
    plain = plain.encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-_") or "clip"
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}-{_digest(path)}"


def _person(name):
    """What one person's names have in common: Excel makes 1 of 01, and no one space of another.

    >>> _person("Actor\N{NO-BREAK SPACE}007"), _person("10"), _person("0")
    ('actor 7', '10', '0')
    """
    return re.sub(r"(?<!\d)0+(?=\d)", "", " ".join(_folded(name).split()))


def _digest(path):
    return hashlib.sha256(_composed(path).encode()).hexdigest()[:8]


def _composed(text):
    """One spelling of letters with accents, which a Mac writes as two characters."""
    return unicodedata.normalize("NFC", str(text))


def _folded(text):
    """Text without capitals, in any language: Turkish ı and İ are an i, too.

    >>> _folded("IŞIL") == _folded("Işıl") == _folded("ışıl"), _folded("İyi")
    (True, 'iyi')
    """
    return text.casefold().replace("i\u0307", "i").replace("ı", "i")
