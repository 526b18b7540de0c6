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


class ParameterError(ValueError):
    """An argument or a parameter of ``params.yaml`` breaks a rule."""


class RunError(RuntimeError):
    """A notebook, an experiment or another program that was run did not come to its end."""


class ClipError(Exception):
    """A clip cannot be used. The message is the reason in the quarantine table."""
