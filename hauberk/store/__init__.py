"""Keeping and watching resources.

`protocol.py` is the contract, and one conformance suite holds every back end to it. The back ends of this machine are
one engine (`engine.py`: decides, groups writes, answers reads from memory) with different journals: none (`memory.py`),
or SQLite (`sqlite.py`).

Invariant: a write is shown and acknowledged only when its journal says that it is durable; what is not durable was
never there.
Invariant: nobody has a queue of events. A watcher is a position in one bounded history; whoever falls out of it lists.
"""
