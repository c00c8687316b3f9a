"""The names of workloads in certificates and policies. Pure."""

from urllib.parse import quote


def identity_of(service_account: str, namespace: str, mesh_namespace: str, trust_domain: str) -> str:
    """Return the DNS-like identity, the first name in a certificate (Linkerd's form).

    >>> identity_of("web", "default", "hauberk", "cluster.local")
    'web.default.serviceaccount.identity.hauberk.cluster.local'
    """
    return f"{service_account}.{namespace}.serviceaccount.identity.{mesh_namespace}.{trust_domain}"


def spiffe_of(service_account: str, namespace: str, trust_domain: str) -> str:
    """Return the SPIFFE ID, the second name in a certificate.

    >>> spiffe_of("web", "default", "cluster.local")
    'spiffe://cluster.local/ns/default/sa/web'
    """
    return f"spiffe://{trust_domain}/ns/{quote(namespace, safe='')}/sa/{quote(service_account, safe='')}"
