"""What a result depends on is derived from the code: a change of any of it changes the key."""

import shutil

import pytest

from avef.core import closure, store

MAKERS = {
    "prepared": "avef.preparation.clips",
    "transfer": "avef.learning.transfer",
    "networks": "avef.learning.unimodal",
    "whole": "avef.learning.fusion",
}


def forget():
    for cached in (closure._imports, closure._code, closure._version, store._made_by):
        cached.cache_clear()


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """The makers whose key a change of one file changes."""

    def change(file, old, new):
        before = {name: store.digest(code=module) for name, module in MAKERS.items()}
        copy = tmp_path / "avef"
        shutil.copytree(closure.PACKAGE, copy)
        text = (copy / file).read_text(encoding="utf-8")
        assert text.count(old) >= 1
        (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        monkeypatch.setattr(closure, "PACKAGE", copy)
        forget()
        after = {name: store.digest(code=module) for name, module in MAKERS.items()}
        return {name for name in MAKERS if before[name] != after[name]}

    yield change
    forget()


LEARNING = {"transfer", "networks", "whole"}
TABLE_2 = '"high": ("anger", "fear", "happiness", "surprise")'


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("preparation/silero.py", "LEAD = 6", "LEAD = 7", {"prepared"}),
        ("preparation/mtcnn.py", "0.709", "0.71", {"prepared"}),
        ("preparation/segments.py", "HOP = 34", "HOP = 32", LEARNING),
        ("learning/lessons.py", "or not stop.early", "or stop.early", LEARNING),
        ("learning/frozen.py", "keep.tune", "not keep.tune", LEARNING),
        (
            "models/rbm.py",
            "import numpy as np",
            "import numpy as np\nNEW = 1",
            {"transfer", "whole"},
        ),
        ("learning/whole_model.py", "seed=seed", "seed=seed + 1", {"whole"}),
        ("evaluation/tables.py", "import numpy as np", "import numpy as np\nNEW = 1", set()),
        (
            "__init__.py",
            '"TF_NUM_INTRAOP_THREADS", "1"',
            '"TF_NUM_INTRAOP_THREADS", "2"',
            {*MAKERS},
        ),
    ],
)
def test_a_change_of_code_changes_the_keys_of_what_it_makes(changed, file, old, new, expected):
    assert changed(file, old, new) == expected


def test_another_table_2_is_another_result(changed):
    """Fear among the low arousals: other labels, so other networks."""
    text = (closure.PACKAGE / "paper.py").read_text(encoding="utf-8")
    start = text.index("TABLE_2")
    low = text[start:].split('"low": (', 1)[1].split(")", 1)[0]
    assert "fear" not in low
    assert changed("paper.py", f'"low": ({low}', f'"low": ("fear", {low}') == LEARNING


@pytest.mark.parametrize(
    ("old", "new"),
    [("# samples, 25 ms", "# 25 ms"), ('"""Audio data (§2.1.1)', '"""Sound (§2.1.1)')],
)
def test_comments_and_docstrings_change_no_key(changed, old, new):
    assert changed("preparation/speech.py", old, new) == set()


def test_a_release_changes_no_key(changed):
    assert changed("__init__.py", '__version__ = "', '__version__ = "9.') == set()


@pytest.mark.parametrize("library", ["keras", "numpy", "cv2", "av", "tensorflow", "soxr"])
def test_another_version_of_a_library_is_another_result(monkeypatch, library):
    before = store.digest(code=MAKERS["prepared"])
    real = closure._version
    monkeypatch.setattr(closure, "_version", lambda n: "0.1" if n == library else real(n))
    store._made_by.cache_clear()
    assert store.digest(code=MAKERS["prepared"]) != before
    store._made_by.cache_clear()


def test_another_backend_is_another_result(monkeypatch):
    before = store.digest(code=MAKERS["networks"])
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    store._made_by.cache_clear()
    assert store.digest(code=MAKERS["networks"]) != before
    store._made_by.cache_clear()


def test_imports_within_functions_and_data_of_distributions_count():
    source = (
        "def f():\n    from avef.models import rbm\nfiles('mtcnn')\nx.files('mtcnn')\nimport av"
    )
    assert closure.imported(source) == {"avef.models", "avef.models.rbm", "mtcnn", "av"}


def test_only_training_depends_on_what_trains():
    assert "avef.learning.training" in closure.modules(MAKERS["networks"])
    assert "avef.learning.training" not in closure.modules(MAKERS["prepared"])
    assert "tensorflow" in closure.versions(MAKERS["networks"])
    assert "tensorflow" not in closure.versions("avef.preparation.speech")


def test_every_library_that_decides_numbers_is_known_by_its_version():
    versions = closure.versions(*MAKERS.values())
    assert set(versions) == set(closure.LIBRARIES) - {"jax"}
    assert "none" not in versions.values()
