"""The join: resources become one immutable snapshot that answers by key.

In: `put`, `delete`, `reset` of resources (by `feed.py`, from the store). Out: `Snapshot`, and `Views`, which keep the
answers to the questions that streams ask.

Invariant: only `feed.py` waits. Nothing here has a clock or does I/O.
Invariant: whatever a decision reads of a snapshot it reads by key, and the keys are recorded; an answer is computed
again exactly when one of its keys changed. There are no hand-written lists of what depends on what.
"""
