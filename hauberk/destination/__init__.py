"""Where does it go: the endpoints and the profile of a destination.

In: a snapshot of the catalog and a question. Out: streams of `io.linkerd.proxy.destination` messages, and the heartbeat
of `hauberk.view.v1`.

Invariant: `resolve.py`, `choose.py` and `profile.py` decide and do nothing else; only `wire.py` and `server.py` know
protobuf.
Invariant: all streams that ask the same question share one computed answer, and those from equal places its encoded
bytes.
"""
