"""What a stage's command runs, derived from its notebook: for the tests of dvc.yaml."""

import ast
from pathlib import Path

import nbformat

from avef.core import closure

ROOT = Path(__file__).resolve().parents[1]


def lazy(package):
    """Name → submodule of what a package loads when it is first used (lazy_loader)."""
    tree = ast.parse(closure.path(package).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            try:
                table = ast.literal_eval(node.value)
            except ValueError:
                continue
            if all(isinstance(names, list) for names in table.values()):
                return {name: f"{package}.{module}" for module in table for name in table[module]}
    return {}


def code(notebook):
    """The code cells of a notebook as one text."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def files(source):
    """The files of avef that a text of Python depends on, relative to the repository."""
    named = closure.imported(source)
    figures = lazy("avef.figures")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "figures":
            named.add(figures.get(node.attr, "avef.figures"))
    paths = {closure.path(name) for name in closure.modules(*named)}
    return {path.relative_to(ROOT).as_posix() for path in paths}
