//! Requests of an ingress controller name their destinations.

use std::net::Ipv4Addr;
use std::sync::Arc;

use hauberk_core::name::Suffixes;
use hauberk_core::outbound::Target;
use http::StatusCode;

use crate::support::client::{Http1, Http2, body, get, post2};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, endpoint};

const CLIENT: &str = "ingress.default.serviceaccount.identity.hauberk.cluster.local";
const OVERRIDE: &str = "l5d-dst-override";

#[test]
fn each_request_goes_where_its_header_says_and_without_one_to_the_original_destination() {
    run(async {
        let (authority, table) = (Authority::new(), Table::new());
        let (dialled, named) = (Program::start().await, Program::start().await);
        table.set_endpoints([endpoint(dialled.addr)]);
        let target = Target::Endpoint { endpoint: Arc::new(endpoint(named.addr)), opaque: false };
        table.name("web.default.svc.cluster.local:80", target);
        let ip = Ipv4Addr::LOCALHOST.into();
        let suffixes = Suffixes::parse("svc.cluster.local.");
        let ingress =
            Proxy::outbound_at(&authority, CLIENT, &table, ip, |config| config.outbound.ingress = suffixes).await;
        let plain = Proxy::outbound(&authority, CLIENT, &table).await;
        let request = |name: &str| get("/").header(OVERRIDE, name).body(body("")).unwrap();
        let mut client = Http1::connect(ingress.addr).await;
        for name in ["web.default.svc.cluster.local", "Web.default.svc.cluster.local.:80"] {
            assert_eq!(client.send(request(name)).await.status, StatusCode::OK, "{name}");
        }
        let call = post2("/").header(OVERRIDE, "web.default.svc.cluster.local").body(body("")).unwrap();
        assert_eq!(Http2::connect(ingress.addr).await.send(call).await.status, StatusCode::OK);
        assert_eq!((dialled.requests(), named.requests()), (0, 3));
        assert!(!named.seen.borrow()[0].headers.contains_key(OVERRIDE));
        assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        for (name, status) in [
            ("nobody.default.svc.cluster.local", StatusCode::NOT_FOUND),
            ("web.example.com", StatusCode::NOT_FOUND),
            ("10.0.0.1:80", StatusCode::BAD_REQUEST),
            ("a b", StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(client.send(request(name)).await.status, status, "{name}");
        }
        let mut other = Http1::connect(plain.addr).await;
        assert_eq!(other.send(request("web.default.svc.cluster.local")).await.status, StatusCode::OK);
        assert_eq!((dialled.requests(), named.requests()), (2, 3), "the header counts in ingress mode only");
    });
}
