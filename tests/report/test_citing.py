"""The paper's reference: from CITATION.cff, in whole or not at all."""

from pathlib import Path

import pytest

from avef.report import citing

CITATION = Path(__file__).resolve().parents[2] / "CITATION.cff"


def test_the_repositorys_own_reference_is_complete():
    reference = citing.read(CITATION.read_text("utf-8"))
    assert reference.text.startswith(
        "Y. Ma, Y. Hao, M. Chen, J. Chen, P. Lu, A. Košir: Audio-visual"
    )
    assert "Information Fusion 46 (2019) 184–192" in reference.text
    assert reference.address == "https://doi.org/10.1016/j.inffus.2018.06.003"
    assert reference.bibtex.startswith("@article{ma2019,\n") and reference.bibtex.count("{") == (
        reference.bibtex.count("}")
    )
    assert "Chen, J. and Lu, P." in reference.bibtex and "184--192" in reference.bibtex


@pytest.mark.parametrize(
    "text", ["", "[", "a: b", "references: []", "references: [{type: article}]"]
)
def test_without_a_whole_article_there_is_no_reference(text):
    assert citing.read(text) is None
