"""Certificates through the control plane's own socket, for workloads that were really enrolled."""

import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography import x509
from machine import Machine, Up, enrollment, eventually
from signing_requests import WEB, csr_for

from hauberk._api.linkerd import destination_pb2
from hauberk._api.linkerd.destination_pb2_grpc import DestinationStub
from hauberk.model.kinds import kind_named

POD, ACCOUNT = kind_named("", "Pod"), kind_named("", "ServiceAccount")
API = WEB.replace("web", "api")


@pytest.fixture
async def up(root: Path) -> AsyncIterator[Up]:
    async with Machine(root).up() as up:
        yield up


@pytest.fixture
async def web(up: Up) -> dict[str, Any]:
    async with up.machine.client() as client:
        status: dict[str, Any] = (await client.enroll(enrollment("web", port=8080))).body["status"]
    return status


async def code_of(awaitable: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await awaitable
    return caught.value.code()


async def test_an_enrolled_workload_gets_its_certificate_and_gets_it_again(up: Up, web: dict[str, Any]) -> None:
    anchors = x509.load_pem_x509_certificates(web["environment"]["LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"].encode())
    for client_id in (None, WEB):
        answer = await up.machine.certify(WEB, web["token"], csr_for(WEB), client_id)
        leaf = x509.load_der_x509_certificate(answer.leaf_certificate)
        issuer = x509.load_der_x509_certificate(answer.intermediate_certificates[0])
        leaf.verify_directly_issued_by(issuer)
        issuer.verify_directly_issued_by(anchors[0])
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert list(names) == [
            x509.DNSName(WEB),
            x509.UniformResourceIdentifier("spiffe://cluster.local/ns/default/sa/web"),
        ]
        until = answer.valid_until.ToDatetime(tzinfo=UTC)
        assert until == leaf.not_valid_after_utc > datetime.now(UTC)


async def test_anothers_name_is_refused_and_said_once_without_the_token(up: Up, web: dict[str, Any]) -> None:
    for _ in range(3):
        code = await code_of(up.machine.certify(API, web["token"], csr_for(API)))
        assert code is grpc.StatusCode.FAILED_PRECONDITION
    said = up.machine.said()
    assert said.count(f"no certificate for '{API}'") == 1
    assert web["token"] not in said


async def test_refusals_have_the_codes_that_proxies_know(up: Up, web: dict[str, Any]) -> None:
    certify, token = up.machine.certify, web["token"]
    assert await code_of(certify(WEB, token, csr_for(API))) is grpc.StatusCode.INVALID_ARGUMENT
    assert await code_of(certify(WEB, token, csr_for(WEB), API)) is grpc.StatusCode.PERMISSION_DENIED
    assert await code_of(certify(WEB, token[:-4] + "AAAA", csr_for(WEB))) is grpc.StatusCode.FAILED_PRECONDITION
    assert await code_of(certify(WEB, "", csr_for(WEB))) is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_token_ends_with_its_pod_and_a_fresh_one_comes_from_the_resource_api(
    up: Up, web: dict[str, Any]
) -> None:
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": ["identity.l5d.io"],
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": web["podName"], "uid": web["podUID"]},
        },
    }
    async with up.machine.client() as client:
        fresh = (await client.token(ACCOUNT, "web", request, namespace="default"))["status"]["token"]
        assert (await up.machine.certify(WEB, fresh, csr_for(WEB))).leaf_certificate
        await client.delete(POD, web["podName"], namespace="default")

    async def refused() -> bool:
        try:
            await up.machine.certify(WEB, fresh, csr_for(WEB))
        except grpc.aio.AioRpcError as error:
            return error.code() is grpc.StatusCode.FAILED_PRECONDITION
        return False

    await eventually(refused, "the end of the token")


async def test_without_a_certificate_there_is_nothing_but_certify(up: Up, web: dict[str, Any]) -> None:
    request = destination_pb2.GetDestination(
        path="web.default.svc.cluster.local:80", context_token=f'{{"ns":"default","pod":"{web["podName"]}"}}'
    )
    async with up.machine.proxy_api() as channel:
        stub = DestinationStub(channel)
        assert await code_of(stub.Get(request, timeout=10).read()) is grpc.StatusCode.UNAUTHENTICATED
        stranger = stub.Get(request, metadata=[("l5d-client-id", API)], timeout=10)
        assert await code_of(stranger.read()) is grpc.StatusCode.PERMISSION_DENIED
        own = stub.Get(request, metadata=[("l5d-client-id", WEB)], timeout=10)
        assert isinstance(await own.read(), destination_pb2.Update)
        own.cancel()


async def test_a_killed_authority_comes_back_with_the_same_root(up: Up, web: dict[str, Any]) -> None:
    first = up.children()["authority"]
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: up.children().get("authority", first) != first, "another authority")
    answer = await up.machine.certify(WEB, web["token"], csr_for(WEB))
    issuer = x509.load_der_x509_certificate(answer.intermediate_certificates[0])
    anchors = x509.load_pem_x509_certificates(web["environment"]["LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"].encode())
    issuer.verify_directly_issued_by(anchors[0])
