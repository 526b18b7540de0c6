"""The machine that something was measured on, for figures to be read with."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

#: From the widest vectors to the narrowest; a processor is known by the first that it has.
_SETS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "asimd": "NEON", "sse2": "SSE2"}


def described(cpuinfo: str | Path = "/proc/cpuinfo") -> dict[str, Any]:
    """The processor's name, its widest instruction set, and the cores that may be used.

    Parameters
    ----------
    cpuinfo : path
        Where Linux tells of the processor; elsewhere the instruction set stays unknown.

    Returns
    -------
    dict
        ``cpu``, ``instructions``, ``cores``.

    Examples
    --------
    >>> sorted(described())
    ['cores', 'cpu', 'instructions']
    """
    facts = _facts(Path(cpuinfo))
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    named = (name for flag, name in _SETS.items() if flag in flags)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": facts.get("model name") or platform.processor() or platform.machine(),
        "instructions": next(named, "unknown"),
        "cores": cores,
    }


def _facts(path):
    """Of the first processor."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
