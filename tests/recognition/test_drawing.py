"""The figures show what the result says, of one segment and of a thousand."""

import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from avef.protocol import EMOTIONS
from avef.recognition import drawing


def lasting(prediction, count, gap=0.0):
    begins = np.arange(count) * 0.34 + (np.arange(count) >= count // 2) * gap
    times = np.stack([begins, begins + 0.655], axis=1)
    rows = np.random.default_rng(0).dirichlet(np.ones(6), count)
    end = times[-1, 1] + 0.5
    return replace(prediction, times=times, timeline=rows, speech=times[:1], duration=end)


@pytest.mark.parametrize(("count", "gap", "unit"), [(1, 0, "s"), (4, 3.0, "s"), (1000, 0, "min")])
def test_each_segment_is_as_wide_as_its_time(prediction, count, gap, unit):
    made = lasting(prediction, count, gap)
    axis, voice, _ = drawing.emotions_over_time(made).axes
    mesh = axis.collections[0]
    edges = mesh.get_coordinates()[0, :, 0] * (60 if unit == "min" else 1)
    values = np.ma.filled(mesh.get_array().astype(float), np.nan)
    assert voice.get_xlabel() == f"time ({unit})"
    assert (edges[0], edges[-1]) == pytest.approx((0, made.times[-1, 1]))
    spoken = ~np.isnan(values).any(axis=0)
    assert spoken.sum() == count
    assert (~spoken).sum() == (gap > 0)
    np.testing.assert_allclose(values[:, spoken].T, 100 * made.timeline)
    ticks = voice.get_xticks()
    assert 3 <= len(ticks) <= 15
    plt.close("all")


def test_the_answer_stands_out_and_a_name_is_no_formula(prediction):
    made = replace(prediction, clip="a/$x$\n.mp4")
    figure = drawing.emotions_over_time(made)
    axis = figure.axes[0]
    bold = [label.get_text() for label in axis.get_yticklabels() if label.get_weight() == "bold"]
    assert bold == [f"{made.emotion}  {100 * made.confidence:.0f} %"]
    assert axis.get_title(loc="left") == rf"\$x\$\n.mp4: {made.headline}"
    assert [label.get_text().split()[0] for label in axis.get_yticklabels()] == list(EMOTIONS)
    plt.close(figure)


@pytest.mark.parametrize("suffix", drawing.FORMATS)
def test_the_suffix_names_the_format(prediction, tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    drawing.save(drawing.emotions_over_time(prediction), path, mark="demo")
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".jpg": b"\xff\xd8"}
    assert path.read_bytes().startswith(begins.get(suffix, b"RIFF"))
    assert plt.get_fignums() == []


def test_a_mark_stands_in_the_corner(prediction, tmp_path):
    told = {"demo": ["demo data"], "resized": ["other networks"], "paper": []}
    for mark, corner in told.items():
        figure = drawing.emotions_over_time(prediction)
        before = [text.get_text() for text in figure.texts]
        drawing.save(figure, tmp_path / "x.png", mark)
        assert [text.get_text() for text in figure.texts] == before + corner


def test_a_page_lends_its_ink_to_the_timeline_and_knows_where_the_clip_lies(prediction):
    made = drawing.inline(prediction)
    assert made.svg.startswith("<svg") and "currentColor" in made.svg
    assert drawing._INK not in made.svg
    assert "fill: #ffffff" not in made.svg  # no ground of its own
    assert 0 < made.begin < 0.3 < 0.7 < made.end < 1
    assert 0 < made.top < 0.3 < 0.7 < made.bottom < 1
    width = float(re.search(r'viewBox="0 0 (\S+) ', made.svg)[1])
    first_tick = re.search(r'id="xtick_1".*?<use [^>]*? x="([\d.]+)"', made.svg, re.DOTALL)
    assert float(first_tick[1]) / width == pytest.approx(made.begin, abs=0.002)
    assert plt.rcParams["text.color"] == "black" and plt.get_fignums() == []


def test_reliability_is_drawn_in_percent_with_its_numbers():
    table = pd.DataFrame({"confidence": [0.3, 0.9], "right": [0.5, 0.8], "clips": [4, 7]})
    axis = drawing.reliability(table, 0.12).axes[0]
    assert axis.lines[1].get_xydata().tolist() == [[30, 50], [90, 80]]
    assert [text.get_text() for text in axis.texts] == ["4", "7"]
    assert "12 points" in axis.get_title(loc="left")
    plt.close("all")
