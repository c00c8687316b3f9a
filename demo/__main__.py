"""`python -m demo [--once]`: plays the demo. With `--once`, or ONCE=1, it ends by itself with a verdict."""

import signal

# Until somebody listens, Ctrl-C ends this without a traceback; nothing has begun yet.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse  # noqa: E402 - what follows takes its time
import asyncio  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from demo import needs  # noqa: E402


def main() -> int:
    options = _options()
    if options.on_stage:
        from demo.show import play  # noqa: PLC0415 - what it imports is not there before `needs` has looked

        return asyncio.run(play(once=options.once))
    lack = needs.missing(os.environ, uid=os.geteuid())
    if lack is None:
        from demo import stage  # noqa: PLC0415

        lack = stage.obstacle()
    if lack is not None:
        sys.stderr.write(f"error: {lack}\n")
        return 1
    return stage.Stage(stage.inner_command(["--once"] if options.once else []), os.environ).run()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Unmodified programs in a real mesh.")
    parser.add_argument(
        "--once",
        action="store_true",
        default=os.environ.get("ONCE", "") not in ("", "0"),
        help="20 seconds of traffic, a killed and an added replica, demo.json, a verdict [env: ONCE=1]",
    )
    parser.add_argument("--on-stage", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
