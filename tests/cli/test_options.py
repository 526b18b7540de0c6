"""The command's help: an example of every subcommand, and the defaults that there are."""

import re
import subprocess
import sys

import pytest

from avef.cli import main

COMMANDS = (
    *("demo", "tree", "clips", "run", "report", "predict", "export", "card", "profile"),
    *("corpora", "doctor", "plan", "ablations", "release"),
)


def told(capsys, *arguments):
    try:
        assert main([*arguments]) == 0
    except SystemExit as done:  # argparse's --help
        assert done.code == 0
    return capsys.readouterr().out


def test_avef_alone_says_what_there_is(capsys):
    alone = told(capsys)
    assert alone == told(capsys, "--help")
    assert re.findall(r"(?m)^    (\w+) ", alone) == [*COMMANDS]
    assert "examples:\n  avef corpora " in alone and "params.yaml" in alone


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_has_an_example_that_it_takes(name, capsys):
    text = told(capsys, name, "--help")
    examples = re.findall(rf"(?m)^  .*\b(avef {name}\b.*)", text.partition("example:\n")[2])
    assert examples
    for line in examples:
        code = "import sys; from avef import cli; cli._parser().parse_args(sys.argv[1:])"
        words = [sys.executable, "-c", code, *line.split()[1:]]
        assert subprocess.run(words, capture_output=True).returncode == 0, line


def test_defaults_are_shown_and_what_is_none_is_not(capsys):
    text = " ".join(told(capsys, "predict", "--help").split())
    assert "to be right (default: 0.8)" in text
    assert re.search(r"--threads .*at first all cores \(default: \d+\)", text)
    assert text.count("(default:") == 2
    assert "None" not in text and "False" not in text
