"""The nouns: resources that parse and validate themselves.

Field names, defaults and rules are Kubernetes', the Gateway API's and Linkerd's. Every resource is an immutable value.

Invariant: only msgspec and the standard library; no clock, no I/O, no await (`now` is an argument of table columns).
Invariant: a manifest never means less here than it says: what is not honoured is refused by name (`parse.py`).
Objects that come from a store or from Kubernetes are not refused: fields that are unknown here are left out.
"""
