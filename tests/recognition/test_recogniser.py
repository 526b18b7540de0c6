"""The ensemble and what it makes of a clip; tests/learning compares it with trained cells."""

import keras
import numpy as np
import pytest

from avef.core import store
from avef.core.errors import ParameterError
from avef.evaluation.marks import DEMO
from avef.learning import fusion, grid, saved_model
from avef.models import inputs
from avef.preparation.segments import of_clip
from avef.protocol import EMOTIONS
from avef.recognition import calibration, recogniser, source
from avef.recognition.ensemble import Ensemble
from avef.recognition.unheard import others

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own
SEED = 3  # of the sample's cells


def test_a_prediction_is_whole_and_its_parts_agree(model, make_clip):
    clip = make_clip(warnings="one thing; another")
    made = model.recognise(clip, name="s1_fear", path="x.mp4")
    np.testing.assert_allclose(made.timeline.sum(axis=1), 1)
    np.testing.assert_allclose(made.probabilities.sum(), 1)
    assert made.timeline.shape == (len(of_clip(clip, 2).audio), 6)
    assert made.confidence == made.probabilities[EMOTIONS.index(made.emotion)]
    assert made.voices[made.emotion] == max(made.voices.values())
    assert sum(made.voices.values()) == made.folds == 2
    np.testing.assert_allclose([sum(made.arousal.values()), sum(made.valence.values())], 1)
    assert made.learnt == 1
    assert (made.speech_share, made.face_share) == (100 / 140, 28 / 35)
    assert made.speech.tolist() == [[0.2, 1.2]]
    assert made.times[0].tolist() == [0.2, 0.855]
    assert made.duration == 1.415
    assert made.warnings == ("one thing", "another")
    assert (made.corpus, made.data) == ("rml", DEMO)


def test_clips_of_any_length_share_one_graph_and_do_not_touch_each_other(model, make_clip):
    long, short = make_clip(9.0, seed=1), make_clip(1.0, seed=2)
    first = [model.recognise(clip).timeline for clip in (long, short)]
    again = [model.recognise(clip).timeline for clip in (short, long)]
    for one, other in zip(first, again[::-1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert [len(rows) for rows in first] == [24, 1]


def test_no_length_of_clip_is_traced_anew(model, make_clip, monkeypatch):
    for seconds in (1.0, 9.0):
        model.recognise(make_clip(seconds))

    def call(*_):
        raise AssertionError("a graph is traced")

    monkeypatch.setattr(inputs.Table, "call", call)
    monkeypatch.setattr(keras.layers.Dense, "call", call)
    for seconds in (0.5, 3.0, 7.0, 20.0):
        model.recognise(make_clip(seconds))


def test_a_batch_of_segments_is_what_its_segments_are_one_by_one(model, make_clip, monkeypatch):
    clip = make_clip(5.0)
    whole = model.ensemble.look(clip).softmax
    monkeypatch.setattr("avef.recognition.ensemble.AT_ONCE", 1)
    np.testing.assert_allclose(model.ensemble.look(clip).softmax, whole, atol=1e-5)


def test_folds_differ_and_are_averaged(model, make_clip):
    ensemble = model.ensemble
    one, two = (fold.net.get_weights()[0] for fold in ensemble.folds)
    assert not np.array_equal(one, two)
    whole = ensemble.look(make_clip()).softmax
    folds = ensemble.folds
    alone = []
    for fold in folds:
        ensemble.folds = [fold]
        alone.append(ensemble.look(make_clip()).softmax)
    ensemble.folds = folds
    np.testing.assert_allclose(np.mean(alone, axis=0), whole, rtol=1e-6)


class Svm:
    """Decides for anger, and notes the features that it is asked about."""

    def __init__(self):
        self.asked = []

    def predict(self, features):
        self.asked += features.tolist()
        return [0]


def test_each_svm_decides_on_what_its_own_fold_makes_of_the_clip(model, make_clip):
    svms = [Svm(), Svm()]
    folds = [f._replace(svm=s) for f, s in zip(model.ensemble.folds, svms, strict=True)]
    for some in (folds, folds[:1], folds[1:]):
        voices = Ensemble(model.ensemble._kept, some).look(make_clip()).voices
        assert voices.tolist() == [len(some), 0, 0, 0, 0, 0]
    for svm in svms:
        assert svm.asked[0] == pytest.approx(svm.asked[1])
    assert svms[0].asked[0] != pytest.approx(svms[1].asked[0])


def test_the_timeline_is_calibrated_as_the_answer_is(model, make_clip):
    made, look = model.recognise(make_clip()), model.ensemble.look(make_clip())
    heat = model.calibration.temperature
    assert abs(heat - 1) > 0.1
    np.testing.assert_allclose(made.timeline, calibration.tempered(look.softmax, heat))
    whole = calibration.tempered(look.softmax.mean(axis=0), heat)
    np.testing.assert_allclose(made.probabilities, whole)


def test_it_is_calibrated_on_speakers_that_a_fold_never_heard(model, model_files):
    clips, said = model_files.clips, model.unheard
    for number, fold in enumerate(model.ensemble.folds):
        rows = others(clips, fold.clips)
        heard = set(clips["speaker"][clips["clip"].isin(fold.clips)])
        assert len(rows) == 12
        assert not heard & set(clips["speaker"][rows])
        cell = store.load(grid.file(model_files.cells, grid.Cell(*fusion.PREDICTS, SEED, number)))
        np.testing.assert_array_equal(said.softmax[said.fold == number], cell["softmax"][rows])
    assert model.calibration == calibration.fitted(said, 0.5)


def test_a_cell_that_the_networks_are_not_of_is_refused(model, model_files, monkeypatch):
    monkeypatch.setattr(saved_model, "keys", lambda corpus: ["key0", "another"])
    other = source.Local(saved_model.Model("rml", model.params))
    fresh = recogniser.Recogniser(other, share=0.5)
    fresh.__dict__["ensemble"] = model.ensemble
    with pytest.raises(ParameterError, match="lacks the cell of fold 1"):
        assert fresh.calibration


def test_the_key_tells_of_all_that_decides(model):
    other = recogniser.Recogniser(model.source, share=0.9)
    assert len({model.key, other.key}) == 2
    assert recogniser.Recogniser(model.source, share=model.share).key == model.key


def test_a_clip_of_the_corpus_is_known_by_its_path(model, make_clip, monkeypatch):
    monkeypatch.setattr(recogniser, "prepare_clip", lambda path, **_: make_clip())
    assert model.predict(f"{model.params.root}/s1_fear.avi").learnt == 1
    assert model.predict("elsewhere/s1_fear.avi").learnt == 0
