"""A short slice of the fuzzing, from a fixed seed; and that an escape would be seen."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
import fuzz  # noqa: E402
from doors import DOORS  # noqa: E402

from avef.config import params  # noqa: E402
from avef.core import outside, store  # noqa: E402
from avef.preparation import media  # noqa: E402

#: Cases that take a second or so.
SLICE = {"parameters": 60, "overrides": 100, "tables": 40, "arrays": 100, "media": 60,
         "notes": 60, "notebooks": 60, "pages": 8, "names": 80}  # fmt: skip


def test_every_door_is_in_the_slice():
    assert set(SLICE) == set(DOORS)


@pytest.mark.parametrize("door", SLICE)
def test_nothing_escapes(door, tmp_path):
    told, escapes = fuzz.run(SLICE[door], 18, [door], keep=tmp_path)
    assert escapes == [] and not list(tmp_path.iterdir())
    assert told[door].total() == SLICE[door]
    refused = door not in ("names",)  # any name is fine
    assert (told[door]["refused"] > 0) == refused and told[door]["fine"] + refused > 0


def foreign(*_, **__):
    raise KeyError("planted")


@pytest.mark.parametrize(
    ("door", "module", "name"),
    [
        ("parameters", params, "typed"),
        ("arrays", store, "load"),
        ("media", media, "describe"),
        ("notebooks", outside, "notebook"),
    ],
)
def test_a_planted_escape_is_seen_and_kept(monkeypatch, tmp_path, door, module, name):
    monkeypatch.setattr(module, name, foreign)
    told, escapes = fuzz.run(3, 18, [door], keep=tmp_path)
    assert told[door]["escaped"] == len(escapes) == len(list(tmp_path.iterdir())) > 0
    assert "KeyError: \"'planted'\"" in escapes[0]


def test_what_is_live_on_a_page_is_an_escape(monkeypatch, tmp_path):
    from markupsafe import Markup

    from avef.report import notebooks

    monkeypatch.setattr(notebooks, "clean", Markup)
    _, escapes = fuzz.run(40, 18, ["notebooks"])
    assert any("is left" in line for line in escapes)


def test_a_seed_gives_the_same_cases(tmp_path):
    import random

    door = DOORS["tables"](tmp_path)
    one, again, other = (door.case(random.Random(seed)) for seed in (1, 1, 2))
    assert one.partition(b"\n")[0] == again.partition(b"\n")[0] and one != other


def test_pieces_cover_all_cases():
    planned = list(fuzz.tasks(1000, 0, ["parameters", "arrays"], None))
    assert sum(last - first for _, _, first, last, _ in planned) == 1000
    assert all(last - first <= fuzz.PIECE for _, _, first, last, _ in planned)
