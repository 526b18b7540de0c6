"""Speaker-disjoint folds and the emotion models (paper 4.1-4.2)."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from avef import protocol
from avef.core.errors import ParameterError

EMOTIONS = protocol.EMOTIONS


def corpus_of(counts, prefix="s"):
    """Clips of len(counts) speakers, counts[i][j] of speaker i in emotion j."""
    rows = [
        (f"{prefix}{speaker + 1}", EMOTIONS[emotion])
        for speaker, row in enumerate(counts)
        for emotion, count in enumerate(row)
        for _ in range(count)
    ]
    return pd.DataFrame(rows, columns=["speaker", "emotion"])


@st.composite
def corpora(draw, least=2):
    """Uneven corpora, rows shuffled, as BAUM-1s is: speakers lack emotions."""
    rows = st.lists(st.integers(0, 6), min_size=6, max_size=6).filter(any)
    clips = corpus_of(draw(st.lists(rows, min_size=least, max_size=12)))
    order = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).permutation(len(clips))
    return clips.iloc[order].reset_index(drop=True)


@settings(max_examples=60, deadline=None)
@given(clips=corpora(), seed=st.integers(0, 5), data=st.data())
def test_folds_are_disjoint_and_test_every_clip_once(clips, seed, data):
    n_speakers = clips["speaker"].nunique()
    groups = data.draw(st.integers(2, n_speakers))
    pairs = protocol.folds(clips, "baum1s", groups=groups, seed=seed)
    assert len(pairs) == groups
    for train, test in pairs:
        assert len(train) and len(test)
        assert train.dtype == test.dtype == np.int64
        assert not set(clips["speaker"].iloc[train]) & set(clips["speaker"].iloc[test])
        assert sorted([*train, *test]) == list(range(len(clips)))
    assert sorted(np.concatenate([test for _, test in pairs])) == list(range(len(clips)))


@settings(max_examples=40, deadline=None)
@given(clips=corpora(least=3), seed=st.integers(0, 5))
def test_groups_depend_on_speakers_and_seed_not_on_row_order(clips, seed):
    def tested(frame):
        pairs = protocol.folds(frame, "enterface05", seed=seed)
        return [set(frame["speaker"].iloc[test]) for _, test in pairs]

    assert tested(clips) == tested(clips)
    assert tested(clips) == tested(clips.iloc[::-1])
    # A meaningless index must not matter: the result is positions.
    assert tested(clips) == tested(clips.set_axis(range(5, 5 + len(clips))))


def test_rml_leaves_one_speaker_out_in_natural_order():
    clips = corpus_of([[15] * 6] * 8)
    pairs = protocol.folds(clips, "rml")
    tested = [clips["speaker"].iloc[test].unique().tolist() for _, test in pairs]
    assert tested == [[f"s{n}"] for n in range(1, 9)]
    more = corpus_of([[1] * 6] * 11)
    names = [more["speaker"].iloc[test].iloc[0] for _, test in protocol.folds(more, "rml")]
    assert names[-2:] == ["s10", "s11"]


def test_enterface_has_three_groups_near_seven_to_three():
    counts = [[5] * 6 for _ in range(43)]
    counts[22] = [5, 5, 5, 2, 5, 5]
    clips = corpus_of(counts, "subject")
    pairs = protocol.folds(clips, "enterface05")
    assert len(pairs) == 3
    shares = [len(test) / len(clips) for _, test in pairs]
    assert max(shares) - min(shares) < 0.03
    assert all(0.3 < share < 0.36 for share in shares)


def test_uneven_speakers_are_balanced_in_clips_and_emotions():
    rng = np.random.default_rng(3)
    total = np.array([56, 80, 37, 173, 134, 41])
    owners = rng.dirichlet(np.full(30, 0.7), size=6)
    counts = np.array([rng.multinomial(n, p) for n, p in zip(total, owners, strict=True)]).T
    clips = corpus_of(counts[counts.sum(axis=1) > 0].tolist())
    for seed in range(4):
        table = protocol.describe(clips, protocol.folds(clips, "baum1s", seed=seed))
        assert (table["test_share"] - 1 / 3).abs().max() < 0.03
        assert (table["missing_in_test"] == "").all()
        for emotion, n in zip(EMOTIONS, total, strict=True):
            assert (table[emotion] / n - 1 / 3).abs().max() < 0.2, emotion


def test_folds_come_in_the_order_of_their_first_speaker():
    clips = corpus_of([[5] * 6] * 12)
    for seed in range(4):
        pairs = protocol.folds(clips, "baum1s", groups=4, seed=seed)
        firsts = [min(int(name[1:]) for name in clips["speaker"].iloc[test]) for _, test in pairs]
        assert firsts[0] == 1
        assert firsts == sorted(firsts)


def test_seeds_give_different_groupings():
    clips = corpus_of([[5] * 6] * 20)
    tests = {
        tuple(map(tuple, (test for _, test in protocol.folds(clips, "baum1s", seed=seed))))
        for seed in range(5)
    }
    assert len(tests) == 5


@pytest.mark.parametrize("groups", [1, 0, -2, 5, 2.0, True, "3"])
def test_impossible_groups(groups):
    clips = corpus_of([[1] * 6] * 4)
    with pytest.raises(ParameterError, match="groups"):
        protocol.folds(clips, "baum1s", groups=groups)


@pytest.mark.parametrize(("corpus", "speakers"), [("baum1s", 2), ("rml", 1), ("rml", 0)])
def test_too_few_speakers_for_the_default(corpus, speakers):
    with pytest.raises(ParameterError, match=f"at most its {speakers} speakers"):
        protocol.folds(corpus_of([[1] * 6] * speakers), corpus)


# ── Sentences ────────────────────────────────────────────────────────────────


@st.composite
def texts(draw):
    """As corpora(), each clip with one of an emotion's own sentences or of those all share."""
    clips = draw(corpora())
    shared = draw(st.integers(0, 5))
    numbers = draw(st.lists(st.integers(1, 5), min_size=len(clips), max_size=len(clips)))
    return clips.assign(
        sentence=[
            f"all {n}" if n <= shared else f"{emotion} {n}"
            for n, emotion in zip(numbers, clips["emotion"], strict=True)
        ]
    )


