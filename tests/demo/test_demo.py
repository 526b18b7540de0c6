"""The demo corpora: real layouts, real containers, reproducible, usable."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("espeakng_loader", reason="the demo speaks with espeak-ng")
av = pytest.importorskip("av")

from avef.core.errors import ParameterError  # noqa: E402
from avef.demo import (  # noqa: E402
    CORPORA,
    Form,
    Script,
    acting,
    layouts,
    make_clip,
    make_corpus,
    voice,
)
from avef.demo.face import Actor, Expression  # noqa: E402
from avef.studies import vad_data  # noqa: E402

TINY = {"seed": 3, "speakers": 2, "repeats": 2, "size": (96, 64), "clip_seconds": (0.9, 1.3)}

PLAIN = {"voice": voice.Voice.of(0), "manner": voice.Manner(), "seed": 1}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    base = tmp_path_factory.mktemp("raw")
    for corpus in CORPORA:
        make_corpus(corpus, base / corpus, n_jobs=2, **TINY)
    return {corpus: base / corpus for corpus in CORPORA}


def digests(root):
    files = sorted(p for p in Path(root).rglob("*") if p.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def media(root):
    return sorted(p for p in Path(root).rglob("*") if p.suffix in (".avi", ".mp4"))


def decode(path):
    """(frames, samples per channel, facts) of a media file, or None if it is broken."""
    try:
        with av.open(str(path)) as file:
            video, audio = file.streams.video[0], file.streams.audio[0]
            facts = (int(video.average_rate), audio.rate, audio.channels)
            frames = sum(1 for _ in file.decode(video=0))
        with av.open(str(path)) as file:
            samples = sum(frame.samples for frame in file.decode(audio=0))
    except (av.error.FFmpegError, IndexError):
        return None
    return (frames, samples, facts) if frames else None


def sound(path):
    with av.open(str(path)) as file:
        parts = [f.to_ndarray() for f in file.decode(audio=0)]
    return np.concatenate(parts, axis=1)[0].astype(float) / 32768


@pytest.mark.parametrize("corpus", CORPORA)
def test_same_seed_same_bytes_whatever_the_number_of_processes(corpus, tmp_path):
    """A corpus is replaced as a whole, and its files come out the same."""
    one = {**TINY, "speakers": 1, "repeats": 1, "clip_seconds": (0.5, 0.8)}
    make_corpus(corpus, tmp_path / "raw", n_jobs=1, **one)
    before = digests(tmp_path / "raw")
    assert len(before) >= 7
    (tmp_path / "raw" / "left over.txt").write_text("x")
    make_corpus(corpus, tmp_path / "raw", n_jobs=2, **one)
    assert digests(tmp_path / "raw") == before
    assert [p.name for p in tmp_path.iterdir()] == ["raw"]  # no temporary folder


def test_another_seed_another_clip(tmp_path):
    for seed in (1, 2):
        make_clip(
            tmp_path / f"{seed}.avi",
            emotion="fear",
            identity=1,
            seed=seed,
            form=Form(size=(96, 64)),
        )
    one, two = ((tmp_path / f"{seed}.avi").read_bytes() for seed in (1, 2))
    assert one != two


@pytest.mark.parametrize(
    ("corpus", "fps", "rate", "channels"),
    [
        ("rml", 30, 22050, {2}),
        ("enterface05", 25, 48000, {2}),
        ("baum1s", 30, 48000, {1, 2}),
    ],
)
def test_containers_and_the_one_broken_clip(roots, corpus, fps, rate, channels):
    results = {path: decode(path) for path in media(roots[corpus])}
    assert sum(result is None for result in results.values()) == 1
    good = [result for result in results.values() if result]
    assert {facts[:2] for _, _, facts in good} == {(fps, rate)}
    assert {facts[2] for _, _, facts in good} == channels
    for frames, samples, _ in good:
        assert abs(frames / fps - samples / rate) < 0.06


def test_rml_layout(roots):
    names = {str(p.relative_to(roots["rml"])) for p in roots["rml"].rglob("*") if p.is_file()}
    assert {"rml-1/s1/an1.avi", "rml-1/s1/su2.avi", "rml-1/s1/Thumbs.db"} <= names
    assert {"rml-1/s3/f1eng/an1.avi", "rml-1/s3/f2chi/an1.avi"} <= names
    assert sum(n.endswith(".avi") for n in names) == 24


def test_enterface05_layout(roots):
    names = {str(p.relative_to(roots["enterface05"])) for p in media(roots["enterface05"])}
    assert "subject 2/anger/sentence 1/s2_an_2.avi" in names  # swapped in name
    assert "subject 11/fear/sentence 2/s12_fe_2.avi" in names  # another subject's name
    assert {"subject 6/anger/s6_an.avi", "subject 6/fear/s6_fe.avi"} <= names  # not cut
    assert len(names) == 26


def test_enterface05_odd_names_with_more_subjects():
    from avef.demo.layouts import _enterface

    paths = {job.path for job in _enterface(6, 2, Script(), Form())[0]}
    assert "subject 16/surprise/sentence 2/s16_su_2avi.avi" in paths
    assert "subject 3/anger/sentence 1/s_3_an_1.avi" in paths
    assert sum("subject 23/happiness" in path for path in paths) == 1


def test_enterface05_has_sentences_of_its_own_in_each_emotion():
    from avef.demo.layouts import _enterface

    jobs = [job for job in _enterface(6, 5, Script(), Form())[0] if "sentence" in job.path]
    told = {(job.emotion, job.path.split("/")[2], job.script.text) for job in jobs}
    assert len(told) == len({text for *_, text in told}) == 6 * 5


def test_a_clip_of_a_text_says_it_and_nothing_else(tmp_path):
    script = Script(text="Nobody came to my birthday")
    spans = make_clip(
        tmp_path / "one.avi",
        emotion="surprise",
        identity=1,
        seed=1,
        script=script,
        form=Form(size=(96, 64)),
    )
    assert [text for *_, text in spans] == ["Nobody came to my birthday?"]


def test_baum1s_labels_gaps_and_slips(roots):
    openpyxl = pytest.importorskip("openpyxl")
    root = roots["baum1s"]
    header, *rows = openpyxl.load_workbook(root / "Annotations_BAUM1s.xlsx").active.values
    assert header == ("Subject No", "Clip Name", "Emotion", "Emotion Code")
    files = {p.stem: p for p in media(root)}
    assert all(p.parent.parent.name == "BAUM1s_MP4 - All" for p in files.values())
    assert all(p.parent.name == p.stem[:4].lower() for p in files.values())
    assert all(p.with_suffix(".srt").exists() for p in files.values())
    labelled = {name for _, name, _, _ in rows}
    assert len(labelled - set(files)) == 1  # annotated, missing
    assert len(set(files) - labelled) == 1  # there, not annotated
    codes = [code for *_, code in rows]
    assert {2, 3, 4, 5, 9, 12, 13} <= set(codes)
    counts = {code: codes.count(code) for code in (1, 6, 7, 8, 10, 11)}
    assert max(counts, key=counts.get) == 8
    assert min(counts, key=counts.get) == 7
    assert {"Contepmt", "Sadnes"} <= {name for _, _, name, _ in rows}
    assert any(name == "Sadness" and code == 8 for _, _, name, code in rows)
    assert "-->" in next(iter(files.values())).with_suffix(".srt").read_text()


def test_speech_pauses_and_face_rests(tmp_path):
    """About 30 % of a clip is room noise, far below the speech but never digital zero."""
    path = tmp_path / "clip.avi"
    script, form = Script(ambiguity=0), Form(sample_rate=22050)
    spans = make_clip(path, emotion="anger", identity=2, seed=8, script=script, form=form)
    y = sound(path)
    time = np.arange(y.size) / 22050
    spoken = np.any([(time > a) & (time < b) for a, b, _ in spans], axis=0)
    assert 0.2 < 1 - spoken.mean() < 0.4
    level = 20 * np.log10([np.sqrt(np.mean(y[s] ** 2)) for s in (spoken, ~spoken)])
    assert level[0] > -25
    assert -65 < level[1] < -40

    with av.open(str(path)) as file:
        frames = np.stack([f.to_ndarray(format="gray") for f in file.decode(video=0)]).astype(float)
    at = (np.arange(len(frames)) + 0.5) / 25
    quiet = np.all([(at < a - 0.1) | (at > b + 0.12) for a, b, _ in spans], axis=0)
    busy = np.any([(at > a + 0.1) & (at < b - 0.1) for a, b, _ in spans], axis=0)
    rest = frames[quiet].mean(0)[60:180, 100:220]
    far = np.abs(frames[:, 60:180, 100:220] - rest).mean((1, 2))
    assert np.median(far[busy]) > np.median(far[quiet])


def people():
    """The identities of the demo corpora at their largest."""
    plans = (layouts.PLANS[c](*layouts.MOST[c], Script(), Form())[0] for c in CORPORA)
    return {job.identity for jobs in plans for job in jobs}


def test_the_vad_was_trained_on_no_voice_of_the_demo():
    """Not on the variant either: at another pitch it would be much the same voice."""
    learnt = [
        voice.Voice.of(i, vad_data.LEARNT)
        for part in ("train", "validation")
        for i in vad_data.SYNTHETIC[part]
    ]
    assert len(people()) > 75
    assert {v.variant for v in learnt} == set(sum(vad_data.LEARNT, ()))
    heard = {voice.Voice.of(i).variant for i in people()}
    tested = {voice.Voice.of(i).variant for i in vad_data.SYNTHETIC["test"]}
    assert not {v.variant for v in learnt} & (heard | tested)


def test_two_people_of_a_corpus_as_it_comes_have_two_voices():
    for corpus in CORPORA:
        jobs = layouts.PLANS[corpus](*layouts.DEFAULT[corpus], Script(), Form())[0]
        names = {job.identity: voice.Voice.of(job.identity).variant for job in jobs}
        names.pop(106, None)  # eNTERFACE'05's subject 6, whose clips are left out
        assert len(set(names.values())) == len(names)


def test_espeak_knows_every_voice_and_no_two_are_alike():
    """It says nothing where it does not know a variant, and speaks as if none was asked for."""
    names = [*sum(voice.VARIANTS, ()), *sum(vad_data.LEARNT, ()), "none such"]
    sounds = set()
    for name in names:
        said = PLAIN | {"voice": voice.Voice(name, 44.0)}
        sounds.add(voice.speak(["The door is open."], "en-us", **said)[0].tobytes())
    assert len(sounds) == len(names)


def test_manners_differ():
    """Loudness and pitch of the emotions, on the same words by the same voice."""
    person, rng = voice.Voice.of(2), np.random.default_rng(0)
    told = {}
    for emotion in ("anger", "sadness", "surprise"):
        manner = acting.MANNERS[emotion]
        said = "The door is open."
        (y,) = voice.speak([said], "en-us", voice=person, manner=manner, seed=1)
        y = voice.colour(y, manner, rng)
        assert y.dtype == np.float32
        assert np.abs(y).max() <= 1
        told[emotion] = (np.sqrt(np.mean(y**2)), y.size)
    assert told["anger"][0] > 3 * told["sadness"][0]
    assert told["sadness"][1] > 1.2 * told["surprise"][1]


def test_acting_is_imperfect_only_if_asked():
    rng = np.random.default_rng(0)
    gains = {e: np.mean([acting.act(e, rng, 0.0).manner.gain for _ in range(50)])
             for e in ("anger", "sadness")}  # fmt: skip
    assert gains["anger"] > gains["sadness"] + 5
    smiles = [acting.act("happiness", rng, 1.0).face.smile for _ in range(200)]
    assert np.mean(np.array(smiles) < 0.45) > 0.8


def test_expressions_blend():
    half = Expression().mixed(Expression(smile=1.0), 0.5)
    assert half == Expression(smile=0.5)


def test_a_frame():
    frame = Actor(3, (160, 120)).draw(acting.FACES["happiness"])
    assert frame.shape == (120, 160, 3)
    assert frame.dtype == np.uint8
    rest = Actor(3, (160, 120)).draw(Expression())
    assert np.abs(frame.astype(int) - rest).max() > 40


def test_mtcnn_finds_the_faces():
    mtcnn = pytest.importorskip("mtcnn")
    detector = mtcnn.MTCNN(device="CPU:0")
    faces, errors = 0, []
    cases = list(zip((1, 2, 3, 6, 102, 203), sorted(acting.NEIGHBOUR), strict=True))
    for identity, emotion in cases:
        actor = Actor(identity)
        seen = detector.detect_faces(actor.draw(acting.FACES[emotion]))
        if not seen:
            continue
        faces += 1
        points = seen[0]["keypoints"]
        truth = actor.landmarks(acting.FACES[emotion])
        eyes = np.array([points["left_eye"], points["right_eye"], points["nose"]], float)
        errors.append(
            np.linalg.norm(eyes - truth[:3], axis=1) / np.linalg.norm(truth[1] - truth[0])
        )
    assert faces >= len(cases) - 1
    assert np.median(errors) < 0.1


@pytest.mark.parametrize(
    ("arguments", "value", "rule"),
    [
        ({"corpus": "ravdess"}, "'ravdess'", "one of"),
        ({"speakers": 9}, "9", "1 to 8"),
        ({"speakers": True}, "True", "1 to 8"),
        ({"repeats": 0}, "0", "1 to 11"),
        ({"seed": -1}, "-1", "from 0"),
        ({"size": (320, 241)}, "241", "even"),
        ({"clip_seconds": (3, 2)}, "(3, 2)", "shortest <= longest"),
        ({"clip_seconds": (1, float("nan"))}, "nan", "shortest <= longest"),
        ({"ambiguity": 1.5}, "1.5", "0 to 1"),
        ({"n_jobs": 0}, "0", "not 0"),
    ],
)
def test_bad_corpus_arguments(tmp_path, arguments, value, rule):
    arguments = {"corpus": "rml", "root": tmp_path / "x", **arguments}
    with pytest.raises(ParameterError) as error:
        make_corpus(arguments.pop("corpus"), arguments.pop("root"), **arguments)
    assert value in str(error.value)
    assert rule in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("path", {"path": "x.mkv"}),
        ("emotion", {"emotion": "calm"}),
        ("identity", {"identity": -1}),
        ("fps", {"form": Form(fps=29.97)}),
        ("sample_rate", {"form": Form(sample_rate=4000)}),
        ("channels", {"form": Form(channels=3)}),
        ("size", {"form": Form(size=(320, 241))}),
        ("silence", {"script": Script(silence=0)}),
        ("language", {"script": Script(language="en-gb")}),
    ],
)
def test_bad_clip_arguments(tmp_path, name, arguments):
    usual = {"path": "x.avi", "emotion": "fear", "identity": 0, "seed": 0, **arguments}
    path = tmp_path / usual.pop("path")
    with pytest.raises(ParameterError, match=name):
        make_clip(path, **usual)
    assert not path.exists()


def test_other_files_are_never_replaced(tmp_path):
    (tmp_path / "mine.avi").write_bytes(b"precious")
    with pytest.raises(ParameterError, match="nothing was replaced"):
        make_corpus("rml", tmp_path, **TINY)
    assert (tmp_path / "mine.avi").read_bytes() == b"precious"


def test_without_espeak(monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(ImportError, match="pip install espeakng-loader"):
        voice.speak(["a"], "en-us", **PLAIN)


def test_an_unknown_language_says_so():
    with pytest.raises(RuntimeError, match="no voice"):
        voice.speak(["a"], "xx-none", **PLAIN)
