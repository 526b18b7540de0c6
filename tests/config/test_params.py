"""params.yaml: what does not fit stops at once and names its key; profiles switch cleanly."""

import math
import os
import typing
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from avef import corpora
from avef.config import params, profiles
from avef.config.values import Reader
from avef.core.errors import ParameterError

ROOT = Path(__file__).resolve().parents[2]
PARAMS, PROFILES = ROOT / "params.yaml", ROOT / "profiles"
YAML_ = YAML(typ="safe")


def values(path=PARAMS):
    return YAML_.load(Path(path).read_text(encoding="utf-8"))


def keys(node, above=()):
    if not isinstance(node, dict):
        return {".".join(above)}
    return set().union(*(keys(child, (*above, name)) for name, child in node.items()))


@pytest.fixture
def changed(tmp_path):
    """Write params.yaml with one key set, or deleted (``...``)."""

    def change(key, value):
        tree = values()
        *above, last = key.split(".")
        node = tree
        for name in above:
            node = node[name]
        if value is ...:
            del node[last]
        else:
            node[last] = value
        with (tmp_path / "params.yaml").open("w", encoding="utf-8") as file:
            YAML_.dump(tree, file)
        return tmp_path / "params.yaml"

    return change


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_bytes(PARAMS.read_bytes())
    return path


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("speed", 1, "unknown"),
        ("prepare.frame", 1, "unknown"),
        ("audio_net.default.decay", 1, "unknown"),
        ("seed", ..., "missing"),
        ("prepare.face_size", ..., "missing"),
        ("dbn_fusion.default.epochs", ..., "missing"),
        ("seed", True, "valid integer"),
        ("seed", 1.5, "valid integer"),
        ("seed", None, "valid integer"),
        ("prepare.face_size", "112", "valid integer"),
        ("protocol.enterface05.groups", "five", "valid integer"),
        ("protocol.baum1s.sentences", "apart", "'any', 'disjoint' or 'heard'"),
        ("networks.audio.dropout", "0.3", "valid number"),
        ("networks.audio.dropout", False, "valid number"),
        ("svm.standardise", 1, "valid boolean"),
        ("corpora.rml.root", 5, "valid string"),
        ("corpora.rml.transfer_from", "baum1s", "valid list"),
        ("corpora.rml", None, "mapping"),
        ("prepare", [], "mapping"),
        ("profile", "fast", "'demo' or 'paper'"),
        ("prepare.deinterlace", "sometimes", "'auto', 'always' or 'never'"),
        ("prepare.max_gib", 0, "greater than 0"),
        ("prepare.picture_side", 12, "greater than or equal to 48"),
        ("prepare.vad", "webrtc", "'mrcg_dnn', 'silero', 'energy' or 'none'"),
        ("svm.gamma", 0.1, "'auto' or 'scale'"),
        ("transfer.default.case", 3, "less than or equal to 2"),
        ("transfer.default.case", True, "valid integer"),
        ("audio_net.default.learning_rate", math.inf, "finite number"),
        ("networks.dbn.hidden", [], "at least 1 item"),
        ("networks.dbn.dropout", 1.0, "less than or equal to 0.99"),
        ("networks.initial", "he_uniform", "'he_normal' or 'published'"),
        ("networks.weight_decay", -0.1, "greater than or equal to 0"),
        ("networks.weight_decay", ..., "missing"),
        ("networks.audio.width", 4.5, "less than or equal to 4"),
        ("networks.audio.input_size", 66, "at least 67"),
        ("networks.visual.input_size", 15, "at least 16"),
        ("keep.audio", "conv6", "'conv1', 'conv2', 'conv3', 'conv4' or 'conv5'"),
        ("keep.visual", "conv3", "'conv1a', 'conv2a', 'conv3a', 'conv3b'"),
        ("keep.dbn", 3, "at most the number of hidden layers"),
        ("jobs.prepare", 0, "-1 or at least 1"),
        ("jobs.train", 0, "-1 or at least 1"),
        ("seed", 2**32, "less than 4294967296"),
        ("seeds", [], "at least 1 item"),
        ("seeds", [1, 2, 1], "differ from one another"),
        ("seeds", [2020, -1], "greater than or equal to 0"),
        ("demo.seed", 2**31, "less than 2147483648"),
        ("demo.corpora", ["rml", "savee"], "'rml', 'enterface05' or 'baum1s'"),
    ],
)
def test_a_mistake_is_named_by_its_full_key(changed, key, value, rule):
    with pytest.raises(ParameterError) as error:
        params.read(changed(key, value))
    assert str(error.value).startswith((f"{key}:", f"{key}["))
    assert rule in str(error.value)
    if value is not ... and rule != "unknown" and not isinstance(value, list):
        assert repr(value) in str(error.value)


