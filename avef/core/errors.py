"""The errors that avef raises on purpose.

A message names the offending value and the rule that it breaks, so that a
reader need not open the code to mend it.
"""

import errno

#: What opening or reading a file may fail with because of that file. Any other failure, such as
#: a full disk or no handle left, is the machine's: it stops a run and says nothing of a clip.
OF_THE_FILE = frozenset(
    {
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.EINVAL,
        errno.EIO,
    }
)
#: What reading any file may fail with because this machine has run out of something.
OF_THE_MACHINE = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ESTALE,
    }
)


#: What is said of a process of ours that somebody else ended, and how to go on.
KILLED = (
    "was killed, perhaps as this machine's memory was full; `dvc repro` goes on where it stopped, "
    "and fewer jobs (params.yaml) need less memory"
)


class _PlainError(Exception):
    """Its message says all: in a notebook it stands alone, without the code that raised it."""

    def _render_traceback_(self):
        """What IPython shows in the place of a traceback, line by line."""
        return [f"{type(self).__name__}: {self}"]


class ParameterError(_PlainError, ValueError):
    """An argument or a parameter of ``params.yaml`` breaks a rule."""


class RunError(_PlainError, RuntimeError):
    """A notebook, an experiment or another program that was run did not come to its end."""


class ClipError(_PlainError):
    """A clip cannot be used. The message is the reason in the quarantine table."""
