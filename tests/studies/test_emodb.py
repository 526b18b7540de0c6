"""Claims V1 and V2, on what there is of Emo-DB."""

import numpy as np
import pandas as pd
import pytest

from avef.config.schema import Dbn, EmoDb, Net, Networks, Stop, Svm
from avef.corpora.emodb import EXPECTED, OBTAIN
from avef.evaluation import scores
from avef.preparation import vad_net
from avef.studies import emodb, vad_data
from avef.studies.silence import Recordings, Settings

RATES = {"learning_rate": 0.005, "momentum": 0.9, "clip_norm": None}
SCHEDULE = EmoDb(epochs=6, batch=16, root="emodb", groups=2, **RATES)
NETS = Networks(
    audio=Net(width=1 / 32, input_size=67, dropout=0.1),
    visual=Net(width=1 / 32, input_size=16, dropout=0.1),
    dbn=Dbn(hidden=[2], visible="gaussian", dropout=0.0),
    initial="he_normal",
    weight_decay=0.0,
)
STOP = Stop(early=False, fraction=0.4, patience=1)
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


def test_shares_are_weighted_by_duration_and_those_of_unseen_speakers_come_first():
    clips = pd.DataFrame(
        {
            "voiced": [0.5, 1.0, 0.0],
            "by_hand": [np.nan, 0.8, 0.4],
            "duration": [3.0, 1.0, 4.0],
            "unseen": [True, True, False],
        }
    )
    table = emodb.shares(clips)
    assert table["speakers of"].tolist() == ["unseen"] * 3 + ["all"] * 3
    assert table["percent"].tolist() == pytest.approx([62.5, 100, 80, 31.25, 20, 48])
    assert table["utterances"].tolist() == [2, 1, 1, 3, 2, 2]


def test_speakers_of_the_vads_training_or_tuning_are_not_unseen():
    """With our network; the other methods know nobody."""
    speakers = pd.Series(sorted({"03", "08", "09", *vad_data.VALIDATION}))
    unseen = speakers[vad_data.unseen(speakers, "mrcg_dnn")]
    assert unseen.tolist() == ["03", "09"]
    assert not set(unseen) & set(vad_data.VALIDATION)
    for method in {"silero", "energy", "none"}:
        assert vad_data.unseen(speakers, method).all()


def recorded():
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
    new = vad_data.unseen(clips["speaker"], "mrcg_dnn")
    clips = clips.assign(voiced=0.5, by_hand=0.5, duration=1.5, unseen=new)
    return Recordings(clips, log_mel, voiced)


def test_silence_that_misleads_is_cut_in_case_2():
    recordings = recorded()
    clips = recordings.clips
    settings = Settings(SCHEDULE, NETS, STOP, SVM, decision="softmax", seeds=[1])
    predictions = emodb.recognise(recordings, settings, groups=2, seed=1)
    for _, part in predictions.groupby("case"):
        assert sorted(part["clip"]) == sorted(clips["clip"])
        assert part.groupby("speaker")["fold"].nunique().eq(1).all()
    accuracies = scores.accuracies(predictions).set_index("case")["unweighted"]
    assert accuracies[2] > 95
    gain = emodb.gains(predictions, clips).set_index("speakers of")
    assert gain["speakers"].to_dict() == {"unseen": 2, "all": 4}
    assert gain[["low", "high", "relative_low", "relative_high"]].isna().all(axis=None)  # too few
    assert gain["clips"].to_dict() == {"unseen": clips["unseen"].sum(), "all": len(clips)}
    alone = predictions[predictions["speaker"].isin(vad_data.TEST) & (predictions["case"] == 1)]
    right = 100 * (alone["true"] == alone["predicted"]).mean()
    assert gain.loc["unseen", "case_1"] == pytest.approx(right)
    early = settings._replace(stop=Stop(early=True, fraction=0.4, patience=1))
    assert not predictions.equals(emodb.recognise(recordings, early, groups=2, seed=1))


