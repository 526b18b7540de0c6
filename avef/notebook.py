"""Executing a notebook so that the same run gives the same bytes.

papermill only warns about a parameter that the notebook does not have, writes
its output in place, and stamps it with times and a random cell id. Here names
are checked first, the run goes to a temporary file, and the stamps are removed
before it takes the target's place.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import tempfile
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from avef.core import files, log, outside
from avef.core.errors import KILLED, ParameterError, RunError

_log = logging.getLogger(__name__)


def run(
    source: str | Path,
    target: str | Path,
    parameters: dict[str, str],
    *,
    log_file: str | Path | None = None,
) -> None:
    """Execute a notebook into ``target``.

    Parameters
    ----------
    source, target : path
    parameters : dict
        Values for names in the notebook's parameters cell.
    log_file : path, optional
        Where what its cells print and what avef logs is kept, with times.

    Raises
    ------
    ParameterError
        If there is no such notebook or it has no such parameter.
    RunError
        If a cell fails or the kernel dies; the notebook up to there is kept beside the target
        as ``<target>.failed.ipynb``.
    """
    source, target = Path(source), Path(target)
    if not source.is_file():
        raise ParameterError(f"{source}: no such notebook")
    if target.resolve() == source.resolve():
        raise ParameterError(f"{source} would be overwritten by what it puts out")
    outside.notebook(source)
    known = papermill.inspect_notebook(str(source))
    for name in parameters:
        if name not in known:
            names = ", ".join(known) or "none"
            raise ParameterError(f"{source} has no parameter {name!r}; it has: {names}")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = files.draft(target)
    failed = target.with_name(f"{target.stem}.failed.ipynb")
    failed.unlink(missing_ok=True)
    if log_file:
        log.start(log_file)
    _pass_prints_on()
    began = time.monotonic()
    _log.info("%s %s, Python %s", source, parameters, platform.python_version())
    try:
        with _settings_kept_out():
            _beside(
                papermill.execute_notebook,
                str(source),
                str(draft),
                parameters,
                progress_bar=False,
                log_output=True,
                shutdown_kernel="immediate",  # it would wait seconds for joblib's trackers
            )
        files.write_text(
            target, nbformat.writes(scrubbed(nbformat.read(draft, as_version=4))) + "\n"
        )
        _log.info("%s took %.1f s", source, time.monotonic() - began)
    except (PapermillExecutionError, DeadKernelError) as error:
        draft.replace(failed)
        why = f"{source}: {_why(error)}"
        _log.info(why)
        raise RunError(f"{why}\nThe notebook so far: {failed}") from None
    finally:
        draft.unlink(missing_ok=True)


def _why(error):
    if isinstance(error, DeadKernelError):
        return f"its kernel crashed, or {KILLED}"
    return f"{error.ename}: {error.evalue}"


def _beside(function, *arguments, **options):
    """Call a function in a thread, so that a signal reaches this one and ends the run.

    In the main thread nbclient would take Ctrl-C for itself, and then tell of a dead kernel.
    """
    future: Future = Future()

    def work():
        try:
            future.set_result(function(*arguments, **options))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future.result()


@contextmanager
def _settings_kept_out():
    """Keep what the user has set for matplotlib, IPython and Jupyter from the kernels.

    ``MPLBACKEND=Agg``, usual on servers, would leave every picture out, and another kernel
    called python3 would run in another environment. Other variables get through, those that
    choose how numbers are worked out among them; ``avef doctor`` names these. The kernel's
    warning that it talks over TCP is left out: it does so with this machine alone.
    """
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder, "profile_default")
        profile.mkdir()
        (profile / "ipython_kernel_config.py").write_text(
            "c.IPKernelApp.log_level = 40  # errors\n"
        )
        os.environ.pop("JUPYTER_PATH", None)
        os.environ |= {
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MATPLOTLIBRC": os.devnull,
            "IPYTHONDIR": folder,
            "JUPYTER_PREFER_ENV_PATH": "1",
        }
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(kept)


def scrubbed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
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


#: How papermill's own messages begin.
_OWN = ("Executing ", "Ending ", "Input Notebook", "Output Notebook", "Kernel died ", "<")
#: Lines of tqdm about a bar that it would rather draw.
_NOISE = re.compile(r".*TqdmWarning: IProgress|  from \.autonotebook import ")


def _says_something(record: logging.LogRecord) -> bool:
    """Leave out the noise of a message; whether anything is left of it."""
    text = record.getMessage()
    lines = (line for line in text.splitlines(keepends=True) if not _NOISE.match(line))
    record.msg, record.args = "".join(lines), ()
    return bool(record.msg.strip()) and not text.startswith(_OWN)


def _pass_prints_on():
    """Log what cells print while they run, without papermill's own messages."""
    papermills = logging.getLogger("papermill")
    papermills.setLevel(logging.INFO)
    papermills.propagate = False
    papermills.filters = [_says_something]
    screen = logging.StreamHandler()
    screen.setFormatter(logging.Formatter("%(message)s"))
    kept = [h for h in logging.getLogger("avef").handlers if isinstance(h, logging.FileHandler)]
    papermills.handlers = [screen, *kept]
