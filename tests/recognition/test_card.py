"""The card says the figures that the calibration has."""

from dataclasses import replace

import numpy as np
import pytest

from avef.evaluation.marks import RESIZED
from avef.recognition import calibration, card, recogniser


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_the_card_says_what_was_measured(model, tmp_path, share):
    other = recogniser.Recogniser(model.source, share=share)
    other.__dict__["ensemble"] = model.ensemble
    text = card.write(other, tmp_path / "new" / "folder").read_text(encoding="utf-8")
    said = model.unheard
    right = said.decided == said.truth
    table = calibration.reliability(calibration.left_out(said), right)
    assert "RML" in text
    assert "Demo data" in text
    assert f"{len(right)} clips in all: {100 * right.mean():.0f} % of the answers" in text
    assert f"error is {100 * calibration.expected_error(table):.1f} points" in text
    assert f"1 / {other.calibration.temperature:.2f}" in text
    assert ("every answer is called not sure" in text) == np.isinf(other.calibration.threshold)
    assert (tmp_path / "new" / "folder" / "reliability.png").stat().st_size > 5000


def test_terms_of_a_corpus_hold_for_what_learnt_from_it(model, tmp_path):
    said = card.write(model, tmp_path).read_text(encoding="utf-8")
    assert "24 synthetic clips in the layout of RML" in said and "terms" not in said
    real = recogniser.Recogniser(model.source, replace(model.params, profile="paper"))
    real.__dict__["ensemble"] = model.ensemble
    said = card.write(real, tmp_path).read_text(encoding="utf-8")
    assert "24 clips of RML; its terms hold" in said and "not for commerce" in said
    assert "Demo data" not in said and RESIZED in said  # the tiny networks are not the paper's
