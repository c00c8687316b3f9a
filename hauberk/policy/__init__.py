"""Who may talk, and how: the policy of a workload's port (inbound) and of a destination (outbound).

In: a snapshot of the catalog and a question. Out: streams of `io.linkerd.proxy.inbound` and `…outbound` messages.

Invariant: `decide.py` (inbound), `outbound.py` and `route.py` decide and do nothing else; only `wire.py`,
`wire_routes.py` and `server.py` know protobuf.
Invariant: never open by ignorance. What cannot be said in the contract, or refers to nothing, becomes "no
authorization" (inbound) or an error answer (a route), not a rule that is left out.
"""