def test_all_mistakes_stand_in_one_message(copy):
    tree = values()
    tree["seed"], tree["speed"] = True, 1
    del tree["svm"]["c"]
    tree["networks"]["audio"]["width"] = 9
    with pytest.raises(ParameterError, match="5 faults") as error:
        params.checked(tree | {"profile": "fast"})
    told = str(error.value).splitlines()[1:]
    assert {line.split(":")[0] for line in told} == {
        "profile",
        "seed",
        "speed",
        "svm.c",
        "networks.audio.width",
    }


@pytest.mark.parametrize(
    ("override", "rule"),
    [
        ("keep.audio=conv9", "keep.audio: must be 'conv1'"),
        ("keep.dbn=9", "at most the number of hidden layers"),
        ("keep.adio=conv1", "keep.adio: not a parameter"),
        ("networks.dbn.hidden=[]", "networks.dbn.hidden: List should have at least 1 item"),
        ("seed", "an override is key=value"),
    ],
)
def test_an_ablation_that_does_not_fit_is_refused_when_read(changed, override, rule):
    with pytest.raises(ParameterError, match=r"^ablations\.odd: ") as error:
        params.read(changed("ablations", {"fine": ["seed=3"], "odd": [override]}))
    assert rule in str(error.value)


def test_what_one_corpus_takes(changed):
    p = params.read(changed("protocol.baum1s.groups", 5))
    chosen = p.of("baum1s")
    assert (chosen.protocol.groups, chosen.seed) == (5, p.seed)
    assert chosen.schedule("audio") == p.audio_net["baum1s"]
    assert chosen.net("visual") == p.networks.visual
    assert chosen.kept("visual") == p.keep.visual
    assert chosen.transfer == p.transfer["baum1s"]


@pytest.mark.parametrize("index", [0, 1])
def test_a_mistake_in_a_list_is_named_by_its_place(changed, index):
    hidden = [512, 256]
    hidden[index] = "wide"
    with pytest.raises(ParameterError, match=rf"^networks\.dbn\.hidden\[{index}\]: .*'wide'"):
        params.read(changed("networks.dbn.hidden", hidden))


SECTIONS = ["protocol", "transfer", "audio_net", "visual_net", "dbn_fusion"]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_has_a_default_and_names_no_corpus_that_is_not_there(changed, section):
    one = values()[section]["default"]
    with pytest.raises(ParameterError, match=rf"(?m)^{section}\.default: missing"):
        params.read(changed(f"{section}.default", ...))
    with pytest.raises(ParameterError, match=rf"(?m)^{section}\.savee: no such corpus; .*baum1s"):
        params.read(changed(f"{section}.savee", one))


def test_a_corpus_takes_the_default_but_for_what_it_says_itself(changed):
    p = params.read(changed("audio_net.rml", {"epochs": 77}))
    assert p.audio_net["rml"].epochs == 77
    assert p.audio_net["rml"].learning_rate == p.audio_net["default"].learning_rate
    assert p.audio_net["baum1s"] == p.audio_net["default"] != p.audio_net["rml"]
    assert p.of("rml").audio_net.epochs == 77
    with pytest.raises(ParameterError, match=r"^audio_net\.rml\.epoch: unknown"):
        params.read(changed("audio_net.rml", {"epoch": 77}))


@pytest.mark.parametrize(
    "sources",
    [["rml", "baum1s"], ["baum1s", "savee"], ["enterface05", "baum1s", "baum1s"]],
)
def test_networks_start_from_other_corpora(changed, sources):
    with pytest.raises(ParameterError, match=r"^corpora\.rml\.transfer_from: must name other"):
        params.read(changed("corpora.rml.transfer_from", sources))


def test_networks_start_from_all_others_unless_they_are_named(changed):
    assert params.read().sources("rml") == ["enterface05", "baum1s"]
    p = params.read(changed("corpora.rml.transfer_from", ["baum1s"]))
    assert p.sources("rml") == ["baum1s"]
    with pytest.raises(ParameterError, match=r"^corpora\.rml\.transfer_from: .*at least 1 item"):
        params.read(changed("corpora.rml.transfer_from", []))


