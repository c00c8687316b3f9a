"""Root, issuer and bundle as objects of Kubernetes: what they hold, and what they should. Pure.

Names and keys are Linkerd's: Secret `linkerd-identity-issuer` (`crt.pem`, `key.pem`, or `tls.crt`, `tls.key`, `ca.crt`
where cert-manager makes it) and ConfigMap `linkerd-identity-trust-roots` (`ca-bundle.crt`). The root's key is in a
Secret of its own, which nobody but the identity controller may read.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from hauberk.identity.certificate import Signing
from hauberk.identity.keeping import AuthorityUnusable, certificates_in, key_in, key_pem, pem_of
from hauberk.identity.renewal import Lifetimes, fits, new_issuer, new_root, renewal_of

ROOT = "linkerd-identity-root"
ISSUER = "linkerd-identity-issuer"
BUNDLE = "linkerd-identity-trust-roots"
BUNDLE_KEY = "ca-bundle.crt"
CERTIFICATE_KEYS = ("crt.pem", "tls.crt")
PRIVATE_KEYS = ("key.pem", "tls.key")
CA_KEY = "ca.crt"

Document = dict[str, Any]


@dataclass(frozen=True)
class Material:
    """What the authority works with, as PEM. The key is a secret."""

    anchors: str
    chain: str
    key: bytes

    def __repr__(self) -> str:
        return "Material(…)"


@dataclass(frozen=True)
class Held:
    """What there is of an authority that is generated."""

    root: Signing | None
    issuer: Signing | None
    anchors: str


@dataclass(frozen=True)
class Wanted:
    """What there should be. What is held already is the same object."""

    root: Signing
    issuer: Signing
    anchors: str

    @property
    def material(self) -> Material:
        return Material(self.anchors, pem_of(self.issuer.certificate), key_pem(self.issuer.key))


def generated(held: Held, name: str, lifetimes: Lifetimes, *, now: datetime) -> Wanted:
    """Keep what is good; make what is missing or due. Raises AuthorityUnusable where the root has expired."""
    root = held.root or new_root(name, lifetimes, now=now)
    issuer = held.issuer
    if issuer is None or not fits(issuer, root) or now >= renewal_of(issuer.certificate, root.certificate, lifetimes):
        issuer = new_issuer(name, root, lifetimes, now=now, where=f"the Secret {ROOT}")
    return Wanted(root, issuer, with_root(held.anchors, root.certificate))


def with_root(bundle: str, root: x509.Certificate) -> str:
    """The bundle, and the root in it. Roots that somebody added stay: others may still be moving over."""
    if bundle and root in certificates_in(bundle.encode(), f"the ConfigMap {BUNDLE}"):
        return bundle
    return bundle.rstrip() + ("\n" if bundle.strip() else "") + pem_of(root)


def given(secret: Document | None, bundle: str) -> Material:
    """What somebody else keeps there: you, or cert-manager. Raises AuthorityUnusable.

    `bundle` is that of the ConfigMap; where it is empty the Secret's own `ca.crt` counts.
    """
    where = f"the Secret {ISSUER}"
    if secret is None:
        raise AuthorityUnusable(f"{where} is missing: make it, or let the mesh make its own (identity.issuer.scheme)")
    chain, key = (_entry(secret, keys) for keys in (CERTIFICATE_KEYS, PRIVATE_KEYS))
    if chain is None or key is None:
        raise AuthorityUnusable(f"{where} needs crt.pem and key.pem, or tls.crt and tls.key")
    anchors = bundle or (_entry(secret, (CA_KEY,)) or b"").decode(errors="replace")
    if not anchors.strip():
        raise AuthorityUnusable(f"there is no root: put it into the ConfigMap {BUNDLE}, or as {CA_KEY} into {where}")
    certificates_in(anchors.encode(), f"the ConfigMap {BUNDLE}")
    return Material(anchors, chain.decode(errors="replace"), key)


def signing_in(secret: Document | None) -> Signing | None:
    """None where the Secret is missing. Raises AuthorityUnusable where it is damaged."""
    if secret is None:
        return None
    where = f"the Secret {secret['metadata']['name']}"
    certificate, key = (_entry(secret, keys) for keys in (CERTIFICATE_KEYS, PRIVATE_KEYS))
    if certificate is None or key is None:
        raise AuthorityUnusable(f"{where} has no certificate or no key: restore it, or delete it to get a new one")
    return Signing(certificates_in(certificate, where)[0], key_in(key, where))


def bundle_in(config_map: Document | None) -> str:
    return str((config_map or {}).get("data", {}).get(BUNDLE_KEY, ""))


def secret_with(signing: Signing, before: Document | None, name: str, labels: Mapping[str, str]) -> Document:
    """The Secret to write; `before` is the one that it replaces."""
    entries = {
        CERTIFICATE_KEYS[0]: pem_of(signing.certificate).encode(),
        PRIVATE_KEYS[0]: key_pem(signing.key),
    }
    data = {key: b64encode(value).decode() for key, value in entries.items()}
    kept = before or {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": dict(labels)}}
    return {**kept, "data": data}


def config_map_with(anchors: str, before: Document | None, labels: Mapping[str, str]) -> Document:
    """The ConfigMap to write; `before` is the one that it replaces."""
    kept = before or {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": BUNDLE, "labels": dict(labels)}}
    return {**kept, "data": {BUNDLE_KEY: anchors}}


def _entry(secret: Document, keys: tuple[str, ...]) -> bytes | None:
    data = secret.get("data") or {}
    for key in keys:
        if data.get(key):
            try:
                return b64decode(data[key], validate=True)
            except (ValueError, TypeError):
                return None
    return None
