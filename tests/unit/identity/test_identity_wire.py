from hauberk._api.linkerd.identity_pb2 import CertifyRequest
from hauberk.catalog.refusal import Refusal
from hauberk.identity.wire import Asked, read_request


def test_a_name_that_no_certificate_could_have_is_refused_before_it_is_kept_anywhere() -> None:
    assert isinstance(read_request(CertifyRequest(identity="a" * 253).SerializeToString()), Asked)
    refused = read_request(CertifyRequest(identity="a" * 254).SerializeToString())
    assert isinstance(refused, Refusal)
    assert len(refused.message) < 254
