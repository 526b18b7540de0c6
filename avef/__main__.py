"""The command: ``avef``, or ``python -m avef``."""

import os
import signal


def main() -> int:
    """Load the command, which takes a while, and run it.

    Until it says what Ctrl-C means (:func:`avef.cli.stopping.stoppable`), and afterwards, Ctrl-C
    ends this process as it would one that Python does not run: at once, without a traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else nohup ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ["MPLBACKEND"] = "agg"  # a command draws into files; notebooks have their own
    from avef.cli import main as run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
