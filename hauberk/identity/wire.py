"""`io.linkerd.proxy.identity`: protobuf ↔ what is decided on. Pure."""

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from hauberk._api.linkerd import identity_pb2
from hauberk.catalog.refusal import Refusal
from hauberk.identity.cause import Cause
from hauberk.identity.protocol import Signed

IDENTITY_MAX = 253
"""Characters of a DNS name (RFC 1035)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A CertifyRequest. The token is a secret."""

    identity: str
    token: bytes
    csr: bytes

    def __repr__(self) -> str:
        return f"Asked(identity={self.identity!r})"


def read_request(raw: bytes) -> Asked | Refusal:
    try:
        message = identity_pb2.CertifyRequest.FromString(raw)
    except DecodeError:
        return Refusal("invalid-argument", "the request is not a CertifyRequest", Cause.REQUEST)
    if len(message.identity) > IDENTITY_MAX:
        return Refusal("invalid-argument", f"an identity has at most {IDENTITY_MAX} characters", Cause.REQUEST)
    return Asked(message.identity, message.token, message.certificate_signing_request)


def response(signed: Signed) -> bytes:
    message = identity_pb2.CertifyResponse(
        leaf_certificate=signed.leaf, intermediate_certificates=list(signed.intermediates)
    )
    message.valid_until.FromDatetime(signed.valid_until)
    return message.SerializeToString()
