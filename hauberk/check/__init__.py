"""What is wrong with the mesh, and what to do about it.

In: facts, gathered by `look.py` and by the CLI. Out: categories of checks, each with its outcome and a next step.

Invariant: all files but `look.py` are pure: the time is an argument, and nothing is asked of anybody.
"""
