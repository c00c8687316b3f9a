"""Who may talk, and how: the policy of a workload's port (inbound) and of a destination (outbound).

In: a snapshot of the catalog and a question. Out: streams of `io.linkerd.proxy.inbound` and `…outbound` messages.

Invariant: `decide.py` (inbound), `outbound.py` and what they import decide and do nothing else; only `wire` and
`server.py` know protobuf.
Invariant: never open by ignorance. On the way in, what cannot be said in the contract, or refers to nothing, becomes no
authorization, or an error answer in the place of a rule. On the way out, a route that cannot be carried out does not
hold, as its status says, and a backend that is none answers with an error.
"""
