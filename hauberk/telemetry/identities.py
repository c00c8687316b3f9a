"""Identities as people read them. Pure."""

_MARK = ".serviceaccount.identity."


def short(identity: str) -> str:
    """`SA.NS`, as Linkerd's tools show an identity; any other name as it is."""
    return identity.partition(_MARK)[0]
