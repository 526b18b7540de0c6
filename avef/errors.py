"""The two errors that avef raises on purpose.

A message names the offending value and the rule that it breaks, so that a
reader need not open the code to mend it.
"""


class ParameterError(ValueError):
    """An argument or a parameter of ``params.yaml`` breaks a rule."""


class ClipError(Exception):
    """A clip cannot be used. The message is the reason in the quarantine table."""
