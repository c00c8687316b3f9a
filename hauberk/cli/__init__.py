"""The command line: one file for each command, which parses, calls, prints and exits.

In: arguments. Out: data on standard output, everything else on standard error, an exit code (0 done and healthy,
1 failed or unhealthy, 2 wrong usage, 125 `run` could not set the program up).

Invariant: decides nothing. Imports beyond click stand inside the commands, so that `--help` is fast.
"""