def test_two_folders_of_one_published_corpus_do_not_teach_each_other(changed):
    """An actor who is tested in the one may be heard in the other."""
    tree = values()
    tree["corpora"] |= {
        "films": {"root": "x", "reader": "ravdess"},
        "voices": {"root": "y", "reader": "ravdess"},
        "ravdess": {"root": "z"},
        "mine": {"root": "v", "reader": "table"},
        "ours": {"root": "w", "reader": "table"},
    }
    p = params.checked(tree)
    paper = ["rml", "enterface05", "baum1s"]
    for name in ("films", "voices", "ravdess"):
        assert p.sources(name) == [*paper, "mine", "ours"]
    assert p.sources("mine") == [*paper, "films", "voices", "ravdess", "ours"]
    tree["corpora"]["films"]["transfer_from"] = ["rml", "ravdess"]
    with pytest.raises(ParameterError, match=r"films\.transfer_from: ravdess is of the same publ"):
        params.checked(tree)


def alone(tree, names):
    tree["corpora"] = {c: e for c, e in tree["corpora"].items() if c in names}
    tree["protocol"] = {c: e for c, e in tree["protocol"].items() if c in (*names, "default")}
    tree["demo"]["corpora"] = [c for c in tree["demo"]["corpora"] if c in names]
    return tree | {"ablations": {}}


def test_two_corpora_or_four_are_corpora_too():
    p = params.checked(alone(values(), ["rml", "baum1s"]))
    assert p.sources("rml") == ["baum1s"]
    with pytest.raises(ParameterError, match="no other corpus that rml can start from"):
        params.checked(alone(values(), ["rml"]))
    tree = values()
    tree["corpora"] |= {"mine": {"root": "x", "reader": "ravdess"}, "savee": {"root": "y"}}
    p = params.checked(tree)
    assert p.of("mine").transfer == p.transfer["default"]
    assert p.sources("savee") == ["rml", "enterface05", "baum1s", "mine"]


def test_no_corpora_and_a_demo_of_none_of_them_are_refused():
    with pytest.raises(ParameterError, match=r"^corpora: must name at least two"):
        params.checked(alone(values(), []))
    tree = alone(values(), ["rml", "baum1s"])
    tree["demo"]["corpora"] = ["rml", "enterface05"]
    with pytest.raises(ParameterError, match=r"^demo\.corpora: enterface05 is not one of corpora"):
        params.checked(tree)


@pytest.mark.parametrize("name", ["Mine", "my-own", "default", "both", "1st", "a b", "../x"])
def test_a_corpus_name_that_would_be_no_file_name_is_refused(name):
    tree = values()
    tree["corpora"][name] = {"root": "x", "reader": "rml"}
    with pytest.raises(ParameterError, match="is named by small letters, digits and _"):
        params.checked(tree)


def test_a_corpus_of_a_name_of_its_own_says_who_reads_it(changed):
    with pytest.raises(ParameterError, match=r"^corpora\.mine\.reader: missing, as none is called"):
        params.read(changed("corpora.mine", {"root": "x"}))
    with pytest.raises(ParameterError, match=r"^corpora\.mine\.reader: .*'rml'.*got 'csv'"):
        params.read(changed("corpora.mine", {"root": "x", "reader": "csv"}))


def test_every_reader_that_a_parameter_may_name_is_there():
    assert set(typing.get_args(Reader)) == set(corpora.READERS)


def test_what_fits_is_typed(changed):
    p = params.read(changed("svm.c", 2))
    assert (p.svm.c, type(p.svm.c)) == (2.0, float)
    assert params.read(changed("protocol.baum1s.groups", 5)).protocol["baum1s"].groups == 5
    assert params.read(changed("protocol.baum1s.groups", None)).protocol["baum1s"].groups is None
    assert params.read(changed("audio_net.default.learning_rate", 1)).audio_net["rml"].epochs > 0


