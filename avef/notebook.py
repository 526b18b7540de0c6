"""Executing a notebook so that the same run gives the same bytes.

papermill only warns about a parameter that the notebook does not have, writes
its output in place, and stamps it with times and a random cell id. Here names
are checked first, the run goes to a temporary file, and the stamps are removed
before it takes the target's place.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

# jsonschema, on being imported, would compile a grammar of IRIs for a second, if it found one.
sys.modules.setdefault("rfc3987_syntax", None)  # isort: split
import nbformat  # noqa: E402
import papermill  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402

from avef.core.errors import ParameterError  # noqa: E402
from avef.core.files import write_text  # noqa: E402


def run(source: str | Path, target: str | Path, parameters: dict) -> None:
    """Execute a notebook into ``target``.

    Parameters
    ----------
    source, target : path
    parameters : dict
        Values for names in the notebook's parameters cell.

    Raises
    ------
    ParameterError
        If there is no such notebook or it has no such parameter.
    RuntimeError
        If a cell fails; the notebook up to there is kept beside the target as
        ``<target>.failed.ipynb``.
    """
    source, target = Path(source), Path(target)
    if not source.is_file():
        raise ParameterError(f"{source}: no such notebook")
    if target.resolve() == source.resolve():
        raise ParameterError(f"{source} would be overwritten by what it puts out")
    known = papermill.inspect_notebook(str(source))
    for name in parameters:
        if name not in known:
            names = ", ".join(known) or "none"
            raise ParameterError(f"{source} has no parameter {name!r}; it has: {names}")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.stem}.running.ipynb")
    failed = target.with_name(f"{target.stem}.failed.ipynb")
    failed.unlink(missing_ok=True)
    _log_prints()
    try:
        papermill.execute_notebook(
            str(source),
            str(draft),
            parameters,
            progress_bar=False,
            log_output=True,
            shutdown_kernel="immediate",  # it would wait seconds for joblib's resource trackers
        )
        write_text(target, nbformat.writes(scrubbed(nbformat.read(draft, as_version=4))) + "\n")
    except PapermillExecutionError as error:
        draft.replace(failed)
        raise RuntimeError(
            f"{source}: {error.ename}: {error.evalue}\nThe notebook so far: {failed}"
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def scrubbed(notebook):
    """Remove what differs between two runs that compute the same (changes in place)."""
    notebook.metadata.pop("papermill", None)
    notebook.metadata.pop("widgets", None)
    for number, cell in enumerate(notebook.cells):
        for stamp in ("papermill", "execution"):
            cell.metadata.pop(stamp, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-{number}"
        if cell.cell_type == "code":
            cell.outputs = _joined([o for o in cell.outputs if o.get("name") != "stderr"])
    return notebook


def _joined(outputs):
    """Join prints that follow each other: how they were split depends on the clock."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _log_prints():
    """Pass on what cells print while they run, without papermill's own messages."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logger = logging.getLogger("papermill")
    logger.setLevel(logging.INFO)
    noise = ("Executing ", "Ending ", "Input Notebook", "Output Notebook", "<")
    logger.addFilter(lambda record: not record.getMessage().startswith(noise))
