"""Claims V1 and V2, on what there is of Emo-DB."""

import numpy as np
import pandas as pd
import pytest

from avef.config.schema import Dbn, EmoDb, Net, Networks, Svm
from avef.corpora.emodb import EXPECTED, OBTAIN
from avef.evaluation import paired, scores
from avef.preparation import vad_net
from avef.studies import emodb, vad_data
from avef.studies.emodb import Recordings

RATES = {"learning_rate": 0.005, "momentum": 0.9, "clip_norm": None}
SCHEDULE = EmoDb(epochs=6, batch=16, root="", groups=2, **RATES)
NETS = Networks(
    audio=Net(width=1 / 32, input_size=67, dropout=0.1),
    visual=Net(width=1 / 32, input_size=16, dropout=0.1),
    dbn=Dbn(hidden=[2], visible="gaussian", dropout=0.0),
    initial="he_normal",
    weight_decay=0.0,
)
SVM = Svm(c=1.0, degree=3, gamma="scale", coef0=1.0, standardise=True)


def clips_of(counts, speakers=("03", "08")):
    rows = [
        {"clip": f"{s}-{e}-{i}", "speaker": s, "emotion": e}
        for e, n in counts.items()
        for i, s in zip(range(n), np.resize(speakers, n), strict=True)
    ]
    return pd.DataFrame(rows)


def test_complete_emotions_are_those_of_which_nine_tenths_are_there():
    counts = dict(EXPECTED) | {"fear": 62, "disgust": 46, "boredom": 72}
    assert emodb.complete(clips_of(counts)) == sorted(set(counts) - {"fear", "boredom"})


def test_shares_are_weighted_by_duration():
    clips = pd.DataFrame({"voiced": [0.5, 1.0], "by_hand": [np.nan, 0.8], "duration": [3.0, 1.0]})
    percent = emodb.shares(clips).set_index("voiced by")["percent"]
    assert percent.tolist() == pytest.approx([62.5, 100, 80])


def test_silence_that_misleads_is_cut_in_case_2():
    """Anger and sadness differ in the voiced frames alone; the rest is a label of the speaker."""
    rng = np.random.default_rng(0)
    clips = clips_of({"anger": 115, "sadness": 58}, speakers=("03", "08", "09", "10"))
    log_mel, voiced = [], []
    for row in clips.itertuples():
        c = rng.standard_normal((150, 64)).astype(np.float32)
        mask = np.zeros(150, bool)
        mask[40:110] = True
        c[40:110, :20] += 4 if row.emotion == "anger" else -4
        c[~mask, 20:] += 6 * rng.standard_normal()
        log_mel.append(c)
        voiced.append(mask)
    settings = emodb.Settings(SCHEDULE, NETS, SVM, decision="softmax", seed=1)
    predictions = emodb.recognise(Recordings(clips, log_mel, voiced), settings)
    for _, part in predictions.groupby("case"):
        assert sorted(part["clip"]) == sorted(clips["clip"])
        assert part.groupby("speaker")["fold"].nunique().eq(1).all()
    accuracies = scores.accuracies(predictions).set_index("case")["unweighted"]
    assert accuracies[2] > 95
    kept = emodb.shares(clips.assign(voiced=0.5, by_hand=0.5, duration=1.5))
    values = emodb.metrics(
        kept, scores.accuracies(predictions), paired.case_comparison(predictions)
    )
    assert values["V1"] == {"data": "paper", "percent": 50.0}
    gain = 100 * (values["V2"]["accuracy"]["case2"] / values["V2"]["accuracy"]["case1"] - 1)
    assert values["V2"]["relative_gain"] == pytest.approx(gain, abs=0.01)
    assert values["V2"]["low"] <= values["V2"]["relative_gain"] <= values["V2"]["high"]


def test_an_absent_corpus_is_said_to_be_absent(tmp_path):
    assert not vad_data.there(tmp_path)
    assert OBTAIN in emodb.coverage(tmp_path)
    assert emodb.metrics(None, None, None) == {"emodb": "absent"}


def test_real_recordings(shared_data):
    root = shared_data / "emodb"
    assert "362 of 535 utterances by 10 speakers" in emodb.coverage(root)
    recordings = emodb.prepare(root, method="energy", threshold=None, weights=vad_net.shipped())
    assert emodb.complete(recordings.clips) == ["anger", "happiness", "neutral", "sadness"]
    percent = emodb.shares(recordings.clips).set_index("voiced by")["percent"]
    assert percent["marked by hand"] == pytest.approx(88.2, abs=1)  # of all 535: 88.2
    assert 60 < percent["VAD"] < 95
