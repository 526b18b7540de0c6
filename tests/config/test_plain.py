"""YAML that no parameters are like is refused before it is unfolded, in a short line."""

import time

import pytest

from avef.config import params, plain
from avef.core.errors import ParameterError


def bomb(levels):
    """Lines each of which repeats the one above ten times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]")
    return "\n".join(lines)


REFUSED = {
    "repetition": (bomb(9), "more than 20000 values"),
    "merging": (
        "a: &a {b: 1}\n"
        + "\n".join(f"c{n}: {{<<: [{', '.join(['*a'] * 200)}]}}" for n in range(100)),
        "more than 20000 values",
    ),
    "many values": ("\n".join(f"k{n}: 1" for n in range(20_000)), "more than 20000 values"),
    "an entry of itself": ("a: &a [*a]", "an entry that holds itself"),
    "deep lists": ("[" * 100_000, "more than 20 levels"),
    "deep mappings": ("{a: " * 3000, "more than 20 levels"),
    "deep by lines": ("".join(" " * n + "a:\n" for n in range(500)), "more than 20 levels"),
    "a tag of Python": ("a: !!python/object/apply:os.system [id]", "a tag, "),
    "a tag of a number": ("a: !!int ''", "a tag, "),
    "a tag of its own": ("a: !x y", "a tag, !x"),
    "digits": ("a: " + "9" * 5000, "Exceeds the limit"),
    "another version": ("%YAML 9.9\n---\na: 1", "YAML"),
    "a zero byte": ("a: \0", "unacceptable character"),
    "a key of a mapping": ("? {a: 1}\n: 2", "unhashable key"),
    "a month 13": ("a: 2020-13-45", "month must be"),
    "binary digits that are none": ("a: 0b_", "invalid literal"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_no_parameters_are_like_is_refused_at_once(text, why):
    began = time.process_time()
    with pytest.raises(ParameterError) as refused:
        plain.parsed(text, "some.yaml")
    said = str(refused.value)
    assert said.startswith("some.yaml: not valid YAML: ") and why in said
    assert len(said) < 400 and "\n" not in said
    assert time.process_time() - began < 5


def test_what_repeats_a_little_is_read():
    assert plain.parsed("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]") == {
        "a": {"x": 1},
        "b": {"x": 1, "y": 2},
        "c": [{"x": 1}, {"x": 1}],
    }


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "a.yaml").write_text("a: " + "x" * 2**20)
    with pytest.raises(ParameterError, match=r"a\.yaml: larger than 1048576 bytes"):
        plain.read(tmp_path / "a.yaml")


def test_messages_stay_short_whatever_the_values():
    values = {f"\x1b[31m{n}": ["x" * 100_000] * 1000 for n in range(5000)}
    with pytest.raises(ParameterError) as refused:
        params.checked(values, "params.yaml")
    said = str(refused.value)
    assert len(said) < 20_000
    assert len(said.splitlines()) == params.SHOWN + 2
    assert said.splitlines()[-1].startswith("and ")
    assert "\x1b" not in said
