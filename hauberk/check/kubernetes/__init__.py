"""A mesh in a cluster: what is wrong with it, and what to do.

In: documents as the API server gave them, or why it did not (`seen.py`), read by `reading.py`. Out: categories of
checks, named as Linkerd's where it has them.

Invariant: all files are pure but those that ask the API server: `looking.py`, `gathering.py`, `answering.py`,
`asking.py` and `reading.py`.
"""