def test_a_missing_or_broken_file_says_so(tmp_path):
    with pytest.raises(ParameterError, match="no such file"):
        params.read(tmp_path / "params.yaml")
    for text in ("seed: [1", "seed: 2020-13-45", "seed:\t1", "a: b: c"):
        (tmp_path / "params.yaml").write_text(text)
        with pytest.raises(ParameterError, match="not valid YAML"):
            params.read(tmp_path / "params.yaml")
        with pytest.raises(ParameterError, match="not valid YAML"):
            profiles.apply("demo", tmp_path / "params.yaml", PROFILES)
    (tmp_path / "params.yaml").write_bytes(b"seed: \xff")
    with pytest.raises(ParameterError, match="not UTF-8"):
        params.read(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("")
    with pytest.raises(ParameterError, match=r"params\.yaml: must be a mapping"):
        params.read(tmp_path / "params.yaml")


def test_the_committed_parameters_are_the_demo_profile(copy):
    assert profiles.apply("demo", copy, PROFILES) == []
    assert copy.read_bytes() == PARAMS.read_bytes()


def test_there_and_back_gives_the_same_bytes(copy):
    there = profiles.apply("paper", copy, PROFILES)
    assert copy.read_bytes() != PARAMS.read_bytes()
    assert profiles.apply("paper", copy, PROFILES) == []
    back = dict(line.split(": ", 1) for line in profiles.apply("demo", copy, PROFILES))
    for line in there:
        key, change = line.split(": ", 1)
        old, new = change.split(" → ")
        assert old != new and back.pop(key) == f"{new} → {old}"
    assert not back
    assert copy.read_bytes() == PARAMS.read_bytes()


def test_corpora_that_were_taken_out_stay_out(copy):
    tree = alone(values(), ["rml", "baum1s"])
    with copy.open("w") as file:
        YAML().dump(tree, file)
    profiles.apply("paper", copy, PROFILES)
    profiles.apply("demo", copy, PROFILES)
    assert list(params.read(copy).corpora) == params.read(copy).demo.corpora == ["rml", "baum1s"]


@pytest.mark.parametrize("text", ["", "[1]", "profile: demo", "corpora:"])
def test_a_profile_says_what_is_wrong_with_a_file_without_corpora(copy, text):
    copy.write_text(text)
    with pytest.raises(ParameterError, match="must be a mapping|has .* faults|corpora: must be"):
        profiles.apply("demo", copy, PROFILES)
    assert copy.read_text() == text


def test_profiles_list_the_same_keys():
    lists = [keys(values(path)) for path in sorted(PROFILES.glob("*.yaml"))]
    assert len(lists) == 4
    assert all(one == lists[0] for one in lists)
    assert lists[0] <= keys(values())


def test_the_fast_paper_profile_differs_in_the_choice_of_the_epoch_alone(copy):
    profiles.apply("paper", copy, PROFILES)
    assert profiles.apply("paper-fast", copy, PROFILES) == ["stop.early: false → true"]
    assert params.read(copy).stop.early


def test_the_small_paper_profile_has_the_papers_corpora_protocol_and_folds(copy):
    """It differs from the paper's in sizes, schedules and workers, as README says."""
    profiles.apply("paper", copy, PROFILES)
    before = params.read(copy)
    keys = {line.partition(":")[0] for line in profiles.apply("paper-small", copy, PROFILES)}
    after = params.read(copy)
    schedules = ("transfer.", "audio_net.", "visual_net.", "dbn_fusion.", "rbm.", "emodb.")
    others = {key for key in keys if not key.startswith(("networks.", *schedules))}
    assert others == {"jobs.train", "prepare.face_size"}
    for key in keys - others:
        assert key.endswith(
            ("width", "input_size", "hidden", "epochs", "learning_rate", "clip_norm")
        )
    assert after.of("rml").audio_net.epochs < before.of("rml").audio_net.epochs
    assert after.networks.visual.input_size <= after.prepare.face_size


def test_a_profile_changes_what_it_lists_and_nothing_else(copy):
    profiles.apply("paper", copy, PROFILES)
    listed = keys(values(PROFILES / "paper.yaml"))
    flat = [dict(_flat(values(path))) for path in (PARAMS, copy)]
    assert {k for k in flat[0] if flat[0][k] != flat[1][k]} <= listed


def _flat(node, above=()):
    for name, child in node.items():
        if isinstance(child, dict):
            yield from _flat(child, (*above, name))
        else:
            yield ".".join((*above, name)), child


def test_the_paper_profile_has_the_papers_numbers(copy):
    """Table 3 and §2.2."""
    profiles.apply("paper", copy, PROFILES)
    p = params.read(copy)
    assert p.profile == "paper"
    for name in p.corpora:
        for section, batch in (("audio_net", 30), ("visual_net", 30), ("dbn_fusion", 10)):
            schedule = getattr(p, section)[name]
            assert (schedule.epochs, schedule.batch) == (500, batch)
            assert (schedule.learning_rate, schedule.momentum) == (0.001, 0.9)
        assert p.corpora[name].root == f"data/raw/{name}"
    on_emodb, audio = p.emodb, p.audio_net["rml"]
    for name in ("epochs", "batch", "learning_rate", "momentum", "clip_norm"):
        assert getattr(on_emodb, name) == getattr(audio, name)
    assert (p.networks.audio.width, p.networks.audio.input_size) == (1, 227)
    assert (p.networks.visual.width, p.networks.visual.input_size) == (1, 112)
    assert p.networks.audio.dropout == p.networks.visual.dropout == 0.3
    assert p.networks.dbn.hidden == [4096, 2048]
    assert p.prepare.face_size >= p.networks.visual.input_size
    assert p.demo.corpora == []


def test_overrides_change_what_they_name_and_no_file(copy):
    p = profiles.overridden(copy, ["keep.audio=null", "networks.dbn.hidden=[8, 4]", "seed=7"])
    assert (p.keep.audio, p.networks.dbn.hidden, p.seed) == (None, [8, 4], 7)
    assert p.keep.visual == params.read(copy).keep.visual
    assert copy.read_bytes() == PARAMS.read_bytes()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("keep.adio=conv1", "keep.adio: not a parameter"),
        ("seed.sub=1", "seed.sub: not a parameter"),
        ("seed=soon", "seed: must be a valid integer"),
        ("seed", "an override is key=value"),
    ],
)
def test_an_override_that_does_not_fit_is_named(copy, override, message):
    with pytest.raises(ParameterError, match=message):
        profiles.overridden(copy, [override])


