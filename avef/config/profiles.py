"""Changing ``params.yaml``: a profile's values, or single overrides."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml import YAML

from avef.config import params
from avef.config.params import Params
from avef.core.errors import ParameterError
from avef.core.files import replacing


def apply(name: str, path: str | Path = "params.yaml", folder="profiles") -> list[str]:
    """Set the values that ``profiles/<name>.yaml`` lists; keep comments and all else.

    Returns
    -------
    list of str
        The keys whose value changed.
    """
    text = params.text(path)
    available = sorted(p.stem for p in Path(folder).glob("*.yaml"))
    if name not in available:
        raise ParameterError(f"profile must be one of {', '.join(available)}, got {name!r}")
    yaml = _yaml()
    values = yaml.load(text)
    changed = _overlay(values, params.plain(Path(folder) / f"{name}.yaml"), "")
    with replacing(path) as temporary:
        yaml.dump(values, temporary)
        params.read(temporary)  # what does not fit never takes the file's place
    return changed


def overridden(path: str | Path, overrides: Iterable[str]) -> Params:
    """The parameters of a file with some of them changed; the file stays as it is.

    Parameters
    ----------
    overrides : iterable of str
        Such as ``"keep.audio=conv1"``, as ``dvc exp run -S`` takes them.
    """
    values = params.plain(path)
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"an override is key=value, got {text!r}")
        new = params.parsed(value, text)
        for name in reversed(key.split(".")):
            new = {name: new}
        _overlay(values, new, "")
    return params.checked(values)


def _yaml():
    yaml = YAML()
    yaml.width = 200
    yaml.representer.add_representer(type(None), _null)
    return yaml


def _null(representer, _):
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def _overlay(values, new, key):
    changed = []
    for name, value in new.items():
        full = f"{key}.{name}".lstrip(".")
        if not isinstance(values, dict) or name not in values:
            raise ParameterError(f"{full}: not a parameter")
        if isinstance(value, dict):
            changed += _overlay(values[name], value, full)
        elif values[name] != value:
            if isinstance(values[name], list) and hasattr(values[name], "fa"):
                values[name][:] = value
                values[name].fa.set_flow_style()  # as they are written in params.yaml
            else:
                values[name] = value
            changed.append(full)
    return changed
