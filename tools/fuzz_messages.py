"""What the control plane says, as the fuzz target `control` begins with it: each kind of message with all its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import text_format

from hauberk._api.hauberk import view_pb2
from hauberk._api.linkerd import destination_pb2, identity_pb2, inbound_pb2, outbound_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

REF = 'metadata { resource { group: "core" kind: "Service" name: "web" namespace: "default" port: 80 } }'
SECOND = "{ seconds: 1 }"
IDENTITY = 'tls_identity { dns_like_identity { name: "web.default.mesh" } server_name { name: "web.default.mesh" } }'
URI = 'tls_identity { uri_like_identity { uri: "spiffe://a/b" } server_name { name: "web.default.mesh" } }'
ADDR = "addr { ip { ipv4: 172818433 } port: 8080 } weight: 10000"
HTTP2 = (
    "http2 { flow_control { initial_stream_window_size: 65536 } "
    f"keep_alive {{ interval {SECOND} while_idle: true }} internals {{ max_frame_size: 16384 }} }}"
)
MEMBER = f"{ADDR} {IDENTITY} protocol_hint {{ h2 {{ }} opaque_transport {{ inbound_port: 4143 }} }} {HTTP2}"
GATEWAY = f'{ADDR} {URI} protocol_hint {{ opaque {{ }} }} authority_override {{ authority_override: "a.b:80" }}'

NET = "networks { net { ip { ipv4: 172818432 } prefix_len: 16 } except { ip { ipv4: 172818433 } prefix_len: 32 } }"
NET6 = "networks { net { ip { ipv6 { first: 1 last: 2 } } prefix_len: 64 } }"
IDENTITIES = 'identities { identities { name: "api.default.mesh" } suffixes { parts: "default" parts: "mesh" } }'
MEMBERS = f"authorizations {{ {NET} {NET6} authentication {{ mesh_tls {{ {IDENTITIES} }} }} {REF} }}"
EVERYBODY = f"authorizations {{ {NET} authentication {{ unauthenticated {{ }} }} {REF} }}"
RATES = (
    f"{REF} total {{ requestsPerSecond: 9 }} identity {{ requestsPerSecond: 3 }} "
    'overrides { limit { requestsPerSecond: 5 } clients { identities { name: "api.default.mesh" } } }'
)

HOSTS = 'hosts { exact: "web.example" } hosts { suffix { reverse_labels: "example" } }'
HEADERS = 'headers { name: "x-a" exact: "1" } headers { name: "x-b" regex: "[0-9]+" }'
QUERY = 'query_params { name: "q" exact: "1" } query_params { name: "r" regex: "a|b" }'
MATCHES = (
    f'matches {{ path {{ prefix: "/a" }} {HEADERS} {QUERY} method {{ registered: POST }} }} '
    'matches { path { regex: "/b/.*" } method { unregistered: "PURGE" } } matches { path { exact: "/c" } }'
)
RPCS = f'matches {{ rpc {{ service: "a.B" method: "C" }} {HEADERS} }}'
CHANGE = 'add { headers { name: "x-c" value: "1" } } set { headers { name: "x-d" value: "2" } } remove: "x-e"'
INJECTED = 'message: "no" ratio { numerator: 1 denominator: 2 } }'
FAILURE, GRPC_FAILURE = f"failure_injector {{ status: 503 {INJECTED}", f"failure_injector {{ code: 14 {INJECTED}"
TO = 'scheme { registered: HTTPS } host: "web.example" path { prefix: "/d" } port: 443 status: 301'
REQUEST = f"filters {{ {FAILURE} }} filters {{ request_header_modifier {{ {CHANGE} }} }}"
REDIRECT = f"filters {{ redirect {{ {TO} }} }}"
GRPC = f"filters {{ {GRPC_FAILURE} }} filters {{ request_header_modifier {{ {CHANGE} }} }}"
RESPONSE = f"filters {{ response_header_modifier {{ {CHANGE} }} }}"

DISCOVERY = 'discovery { dst { path: "web.default.svc.cluster.local:80" } }'
QUEUE = f"queue {{ capacity: 100 failfast_timeout {SECOND} }}"
LOAD = f"peak_ewma {{ default_rtt {SECOND} decay {SECOND} }}"
PENALTY = f"penalty_peak_ewma {{ default_rtt {SECOND} decay {SECOND} penalty {SECOND} max_retry_after {SECOND} }}"
BALANCER = f"backend {{ {REF} {QUEUE} balancer {{ {DISCOVERY} {LOAD} }} }}"
PENALIZING = f"backend {{ {REF} {QUEUE} balancer {{ {DISCOVERY} {PENALTY} }} }}"
FORWARD = f"backend {{ {REF} {QUEUE} forward {{ {MEMBER} }} }}"
FIRST = f"backends {{ first_available {{ backends {{ {BALANCER} }} }} }}"
RANDOM = (
    f"backends {{ random_available {{ backends {{ weight: 1 backend {{ {PENALIZING} }} }} "
    f"backends {{ weight: 2 backend {{ {FORWARD} }} }} }} }}"
)
PAUSES = f"backoff {{ min_backoff {SECOND} max_backoff {{ seconds: 9 }} jitter_ratio: 0.5 }}"
LIMITS = f"timeouts {{ response {SECOND} request {SECOND} idle {SECOND} }} allow_l5d_request_headers: true"
STATUSES = "conditions { status_ranges { start: 500 end: 599 } }"
RETRY = f"retry {{ max_retries: 2 max_request_bytes: 1024 timeout {SECOND} {PAUSES} {STATUSES} }}"
GRPC_RETRY = RETRY.replace(STATUSES, "conditions { unavailable: true internal: true }")
CONSECUTIVE = (
    f"failure_accrual {{ consecutive_failures {{ max_failures: 7 {PAUSES} }} ejection {{ min_ready_endpoints: 1 }} }}"
)
UNIFIED = f"failure_accrual {{ unified {{ success_rate_threshold: 0.8 decay {SECOND} min_requests: 5 {PAUSES} }} }}"

HTTP_ROUTE = f"routes {{ {REF} {HOSTS} rules {{ {MATCHES} {REQUEST} {RESPONSE} {RANDOM} {LIMITS} {RETRY} }} }}"
OTHER_ROUTE = f"routes {{ {REF} rules {{ {REDIRECT} {FIRST} }} }}"
GRPC_ROUTE = f"routes {{ {REF} {HOSTS} rules {{ {RPCS} {GRPC} {RANDOM} {LIMITS} {GRPC_RETRY} }} }}"
BYTES = f"routes {{ {REF} rules {{ {FIRST} }} }}"
NAMES = 'snis { exact: "web.example" } snis { suffix { reverse_labels: "example" } }'
DETECT = (
    f"timeout {SECOND} opaque {{ {BYTES} }} http1 {{ {HTTP_ROUTE} {CONSECUTIVE} }} http2 {{ {OTHER_ROUTE} {UNIFIED} }}"
)

INBOUND_HTTP = f"{REF} {HOSTS} {MEMBERS} rules {{ {MATCHES} {REQUEST} {REDIRECT} }}"
INBOUND_GRPC = f"routes {{ {REF} {HOSTS} {MEMBERS} rules {{ {RPCS} {GRPC} }} }}"
SERVERS = {
    "server": f"detect {{ timeout {SECOND} http_routes {{ {INBOUND_HTTP} }} http_local_rate_limit {{ {RATES} }} }}",
    "server-http1": f"http1 {{ routes {{ {INBOUND_HTTP} }} local_rate_limit {{ {RATES} }} }}",
    "server-http2": f"http2 {{ routes {{ {INBOUND_HTTP} }} }}",
    "server-grpc": f"grpc {{ {INBOUND_GRPC} }}",
    "server-opaque": "opaque { }",
    "server-tls": "tls { }",
}
POLICIES = {
    "policy": f"http1 {{ {HTTP_ROUTE} {UNIFIED} }}",
    "policy-http2": f"http2 {{ {OTHER_ROUTE} }}",
    "policy-detect": f"detect {{ {DETECT} }}",
    "policy-grpc": f"grpc {{ {GRPC_ROUTE} {CONSECUTIVE} }}",
    "policy-opaque": f"opaque {{ {BYTES} }}",
    "policy-forbidden": f"opaque {{ routes {{ {REF} rules {{ filters {{ forbidden {{ }} }} {FIRST} }} }} }}",
    "policy-tls": f"tls {{ routes {{ {REF} {NAMES} rules {{ {RANDOM} }} }} }}",
    "policy-invalid": f'tls {{ routes {{ {REF} rules {{ filters {{ invalid {{ message: "no" }} }} {FIRST} }} }} }}',
}


# A leaf of one byte stands for one that the target makes; without one it is right.
ISSUERS = 'intermediate_certificates: "a" intermediate_certificates: ""'
CERTIFICATES = {
    "certificate": "valid_until { seconds: 32503680000 nanos: 5 }",
    "certificate-with-issuers": f"{ISSUERS} valid_until {{ seconds: 9000000000 }}",
    "certificate-of-another-key": r'leaf_certificate: "\001" valid_until { seconds: 9000000000 }',
    "certificate-that-ended": "valid_until { seconds: 1 nanos: -1 }",
    "certificate-without-end": 'leaf_certificate: "0"',
}
CONFIRMATIONS = {
    "confirmation": 'version { store: "s" revision: 7 } interval_ms: 5000',
    "confirmation-of-no-store": "version { revision: 7 } interval_ms: 4294967295",
}


def text(message: Message, content: str) -> bytes:
    return text_format.Parse(content, message).SerializeToString(deterministic=True)


def control() -> dict[str, bytes]:
    both = f'{MEMBERS} {EVERYBODY} labels {{ key: "name" value: "w" }}'
    servers = {
        name: text(inbound_pb2.Server(), f"protocol {{ {content} }} {both}") for name, content in SERVERS.items()
    }
    policies = {
        name: text(outbound_pb2.OutboundPolicy(), f"{REF} protocol {{ {content} }}")
        for name, content in POLICIES.items()
    }
    labels = 'metric_labels { key: "a" value: "b" }'
    other = GATEWAY.replace("172818433", "172818434")
    address = "addrs { ip { ipv4: 172818433 } port: 8080 }"
    updates = {
        "add": f"add {{ addrs {{ {MEMBER} {labels} }} addrs {{ {other} }} {labels} }} replaces: true",
        "remove": f"remove {{ {address} }}",
        "none": "no_endpoints { exists: true }",
    }
    profile = f'fully_qualified_name: "web" opaque_protocol: true endpoint {{ {MEMBER} }} parent_ref {REF[9:]}'
    return (
        servers
        | policies
        | {name: text(destination_pb2.Update(), content) for name, content in updates.items()}
        | {name: text(identity_pb2.CertifyResponse(), content) for name, content in CERTIFICATES.items()}
        | {name: text(view_pb2.Confirmation(), content) for name, content in CONFIRMATIONS.items()}
        | {"profile": text(destination_pb2.DestinationProfile(), profile)}
    )