def test_metrics_keep_the_unseen_speakers_and_all_side_by_side():
    clips = clips_of({"anger": 4}, speakers=("03", "08")).assign(
        voiced=[0.5, 1, 0.5, 1], by_hand=0.5, duration=1.0
    )
    clips["unseen"] = vad_data.unseen(clips["speaker"], "mrcg_dnn")
    guesses = {1: ["anger", "anger", "joy", "joy"], 2: ["anger"] * 4}
    predictions = pd.concat(
        clips[["clip", "speaker"]].assign(
            emotion_model="Emo-DB", case=case, fold=0, true="anger", predicted=guess
        )
        for case, guess in guesses.items()
    )
    values = emodb.metrics(emodb.shares(clips), emodb.gains(predictions, clips))
    assert "data" not in str(values)  # the file's own mark, the profile, is that of the claims
    assert values["V1"] == {"percent": 50.0, "utterances": 2}
    assert values["V1 all speakers"] == {"percent": 75.0, "utterances": 4}
    assert values["V2"]["accuracy"] == {"case1": 50.0, "case2": 100.0}
    assert (values["V2"]["relative_gain"], values["V2"]["speakers"]) == (100.0, 1)
    assert not {"low", "high"} & set(values["V2"])  # one speaker tells of no other
    assert values["V2 all speakers"]["utterances"] == 4
    known = clips.assign(unseen=False)
    values = emodb.metrics(emodb.shares(known), emodb.gains(predictions, known))
    assert not {"V1", "V2"} & set(values)  # nobody is unseen, so nothing is judged


@pytest.mark.parametrize("count", [5, 6])
def test_a_gain_has_an_interval_from_six_speakers_on(count):
    speakers = [f"{n:02}" for n in range(count)]
    clips = clips_of({"anger": 2 * count}, speakers).assign(unseen=True)
    table = clips.assign(emotion_model="Emo-DB", fold=0, true="anger")
    table["predicted"] = ["anger", "joy"] * count
    both = pd.concat([table.assign(case=1), table.assign(case=2, predicted="anger")])
    gain = emodb.gains(both, clips).set_index("speakers of").loc["unseen"]
    assert gain["relative"] == pytest.approx(100)
    assert np.isfinite([gain["relative_low"], gain["relative_high"]]).all() == (count >= 6)


def test_an_absent_corpus_is_said_to_be_absent(tmp_path):
    assert not vad_data.there(tmp_path)
    assert OBTAIN in emodb.coverage(tmp_path)
    assert emodb.metrics(None, None) == {"emodb": "absent"}


def test_real_recordings(shared_data):
    root = shared_data / "emodb"
    assert "362 of 535 utterances by 10 speakers" in emodb.coverage(root)
    recordings = emodb.prepare(root, method="energy", threshold=None, weights=vad_net.shipped())
    assert emodb.complete(recordings.clips) == ["anger", "happiness", "neutral", "sadness"]
    table = emodb.shares(recordings.clips).set_index(["speakers of", "voiced by"])
    assert table["utterances"]["unseen", "VAD"] == len(recordings.clips)  # the level knows nobody
    percent = table.loc["all", "percent"]
    assert percent["marked by hand"] == pytest.approx(88.2, abs=1)  # of all 535: 88.2
    assert 60 < percent["VAD"] < 95


def test_the_spectrum_has_the_exponent_asked_for(tmp_path, write_media):
    rng = np.random.default_rng(0)
    (tmp_path / "wav").mkdir()
    write_media(tmp_path / "wav/03a01Fa.wav", samples=rng.uniform(-0.3, 0.3, (16_000, 1)))
    shared = {"method": "none", "threshold": None, "weights": vad_net.shipped()}
    two, one = (emodb.prepare(tmp_path, power=p, **shared).log_mel[0] for p in (2.0, 1.0))
    assert two.shape == one.shape
    assert not np.allclose(two, one, atol=0.1)


def test_labels_that_are_damaged_are_named(tmp_path):
    from avef.core.errors import ParameterError
    from avef.studies import vad_data

    (tmp_path / "a.silb").write_text("0.1 .\nnot-a-time sa\n")
    with pytest.raises(ParameterError, match=r"a\.silb: no label file"):
        vad_data.syllables(tmp_path / "a.silb", 10)