def test_every_ablation_of_the_committed_parameters_fits(copy):
    for overrides in params.read(copy).ablations.values():
        assert profiles.overridden(copy, overrides) != params.read(copy)


def test_an_unknown_profile_names_the_known_ones(copy):
    with pytest.raises(ParameterError, match="demo, paper, paper-fast, paper-small, got"):
        profiles.apply("fast", copy, PROFILES)


@pytest.mark.parametrize("text", ["sped: 1", "seed: soon", "prepare: {fps: 25}"])
def test_a_bad_profile_leaves_the_parameters_as_they_were(copy, tmp_path, text):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ParameterError, match=text.split(":")[0]):
        profiles.apply("bad", copy, tmp_path)
    assert copy.read_bytes() == PARAMS.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.yaml", "params.yaml"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("networks.audio.dropout", 1.5),
        ("transfer.default.epochs", 0),
        ("audio_net.default.learning_rate", 0.0),
        ("prepare.vad_threshold", float("nan")),
        ("protocol.baum1s.groups", 1),
    ],
)
def test_a_number_out_of_range_is_named(changed, key, value):
    with pytest.raises(ParameterError, match=key):
        params.read(changed(key, value))


@pytest.mark.parametrize("root", ["", "  ", "a\0b"])
@pytest.mark.parametrize("key", ["corpora.rml.root", "emodb.root"])
def test_a_root_names_a_folder(changed, key, root):
    tree = values()
    *above, last = key.split(".")
    node = tree
    for name in above:
        node = node[name]
    node[last] = root
    with pytest.raises(ParameterError, match=f"{key}: must name a folder"):
        params.checked(tree)


def test_a_root_may_lie_in_a_home_folder(changed, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    p = params.read(changed("corpora.rml.root", "~/corpora/rml"))
    assert p.corpora["rml"].root == "/home/someone/corpora/rml"
    with pytest.raises(ParameterError, match="corpora.rml.root: begins with ~, but nobody"):
        params.read(changed("corpora.rml.root", "~nobody-of-this-name/rml"))


@pytest.mark.parametrize("number", [10**30, -(10**30)])
def test_a_number_that_no_float_holds_is_refused(changed, number):
    with pytest.raises(ParameterError, match="audio_net.default.epochs: must be "):
        params.read(changed("audio_net.default.epochs", number))


def test_digits_by_the_thousand_are_said_in_words():
    with pytest.raises(ParameterError, match="seed: .*, got a number of thousands of digits"):
        params.checked(values() | {"seed": 16**5000})


def test_a_profile_is_refused_under_the_file_s_own_name(tmp_path):
    (tmp_path / "params.yaml").write_text(
        PARAMS.read_text(encoding="utf-8").replace("seed: 2020", "seed: x", 1), encoding="utf-8"
    )
    with pytest.raises(ParameterError) as refused:
        profiles.apply("demo", tmp_path / "params.yaml", PROFILES)
    assert "seed: must be a valid integer, got 'x'" in str(refused.value)
    assert f".{os.getpid()}." not in str(refused.value)
