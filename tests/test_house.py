"""The house: what holds for every module, so that a reader can rely on it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "avef").rglob("*.py"))
#: Estimators take their parameters one by one, as scikit-learn's do.
ESTIMATORS = {"RBM", "DBN"}
#: Called by others under these names, with one keyword an option.
WIDE = {"prepare_clip", "make_corpus", "require", "run_folds"}  # the last one by workers


def public(path):
    """(qualified name, node) of every public function and method of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                private = method.name.startswith("_") if hasattr(method, "name") else True
                if isinstance(method, ast.FunctionDef) and not private:
                    yield f"{node.name}.{method.name}", method


FUNCTIONS = [
    pytest.param(name, node, id=f"{path.relative_to(ROOT)}:{name}")
    for path in MODULES
    for name, node in public(path)
]


def arguments(node, method):
    """(positional ones, keyword-only ones), ``self`` aside."""
    given = node.args.posonlyargs + node.args.args
    return given[1:] if method and given and given[0].arg in ("self", "cls") else given


@pytest.mark.parametrize(("name", "node"), FUNCTIONS)
def test_a_public_function_says_what_it_takes_and_gives(name, node):
    own = arguments(node, "." in name) + node.args.kwonlyargs
    inherited = name.split(".")[0] in ESTIMATORS | {"EpochLog"} or "." in name and _keras(name)
    if not inherited:
        assert [a.arg for a in own if a.annotation is None] == []
        assert node.returns is not None


def _keras(name):
    """Methods whose signature is Keras'."""
    return name.split(".")[1] in (
        "call",
        "build",
        "compute_output_shape",
        "get_config",
        "convolution_op",
    )


@pytest.mark.parametrize(("name", "node"), FUNCTIONS)
def test_a_public_function_takes_few_arguments(name, node):
    if name in WIDE or name.split(".")[0] in ESTIMATORS:
        return
    positional = arguments(node, "." in name)
    assert len(positional) + len(node.args.kwonlyargs) <= 8
    assert len(positional) <= 3


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_its_name_is_its_own(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 330
    assert path.stem == "__init__" or path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_say_what_they_are(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    columns = {n.target for n in ast.walk(tree) if isinstance(n, ast.AnnAssign)}  # of CSV files
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n not in columns}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert "found" not in names
    assert ast.get_docstring(tree)


def test_nothing_stands_on_an_assertion():
    """`python -O` leaves them out; those that tell mypy of a kind guard nothing."""
    nodes = [n for path in MODULES for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    asserted = [ast.unparse(node.test) for node in nodes if isinstance(node, ast.Assert)]
    assert [test for test in asserted if not test.startswith("isinstance(")] == []


def test_every_package_says_what_lives_there():
    for path in MODULES:
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_the_public_face_is_small_and_lazy():
    import subprocess

    code = "import sys, avef; print(sorted(avef.__all__), 'numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        said.stdout.strip()
        == "['Prediction', 'Recogniser', '__version__', 'load', 'predict'] False"
    )
