"""What becomes of what people wrote: the statuses of routes and rate limits.

In: a snapshot of the catalog. Out: resources with the status that they should have; who writes them is another part.

Invariant: pure; the time is an argument. What a status says is decided by the same functions of `catalog` by which
proxies are answered.
Invariant: nothing is written where what is there says the same, so that two writers of one status (a control plane that
is being replaced, and this one) come to an end.
"""
