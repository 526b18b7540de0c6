"""The ``avef`` command: thin, one function a subcommand."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from avef import __version__
from avef.cli import predict, stages
from avef.cli.options import Help, command, say, speakable
from avef.cli.stopping import stoppable
from avef.config import params, profiles
from avef.core import loading, log
from avef.core.errors import ClipError, ParameterError, RunError

_ABOUT = "Audio-visual emotion fusion (AVEF), reproduced"


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; errors that avef raises on purpose are one line on standard error."""
    # jsonschema, which checks notebooks, would build a grammar of web addresses with it, for a
    # second at each start; no notebook's schema asks for one. None: as if it were not installed.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    speakable()
    options = _parser().parse_args(arguments)
    log.show(options.verbose)
    try:
        if options.function is not _doctor:  # which tells of it among other things
            loading.require_backend()
        with stoppable():
            options.function(options)
    except KeyboardInterrupt as stop:
        number = stop.args[0] if stop.args else signal.SIGINT
        say(f"avef: stopped by {number.name}; the same command goes on", error=True)
        return 128 + number
    except BrokenPipeError:  # whoever reads, such as head, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (ClipError, ParameterError, RunError, OSError) as error:
        say(f"avef: {error}", error=True)
        return 1
    except MemoryError:
        say("avef: this machine's memory is full; nothing that was stored is lost", error=True)
        return 1
    return 0


def _profile(options):
    changed = profiles.apply(options.name)
    say("\n".join(changed) if changed else f"params.yaml is the {options.name} profile already")
    say("")
    missing = _told_corpora(params.read())
    after = "`avef plan` says how long it takes, and `dvc repro` runs it"
    say(f"\nnext: get {', '.join(missing)}; then {after}" if missing else f"\nnext: {after}")


def _corpora(options):
    if options.known:
        from avef.corpora import check

        say(check.known(params.read()))
        return
    missing = _told_corpora(params.read())
    if missing:
        raise ParameterError(f"not there yet: {', '.join(missing)}; `dvc repro` would stop")


def _doctor(options):
    from avef import doctor

    states = []
    for finding in doctor.examine():
        say(finding)
        states.append(finding.state)
    if doctor.STOP in states:
        raise RunError(f"{states.count(doctor.STOP)} of these would stop a run")


def _plan(options):
    p = params.read()  # a mistake is said before TensorFlow is loaded
    from avef.studies import estimate

    say(estimate.report(p))


def _ablations(options):
    from avef.studies import experiments

    due = experiments.due(options.names)
    say(f"to run: {', '.join(due) or 'nothing new'}")
    experiments.run(due.values())
    left = experiments.gather()
    failed = [name for name in due if name in left]
    if failed:
        raise RunError(f"not finished: {', '.join(failed)}; what DVC says above tells why")
    others = ", ".join(f"{name} ({state})" for name, state in left.items())
    say(f"not current: {others or 'none'}; `dvc repro` shows them all")


def _release(options):
    if Path(options.out).suffix != ".zip":
        raise ParameterError(f"--out: must end in .zip, got {options.out!r}")
    p = params.read()
    from avef import release

    packed = release.build(p, options.out)
    say(f"{options.out}: {packed.files} files\n{packed.about.warning}")


def _told_corpora(p):
    """Print how things stand with each corpus; the names of those that are missing."""
    from avef.corpora import check

    states = check.states(p)
    say("\n".join(state.text for state in states))
    return [state.corpus for state in states if not state.ready]


EXAMPLES = """examples:
  avef corpora                      # which corpora are there
  avef plan                         # what a run takes, before `dvc repro`
  avef profile paper-small          # the real corpora, on a CPU
  avef predict clip.mp4             # the emotions of a clip of your own
  avef COMMAND --help               # more of one of them, with its defaults

settings are those of params.yaml in the folder where you are"""


def _parser():
    parser = argparse.ArgumentParser(
        prog="avef", description=_ABOUT, epilog=EXAMPLES, formatter_class=Help
    )
    parser.add_argument("--version", action="version", version=f"avef {__version__}")
    told = "say what is done; twice, all of it"
    parser.add_argument("-v", "--verbose", action="count", default=0, help=told)
    parser.set_defaults(function=lambda _: parser.print_help())
    commands = parser.add_subparsers(metavar="COMMAND")
    stages.add(commands)
    predict.add(commands)
    _add_habits(commands)
    return parser


def _add_habits(commands):
    """What people ask before and beside a run."""
    example = "avef profile paper-small"
    profile = command(
        commands, "profile", "switch params.yaml to profiles/NAME.yaml", example=example
    )
    profile.add_argument("name", help="demo, paper-small, paper-fast or paper")
    profile.set_defaults(function=_profile)

    corpora = command(
        commands, "corpora", "check that the corpora of a run are there", example="avef corpora"
    )
    told = "list what avef reads instead: clips, terms, how to get it; and how to add your own"
    corpora.add_argument("--known", action="store_true", help=told)
    corpora.set_defaults(function=_corpora)

    doctor = command(
        commands, "doctor", "look for what is amiss, and say what to do", example="avef doctor"
    )
    doctor.set_defaults(function=_doctor)

    told = "what the learning stages will cost on this machine"
    command(commands, "plan", told, example="avef plan").set_defaults(function=_plan)

    example = "avef ablations kept_less kept_more"
    ablations = command(
        commands, "ablations", "run the ablations that are not current", example=example
    )
    ablations.add_argument("names", nargs="*", help="of those in params.yaml; all if not given")
    ablations.set_defaults(function=_ablations)

    told = "pack results, code and checksums into a zip for an archive with a DOI"
    release = command(commands, "release", told, example="avef release --out avef.zip")
    release.add_argument("--out", default="avef-release.zip", metavar="FILE")
    release.set_defaults(function=_release)
