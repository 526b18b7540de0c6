"""``params.yaml``, and what is set in its place."""

import json

from avef.config import params, plain
from doors.door import NASTY, ROOT, Door, as_json, spoilt, varied


class Parameters(Door):
    """``params.yaml``."""

    share, suffix = 20, ".yaml"
    LINES = (
        "a: &a [*a]", "a: &a {<<: *a}", "<<: 1", "a: !!int ''", "a: !!python/name:os.system",
        "- a", "\ta: 1", "%YAML 9.9", "---", "...", "? [a]: 1", "a: |\n b\n c", "'", "{",
        "[" * 400, "\ufeff", "a: 2020-99-99", "seed: 0b_", "seed: 0x" + "f" * 5000, "~: 1",
        "a: *b", "a: &b 1", "jobs: *b",
    )  # fmt: skip

    def __init__(self, folder):
        super().__init__(folder)
        self.text = (ROOT / "params.yaml").read_text(encoding="utf-8")
        self.values = plain.parsed(self.text)

    def case(self, rng):
        """Values as JSON, which is YAML, too; or the text's lines, or bytes, spoilt."""
        way = rng.random()
        if way < 0.8:
            blank = b" " if way < 0.1 else b""
            return blank + as_json(varied(self.values, rng))
        if way < 0.92:
            lines = self.text.splitlines()
            for _ in range(rng.choice((1, 3))):
                at = rng.randrange(len(lines))
                lines[at : at + rng.randrange(2)] = [rng.choice(self.LINES), *lines[at : at + 1]]
            return "\n".join(lines).encode()
        return spoilt(self.text.encode(), rng)

    def open(self, path):
        """As every command does; JSON for the most part without YAML's parser, which is slow."""
        data = path.read_bytes()
        try:
            values = json.loads(data) if data.startswith(b"{") else None
        except ValueError:  # YAML that begins so
            values = None
        params.read(path) if values is None else params.checked(values, str(path))


class Overrides(Door):
    """``key=value``, as ablations have them."""

    share, suffix = 6, ".txt"

    def __init__(self, folder):
        super().__init__(folder)
        self.values = plain.read(ROOT / "params.yaml")

    def case(self, rng):
        """Of a parameter that there is, or not."""
        tree, path = self.values, []
        while isinstance(tree, dict) and tree:
            path.append(rng.choice([*tree]))
            tree = tree[path[-1]]
        key = ".".join(path[: rng.choice((len(path), len(path), 1))])
        value = rng.choice((*NASTY, "[1, 2]", "{a: 1}", "[" * 50, "&a [*a]", "0.5", "!!int x"))
        return f"{key}{rng.choice(('=', '=', '==', ''))}{value}".encode("utf-8", "surrogatepass")

    def open(self, path):
        """Into values that are checked."""
        text = path.read_bytes().decode("utf-8", "surrogatepass")
        params.checked(params.overridden(self.values, [text]))