@settings(max_examples=60, deadline=None)
@given(clips=texts())
def test_a_part_has_each_sentence_whole_and_at_most_one_of_an_emotion(clips):
    parts = clips.assign(part=protocol.sentence_parts(clips))
    assert sorted(parts["part"].unique()) == list(range(parts["part"].max() + 1))
    assert parts.groupby("sentence")["part"].nunique().eq(1).all()
    assert parts.groupby(["emotion", "part"])["sentence"].nunique().eq(1).all()
    backwards = protocol.sentence_parts(clips.iloc[::-1])
    assert backwards[::-1].tolist() == parts["part"].tolist()


@settings(max_examples=60, deadline=None)
@given(clips=texts(), groups=st.integers(2, 3), kind=st.sampled_from(["disjoint", "heard"]))
def test_folds_of_sentences_test_every_clip_once_and_keep_their_sides(clips, groups, kind):
    assume(groups <= clips["speaker"].nunique())
    try:
        pairs = protocol.folds(clips, "baum1s", groups=groups, sentences=kind)
    except ParameterError as error:
        assert str(error).endswith("a fold would have nothing to learn from")
        return
    assert sorted(np.concatenate([test for _, test in pairs])) == list(range(len(clips)))
    part = protocol.sentence_parts(clips)
    for train, test in pairs:
        assert len(train)
        assert train.dtype == test.dtype == np.int64
        assert not set(clips["speaker"].iloc[train]) & set(clips["speaker"].iloc[test])
        unheard = set(clips["sentence"].iloc[test]) - set(clips["sentence"].iloc[train])
        if kind == "disjoint":
            assert unheard == set(clips["sentence"].iloc[test])
        (said,) = set(part[test])
        absent = set(range(part.max() + 1)) - set(part[train])
        assert (said if kind == "disjoint" else (said + 1) % (part.max() + 1)) in absent


def enterface(speakers=6):
    """Five sentences of its own for each emotion, said once by everybody."""
    rows = [
        (f"subject{s:02}", emotion, f"{emotion}-{k}")
        for s in range(1, speakers + 1)
        for emotion in EMOTIONS
        for k in range(1, 6)
    ]
    return pd.DataFrame(rows, columns=["speaker", "emotion", "sentence"])


