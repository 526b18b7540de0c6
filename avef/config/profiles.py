"""Changing ``params.yaml``: a profile's values, or single overrides."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce
from operator import getitem
from pathlib import Path

from ruamel.yaml import YAML

from avef.config import params, plain
from avef.config.schema import Params
from avef.core.errors import ParameterError
from avef.core.files import replacing


def apply(
    name: str, path: str | Path = "params.yaml", folder: str | Path = "profiles"
) -> list[str]:
    """Set the values that ``profiles/<name>.yaml`` lists; keep comments and all else.

    Returns
    -------
    list of str
        What changed, such as ``audio_net.default.epochs: 11 → 500``.
    """
    text = plain.text(path)
    available = sorted(p.stem for p in Path(folder).glob("*.yaml"))
    if name not in available:
        raise ParameterError(f"profile must be one of {', '.join(available)}, got {name!r}")
    yaml = _yaml()
    before = plain.parsed(text, path)  # a fault in it is named, as when it is read
    if not isinstance(before, dict) or not isinstance(before.get("corpora"), dict):
        params.checked(before, str(path))  # says what is wrong
    values = yaml.load(text)
    new = plain.read(Path(folder) / f"{name}.yaml")
    # Corpora of the reader's own stay as they are; those that were taken out stay out.
    there = values["corpora"]
    new["corpora"] = {c: v for c, v in new.get("corpora", {}).items() if c in there}
    if "corpora" in new.get("demo", {}):
        new["demo"]["corpora"] = [c for c in new["demo"]["corpora"] if c in there]
    changed = params.overlay(values, new)
    with replacing(path) as temporary:
        yaml.dump(values, temporary)
        params.checked(
            plain.read(temporary), str(path)
        )  # what does not fit never takes the file's place
    return [f"{key}: {_shown(before, key)} → {_shown(new, key)}" for key in changed]


def _shown(values, key):
    """A value as params.yaml has it, by its full key."""
    value = reduce(getitem, key.split("."), values)
    return json.dumps(value) if isinstance(value, bool | None) else str(value)


def overridden(path: str | Path, overrides: Iterable[str]) -> Params:
    """The parameters of a file with some of them changed; the file stays as it is.

    ``overrides`` are as in :func:`avef.config.params.overridden`.
    """
    return params.checked(params.overridden(plain.read(path), overrides))


def _yaml():
    yaml = YAML()
    yaml.width = 200
    yaml.representer.add_representer(type(None), _null)
    return yaml


def _null(representer, _):
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")
