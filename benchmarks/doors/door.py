"""What all doors share: what is nasty, and how bytes, values and tables are spoilt."""

import copy
import json
from abc import ABC, abstractmethod
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What entries, names and numbers are replaced by.
NASTY = (
    "", " ", "\0", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "~", "..", "/", "a" * 5000,
    "\x1b[31m", "\u202egpj.exe", "<script>x()</script>", "$(touch x)", "${x}", "rml;touch x",
    "9" * 5000, "1e999", "nan", "-inf", "0x" + "f" * 5000, "null", "true", "2020-13-45", "ı",
    "\ud7ff",
)  # fmt: skip
VALUES = (
    *NASTY, None, True, -1, 0, 10**30, 1e308, float("inf"), float("nan"), [], {}, [[]],
    {"a": {"b": []}}, "x" * 100_000, ["a"] * 500,
)  # fmt: skip


def spoilt(data, rng):
    """Bytes with some of them changed, cut, doubled or moved."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        if not data:
            break
        at, length = rng.randrange(len(data)), rng.choice((1, 1, 2, 4, 8, 64))
        way = rng.randrange(7)
        if way == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            data[at : at + length] = rng.randbytes(length)
        elif way == 2:
            del data[at : at + length]
        elif way == 3:
            data[at:at] = data[at : at + length] * rng.choice((1, 1, 3))
        elif way == 4:
            data[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"))
        elif way == 5:
            del data[at if rng.random() < 0.2 else len(data) - length :]
        else:
            data[at:at] = rng.choice(NASTY).encode("utf-8", "surrogatepass")[:200]
    return bytes(data)


def varied(tree, rng):
    """Nested values of which one or a few are others, gone, or moved."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        branch, key = _place(tree, rng)
        if branch is None:
            return rng.choice(VALUES)
        way = rng.random()
        if way < 0.15:
            del branch[key]
        elif way < 0.25 and isinstance(branch, dict):
            branch[rng.choice(NASTY)] = branch[key]
        elif way < 0.35:
            other, name = _place(tree, rng)
            branch[key] = None if other is None else copy.deepcopy(other[name])
        else:
            branch[key] = copy.deepcopy(rng.choice(VALUES))
    return tree


def as_json(values):
    """Nested values as JSON's bytes, whatever they are."""
    return json.dumps(values, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


def _place(tree, rng):
    """A random branch of nested values and a key in it; (None, None) where there is none."""
    places, left = [], [tree]
    while left:
        branch = left.pop()
        keys = branch if isinstance(branch, dict) else range(len(branch))
        places += [(branch, key) for key in keys]
        left += [branch[key] for key in keys if isinstance(branch[key], dict | list)]
    return rng.choice(places) if places else (None, None)


class Door(ABC):
    """One of them; ``share`` is how often it is knocked at."""

    share, suffix = 1, ".bin"

    def __init__(self, folder):
        self.folder = Path(folder)

    @abstractmethod
    def case(self, rng):
        """The bytes of a case."""

    @abstractmethod
    def open(self, path):
        """Read a file as avef does."""


def varied_rows(rows, rng):
    """A table of which some entries, rows or columns are others."""
    rows = copy.deepcopy(rows)
    for _ in range(rng.choice((0, 1, 1, 2, 6))):
        at = rng.randrange(len(rows))
        row, way = rows[at], rng.randrange(5)
        if way == 0:
            rows.insert(at, list(row))
        elif way == 1 and row:
            del row[rng.randrange(len(row))]
        elif way == 2:
            row.extend([rng.choice(NASTY)] * rng.choice((1, 50)))
        elif row:
            row[rng.randrange(len(row))] = rng.choice(NASTY)
    return rows
