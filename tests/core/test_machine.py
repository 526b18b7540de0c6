"""What a figure's machine is called."""

import pytest

from avef.core.machine import described

INFO = """processor\t: 0
model name\t: Some CPU @ 2.00GHz
flags\t\t: fpu sse2 {flags}

processor\t: 1
model name\t: Another
"""


@pytest.mark.parametrize(
    ("flags", "instructions"),
    [("avx avx2 avx512f", "AVX-512"), ("avx2 avx", "AVX2"), ("avx", "AVX"), ("", "SSE2")],
)
def test_a_processor_is_known_by_its_widest_instructions(tmp_path, flags, instructions):
    path = tmp_path / "cpuinfo"
    path.write_text(INFO.format(flags=flags), encoding="utf-8")
    facts = described(path)
    assert (facts["cpu"], facts["instructions"]) == ("Some CPU @ 2.00GHz", instructions)
    assert facts["cores"] >= 1


def test_where_linux_says_nothing_the_instructions_are_unknown(tmp_path):
    facts = described(tmp_path / "none")
    assert facts["cpu"]
    assert facts["instructions"] == "unknown"