def test_enterface_leaves_one_sentence_an_emotion_out_in_each_speaker_group():
    clips = enterface()
    whole = protocol.folds(clips, "enterface05", seed=2)
    apart = protocol.folds(clips, "enterface05", sentences="disjoint", seed=2)
    heard = protocol.folds(clips, "enterface05", sentences="heard", seed=2)
    assert len(whole) == 3
    assert len(apart) == len(heard) == 15
    for fold, (train, test) in enumerate(apart):
        assert set(test) <= set(whole[fold // 5][1])  # the same speaker groups, in their order
        tested = {f"{emotion}-{fold % 5 + 1}" for emotion in EMOTIONS}
        assert set(clips["sentence"][test]) == tested
        assert set(train) < set(whole[fold // 5][0])
        assert not set(clips["sentence"][train]) & tested
        other, same = heard[fold]
        assert np.array_equal(same, test)
        assert len(other) == len(train) == len(clips) * 2 // 3 * 4 // 5
        assert set(clips["sentence"][other]) > tested


def test_a_text_that_emotions_share_is_held_out_of_all_of_them():
    """In CREMA-D everybody says the same; one lacks a sentence in one emotion."""
    clips = enterface().assign(sentence=lambda table: table["sentence"].str[-1])
    clips = clips.drop(index=clips.query("sentence == '2' and emotion == 'fear'").index)
    clips = clips.reset_index(drop=True)
    assert protocol.sentence_parts(clips).tolist() == [int(k) - 1 for k in clips["sentence"]]
    numbers = clips.assign(sentence=clips["sentence"].astype(int))  # as read from a CSV file
    pairs = protocol.folds(numbers, "cremad", sentences="disjoint")
    assert len(pairs) == 15
    assert all(len(set(numbers["sentence"][test])) == 1 for _, test in pairs)


@pytest.mark.parametrize("kind", ["disjoint", "heard"])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda clips: clips.drop(columns="sentence"), "what 180 of its 180 clips say"),
        (lambda clips: clips.assign(sentence=np.nan), "what 180 of its 180 clips say"),
        (lambda clips: clips.assign(sentence=""), "what 180 of its 180 clips say"),
        (lambda clips: clips.replace("fear-3", None), "what 6 of its 180 clips say"),
        (lambda clips: clips.assign(sentence="so"), "a fold would have nothing to learn from"),
    ],
)
def test_sentences_that_are_not_told_or_not_several_are_named(kind, change, why):
    clips = change(enterface())
    with pytest.raises(ParameterError, match=rf"^protocol\.baum1s\.sentences: {kind} .*{why}"):
        protocol.folds(clips, "baum1s", sentences=kind)
    assert len(protocol.folds(clips, "baum1s")) == 3


def test_an_unknown_kind_of_sentences_is_refused():
    with pytest.raises(ParameterError, match="'apart' is not one of any, disjoint, heard"):
        protocol.folds(enterface(), "enterface05", sentences="apart")


def test_describe_names_the_sentences_that_training_never_heard():
    clips = enterface()
    pairs = {k: protocol.folds(clips, "rml", sentences=k) for k in protocol.SENTENCES}
    unheard = {k: protocol.describe(clips, p)["unheard"] for k, p in pairs.items()}
    assert set(unheard["any"]) == set(unheard["heard"]) == {""}
    assert unheard["disjoint"][1] == ", ".join(f"{emotion}-2" for emotion in EMOTIONS)
    shares = protocol.describe(clips, pairs["disjoint"])["test_share"]
    assert shares.sum() == pytest.approx(1)


def test_describe_names_what_a_fold_lacks():
    clips = corpus_of([[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]])
    table = protocol.describe(clips, protocol.folds(clips, "rml"))
    assert table["missing_in_train"].tolist() == ["", "surprise"]
    assert table["missing_in_test"].tolist() == ["surprise", ""]
    assert table["speakers"].tolist() == ["s1", "s2"]
    assert table["unheard"].tolist() == ["", ""]
    assert table["test"].tolist() == [5, 6]


@settings(max_examples=60, deadline=None)
@given(clips=corpora(least=3), seed=st.integers(0, 5), fraction=st.floats(0.01, 0.99))
def test_inner_split_stays_inside_train_and_apart(clips, seed, fraction):
    train, _ = protocol.folds(clips, "rml")[0]
    fit, validation = protocol.inner_split(clips, train, fraction=fraction, seed=seed)
    assert len(fit) and len(validation)
    assert sorted([*fit, *validation]) == sorted(train)
    assert not set(clips["speaker"].iloc[fit]) & set(clips["speaker"].iloc[validation])
    again = protocol.inner_split(clips, train[::-1], fraction=fraction, seed=seed)
    assert all(np.array_equal(a, b) for a, b in zip((fit, validation), again, strict=True))


def test_inner_split_meets_its_fraction_or_its_speakers():
    clips = corpus_of([[5] * 6] * 20)
    train = np.arange(18 * 30)
    _, validation = protocol.inner_split(clips, train, fraction=1 / 6)
    assert len(validation) == 90
    for speakers in (1, 4, 17):
        _, validation = protocol.inner_split(clips, train, speakers=speakers)
        assert clips["speaker"].iloc[validation].nunique() == speakers


@pytest.mark.parametrize(
    "wrong", [{"fraction": 0}, {"fraction": 1}, {"speakers": 0}, {"speakers": 3}, {"speakers": 1.5}]
)
def test_inner_split_refuses(wrong):
    clips = corpus_of([[1] * 6] * 3)
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        protocol.inner_split(clips, np.arange(18), **wrong)


LEAK = """
import pandas as pd
from avef import protocol
clips = pd.DataFrame({"speaker": list("aabb"), "emotion": "fear"})
protocol._crossed = lambda *_: [([0, 2], [1]), ([1], [0, 2, 3])]
try:
    protocol.folds(clips, "rml")
except ValueError as error:
    print(__debug__, error)
"""


@pytest.mark.parametrize("flags", [[], ["-O"]], ids=["plain", "-O"])
def test_a_speaker_on_both_sides_is_refused_with_and_without_assertions(flags):
    said = subprocess.check_output([sys.executable, *flags, "-c", LEAK], text=True)
    assert said == f"{not flags} speakers on both sides of a split: a\n"


def test_a_clip_is_tested_exactly_once(monkeypatch):
    clips = pd.DataFrame({"speaker": list("ab"), "emotion": "fear"})
    monkeypatch.setattr(protocol, "_crossed", lambda *_: [([0], [1])])
    with pytest.raises(ParameterError, match="not be tested exactly once"):
        protocol.folds(clips, "rml")


def test_inner_split_needs_two_speakers():
    clips = corpus_of([[1] * 6] * 3)
    with pytest.raises(ParameterError, match="at least 2"):
        protocol.inner_split(clips, np.arange(6))


def test_labels_of_the_three_models():
    clips = pd.DataFrame({"emotion": list(EMOTIONS)})
    assert protocol.labels(clips, "emotion").tolist() == [0, 1, 2, 3, 4, 5]
    assert protocol.labels(clips, "arousal").tolist() == [1, 0, 1, 1, 0, 1]
    assert protocol.labels(clips, "valence").tolist() == [0, 0, 0, 1, 0, 1]
    assert protocol.labels(clips, "valence").dtype == np.int64
    assert protocol.labels(clips.iloc[:0], "emotion").shape == (0,)


def test_binary_and_models_agree():
    assert protocol.EMOTION_MODELS["arousal"] == ("low", "high")
    assert protocol.EMOTION_MODELS["valence"] == ("negative", "positive")
    clips = pd.DataFrame({"emotion": list(EMOTIONS)})
    for column, model in enumerate(("arousal", "valence")):
        names = [protocol.EMOTION_MODELS[model][i] for i in protocol.labels(clips, model)]
        assert names == [protocol.binary(emotion)[column] for emotion in EMOTIONS]


def test_unknown_names_are_refused():
    with pytest.raises(ParameterError, match="dominance"):
        protocol.labels(pd.DataFrame({"emotion": ["anger"]}), "dominance")
    with pytest.raises(ParameterError, match="boredom"):
        protocol.labels(pd.DataFrame({"emotion": ["anger", "boredom"]}), "emotion")
    with pytest.raises(ParameterError, match="neutral"):
        protocol.binary("neutral")
