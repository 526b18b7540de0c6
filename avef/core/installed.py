"""What is installed."""

from importlib import metadata


def version(distribution: str) -> str:
    """A distribution's version; "" if it is not installed.

    Examples
    --------
    >>> version("numpy")[0].isdigit(), version("no-such-thing")
    (True, '')
    """
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
