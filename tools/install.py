"""Install what a lock pins beside the Python that runs this: by uv, and by pip where uv fails.

    .venv/bin/python tools/install.py requirements/cpu.lock [pip]

pip first installs the build tools, uv among them. uv reads none of pip's settings, so it is
told here which indexes, certificates and proxy pip has. With the word pip, uv is left out.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

try:  # the index that pip asks where it is told none
    from pip._internal.models.index import PyPI

    PUBLIC = PyPI.simple_url
except ImportError:  # uv's own default is the same
    PUBLIC = ""

ROOT = Path(__file__).resolve().parents[1]
PIP = [sys.executable, "-m", "pip"]
UV = [str(Path(sys.executable).with_name("uv")), "pip"]
HASHED = ["--no-deps", "--no-build-isolation", "--require-hashes", "--requirement"]
EDITABLE = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
#: An option of pip → the variables that tell uv the same, and what parts several values.
SAME = {
    "find-links": (["UV_FIND_LINKS"], ","),
    "trusted-host": (["UV_INSECURE_HOST"], " "),
    "cert": (["SSL_CERT_FILE"], " "),
    "client-cert": (["SSL_CLIENT_CERT"], " "),
    "proxy": (["HTTP_PROXY", "HTTPS_PROXY"], " "),
    "timeout": (["UV_HTTP_TIMEOUT"], " "),
    "default-timeout": (["UV_HTTP_TIMEOUT"], " "),
}


def settings(listing):
    """Option → value, from what `pip config list` prints: the command's before all commands'.

    >>> settings("global.timeout='60'\\n:env:.timeout='90'\\nfreeze.all='1'")
    {'timeout': '90'}
    """
    lines = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", listing, re.MULTILINE)
    ranks = ["global", "install", ":env:"]
    lines.sort(key=lambda line: ranks.index(line[0]))
    return {option: ast.literal_eval(value) for _, option, value in lines}


def environment(options, given):
    """The variables that let uv do as pip does, beside those that are given.

    >>> environment({"find-links": "a b", "cert": "ca.pem"}, {})["UV_FIND_LINKS"]
    'a,b'
    """
    told = {
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        # As pip does: look in every index. The hashes say which files may be taken.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    for bundle in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):  # which pip heeds, the latter first
        if given.get(bundle):
            told["SSL_CERT_FILE"] = given[bundle]
    # Of several indexes with the same version uv takes the first one's files, and the last that
    # it asks is its default. pip's own comes first: others may hold only some of the files.
    indexes = f"{options.get('index-url', PUBLIC)} {options.get('extra-index-url', '')}".split()
    for name, urls in (("UV_INDEX", indexes[:-1]), ("UV_DEFAULT_INDEX", indexes[-1:])):
        told |= {name: " ".join(urls)} if urls else {}
    for option, value in options.items():
        names, separator = SAME.get(option, ([], ""))
        told |= dict.fromkeys(names, separator.join(value.split()))
    return given | told


def by_uv(lock):
    """Install the lock and the project."""
    listing = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=True)
    options = settings(listing.stdout)
    install = [*UV, "install", "--quiet", "--python", sys.executable]
    # Python compiles a file when it is first imported, which few of them ever are. Where it
    # may not write what it compiled, all are compiled here, or each start would do it anew.
    if sys.dont_write_bytecode:
        install.append("--compile-bytecode")
    if options.get("no-index", "0").lower() in ("1", "true", "yes", "on"):
        install.append("--no-index")
    told = environment(options, dict(os.environ))
    for what in ([*HASHED, lock], EDITABLE):
        subprocess.run([*install, *what], check=True, env=told)


def by_pip(lock):
    """The same by what every Python has; it compiles all files, one after the other."""
    for what in ([*HASHED, lock], EDITABLE):
        subprocess.run([*PIP, "install", "--quiet", *what], check=True)


WAYS = {"uv": by_uv, "pip": by_pip}


def main(lock, first="uv"):
    """The build tools, then the lock and the project."""
    build = str(ROOT / "requirements" / "build.lock")
    subprocess.run([*PIP, "install", "--quiet", *HASHED, build], check=True)
    try:
        WAYS[first](lock)
    except (OSError, subprocess.CalledProcessError):
        if first == "pip":
            raise
        print("uv failed: pip installs instead, which takes longer.", file=sys.stderr, flush=True)
        by_pip(lock)


if __name__ == "__main__":
    main(*sys.argv[1:])
