"""A release in the terms of RO-Crate 1.2 (https://w3id.org/ro/crate/1.2): JSON-LD, one flat list.

Everything in it is an entity with an ``@id``; entities name each other by it. Files have
their paths as ids, folders end with a slash, the root is ``./``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from avef import __version__
from avef.core.errors import ParameterError
from avef.evaluation.marks import SAID, short
from avef.report import citing

NAME = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.2"
DEMO = (
    "These are demo results: they come from drawn faces and synthetic voices and from small "
    "networks, and say nothing about the paper."
)
REAL = (
    "These are results on recordings of people. The recordings are no part of it, but figures and "
    "notebooks on preparation show some of these people: the corpora's terms apply."
)
_SUMMARY = (
    'A reproduction of the paper "Audio-visual emotion fusion (AVEF): a deep efficient weighted '
    'approach": results, and the code, parameters and pinned libraries that they come from.'
)
#: Suffix, or name of a file without one → media type (IANA's where there is one).
FORMATS = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npz": "application/zip",
    ".png": "image/png",
    ".py": "text/x-python",
    ".sh": "application/x-sh",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".cff": "application/yaml",
    ".zip": "application/zip",
    "dvc.lock": "application/yaml",
}
#: Top folders, and what is in them.
FOLDERS = {
    ".binder": "How a BinderHub starts JupyterLab here",
    ".ci": "What must pass before a change lands",
    ".devcontainer": "How an editor sets up a container",
    ".dvc": "DVC's settings",
    "avef": "The library",
    "benchmarks": "Measurements beside other software, and their results",
    "data": "Where the corpora go; none is part of this",
    "docs": "The documentation",
    "notebooks": "The notebooks as sources, without outputs",
    "profiles": "Values of the parameters that go together",
    "reports": "What was found: tables, figures, metrics, predictions, executed notebooks",
    "requirements": "The libraries, pinned with hashes",
    "tests": "The tests",
    "tools": "Setting up the environment",
}
_FILES = {
    "CITATION.cff": "How to cite this, and the paper",
    "LICENSE": "The licence of the code and of these results",
    "README.md": "Where to start",
    "REPLICATION.md": "Every claim of the paper, and each choice that it leaves open",
    "dvc.lock": "Digests of what each stage read and wrote",
    "dvc.yaml": "The stages: what each reads, runs and writes",
    "params.yaml": "Every choice of this run",
    "reports/index.html": "The report: open this first",
}


class About(NamedTuple):
    """What the files do not say of themselves.

    Attributes
    ----------
    commit, date : str
        Git's, the date as in 2026-11-27.
    mark : str
        The gravest of all results (:mod:`avef.evaluation.marks`).
    machines : tuple of str
        Those that trained the networks.
    """

    commit: str
    date: str
    mark: str
    machines: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """What whoever publishes the results, or reads them, must know of their data."""
        if self.mark == "demo":
            return DEMO
        return f"{SAID[self.mark]} {REAL}".lstrip()


def describe(files: Mapping[str, bytes], about: About) -> str:
    """The text of ``ro-crate-metadata.json``.

    Parameters
    ----------
    files : mapping
        Path → contents; ``CITATION.cff`` is among them.
    about : About

    Raises
    ------
    ParameterError
        If there is no ``CITATION.cff``, or it names no author or no licence.

    Examples
    --------
    >>> files = {"CITATION.cff": b"{authors: [{name: us}], license: MIT}", "reports/a b.csv": b""}
    >>> graph = json.loads(describe(files, About("abc", "2026-11-27", "demo")))["@graph"]
    >>> [entity["@id"] for entity in graph if entity["@type"] == "File"]
    ['CITATION.cff', 'reports/a%20b.csv']
    """
    citation = files.get("CITATION.cff", b"").decode()
    told = _told(citation)
    authors = [_author(one) for one in told["authors"]]
    licence = _licence(told["license"])
    reference = citing.read(citation)
    paper = [] if reference is None else [_paper(reference)]
    folders = _folders(files, about)
    listed = [_file(name, files[name], about) for name in sorted(files)]
    top = [one for one in listed if "/" not in one["@id"]] + folders
    root = _root(about) | {
        "author": _refs(authors),
        "license": _refs([licence]),
        "citation": _refs(paper),
        "identifier": {"@id": "#commit"},
        "mentions": {"@id": "#run"},
        "hasPart": _refs(top),
    }
    others = [_commit(about), _run(files, about), licence, *authors, *paper]
    graph = [_descriptor(), root, *folders, *listed, *others]
    made = {"@context": f"{SPECIFICATION}/context", "@graph": graph}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _told(citation):
    try:
        told = YAML(typ="safe").load(citation)
    except YAMLError as error:
        raise ParameterError(f"CITATION.cff: {str(error).splitlines()[0]}") from error
    for key in ("authors", "license"):
        if not isinstance(told, Mapping) or not told.get(key):
            raise ParameterError(f"CITATION.cff: {key}: must be given, found none")
    return told


def _descriptor():
    return {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": SPECIFICATION},
        "about": {"@id": "./"},
    }


def _root(about):
    said = short(SAID[about.mark])
    kind = f"results, {said}" if said else "results"
    words = ["emotion recognition", "audio-visual", "reproduction"]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"avef {__version__}, {kind}",
        "description": f"{_SUMMARY} {about.warning}",
        "datePublished": about.date,
        "version": __version__,
        "keywords": [*words, said] if said else words,
    }


def _folders(files, about):
    """A Dataset for each top folder, of all files below it."""
    made = []
    for top in sorted({name.partition("/")[0] for name in files if "/" in name}):
        told = FOLDERS.get(top, top)
        told += f". {about.warning}" if top == "reports" else ""
        parts = [{"@id": _id(name)} for name in sorted(files) if name.startswith(f"{top}/")]
        one = {"@id": f"{_id(top)}/", "@type": "Dataset", "name": top, "description": told}
        made.append(one | {"hasPart": _refs(parts)})
    return made


def _file(name, content, about):
    top = name.partition("/")[0]
    told = _FILES.get(name) or FOLDERS.get(top, "How the repository is set up")
    said = short(SAID[about.mark]) if top == "reports" else ""
    return {
        "@id": _id(name),
        "@type": "File",
        "name": PurePosixPath(name).name,
        "description": f"{told}; {said}" if said else told,
        "encodingFormat": media_type(name),
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def media_type(name: str) -> str:
    """The media type of a file by its name; plain text if it is not known.

    Examples
    --------
    >>> media_type("reports/tables/table_6.csv"), media_type("Makefile"), media_type("cpu.lock")
    ('text/csv', 'text/plain', 'text/plain')
    """
    path = PurePosixPath(name)
    return FORMATS.get(path.name, FORMATS.get(path.suffix, "text/plain"))


def _commit(about):
    return {
        "@id": "#commit",
        "@type": "PropertyValue",
        "propertyID": "https://git-scm.com/docs/git-commit",
        "name": "git commit",
        "value": about.commit,
    }


def _run(files, about):
    """How the results were made, from what to what."""
    trained = f" Networks trained on {'; '.join(about.machines)}." if about.machines else ""
    made = {"@id": "#run", "@type": "CreateAction", "name": "dvc repro"}
    made["description"] = f"Ran the stages that were not up to date.{trained}"
    links = {"instrument": "dvc.yaml", "object": "params.yaml", "result": "reports/index.html"}
    return made | {verb: {"@id": name} for verb, name in links.items() if name in files}


def _licence(name):
    return {
        "@id": f"https://spdx.org/licenses/{name}",
        "@type": "CreativeWork",
        "name": f"{name} licence",
        "description": "Of the code and these results. The corpora have terms of their own.",
    }


def _author(told):
    """A person, or whoever else is named."""
    if "name" in told:
        return {"@id": f"#{_slug(told['name'])}", "@type": "Organization", "name": told["name"]}
    name = " ".join(str(told[key]) for key in ("given-names", "family-names") if key in told)
    if not name:
        raise ParameterError(f"CITATION.cff: authors: one has no name, got {dict(told)}")
    return {"@id": told.get("orcid") or f"#{_slug(name)}", "@type": "Person", "name": name}


def _paper(reference):
    return {"@id": reference.address, "@type": "ScholarlyArticle", "name": reference.text}


def _slug(name):
    return _id("-".join(str(name).lower().split()))


def _id(name):
    """Escaped as the specification asks: signs that mean something, no letters of any script."""
    return "".join(one if ord(one) > 127 else quote(one) for one in name)


def _refs(entities: Sequence[Mapping[str, Any]]) -> Any:
    """What leads to entities; to a single one without a list, as the specification asks."""
    told = [{"@id": one["@id"]} for one in entities]
    return told[0] if len(told) == 1 else told
