"""Which accelerators a process sees: none where it would only get in the way, or one a worker."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"


def there(environment: Mapping[str, str] = os.environ, devices: str | Path = "/dev") -> list[str]:
    """The graphics processors that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them.

    Examples
    --------
    >>> there({"CUDA_VISIBLE_DEVICES": "2,GPU-8932f937"}), there({"CUDA_VISIBLE_DEVICES": ""})
    (['2', 'GPU-8932f937'], [])
    """
    if VISIBLE in environment:
        return [name for name in environment[VISIBLE].replace(" ", "").split(",") if name]
    matches = (re.fullmatch(r"nvidia(\d+)", path.name) for path in Path(devices).iterdir())
    return [str(number) for number in sorted(int(match[1]) for match in matches if match)]


def of_worker(known: list[str], name: str) -> str:
    """The one of several devices that a worker keeps to, by the number that ends its name.

    Examples
    --------
    >>> [of_worker(["0", "1"], f"LokyProcess-{number}") for number in (1, 2, 3)]
    ['0', '1', '0']
    >>> of_worker([], "LokyProcess-1")
    ''
    """
    number = re.search(r"\d*$", name)[0]  # type: ignore[index]
    return known[(int(number or 1) - 1) % len(known)] if known else ""
