//! Connections are counted by the route that they take, and by why they ended.

use std::sync::Arc;

use hauberk_core::outbound::{OpaqueRefusal, OpaqueRoute, OutboundPolicy, Protocol, Target, TlsRoutes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::nobody::Nobody;
use crate::support::program::answers_at_the_end;
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, endpoint, opaque};
use crate::support::ways::CLIENT;
use crate::support::{eventually, run};

/// The service with its one route for bytes as `change` wants it.
fn routed(change: impl Fn(OpaqueRoute) -> Protocol) -> Target {
    let Target::Policy(policy) = opaque() else { unreachable!("a policy") };
    let Protocol::Opaque(routes) = &policy.protocol else { unreachable!("a route for bytes") };
    Target::Policy(Arc::new(OutboundPolicy { protocol: change(routes.routes[0].clone()), ..(*policy).clone() }))
}

fn refused(why: OpaqueRefusal) -> Target {
    routed(|route| {
        let route = OpaqueRoute { action: Err(why.clone()), ..route };
        Protocol::Opaque(hauberk_core::outbound::OpaqueRoutes { routes: Arc::from([route]) })
    })
}

fn tls() -> Target {
    routed(|route| Protocol::Tls(TlsRoutes { routes: Arc::from([(Vec::new(), route)]) }))
}

/// A connection to its end, which the program echoes or which is refused.
async fn connection(outbound: &Proxy) -> Vec<u8> {
    let mut socket = TcpStream::connect(outbound.addr).await.unwrap();
    let mut echo = Vec::new();
    let _ = socket.write_all(b"bytes").await;
    let _ = socket.shutdown().await;
    let _ = socket.read_to_end(&mut echo).await;
    echo
}

#[test]
fn each_connection_opens_and_closes_on_its_route() {
    run(async {
        let (table, program) = (Table::new(), answers_at_the_end().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(program)]);
        let route = ["parent_name=\"web\"", "route_kind=\"default\"", "route_name=\"opaque\""];
        let opened = |kind: &str| outbound.count(&format!("outbound_{kind}_route_open_total"), &route);
        let closed = |kind: &str, error: &str| {
            let error = format!("error=\"{error}\"");
            outbound.count(&format!("outbound_{kind}_route_close_total"), &[&route[..], &[&error]].concat())
        };
        table.target.send_replace(Some(opaque()));
        assert_eq!(connection(&outbound).await, b"bytes");
        eventually(|| closed("tcp", "") == 1.0).await;
        assert_eq!(opened("tcp"), 1.0);
        for (why, error) in
            [(OpaqueRefusal::Forbidden, "forbidden"), (OpaqueRefusal::Invalid("of no use".into()), "invalid_policy")]
        {
            table.target.send_replace(Some(refused(why)));
            assert!(connection(&outbound).await.is_empty());
            eventually(|| closed("tcp", error) == 1.0).await;
        }
        assert_eq!(opened("tcp"), 3.0);
        table.target.send_replace(Some(tls()));
        assert_eq!(connection(&outbound).await, b"bytes");
        eventually(|| closed("tls", "") == 1.0).await;
        let nobody = Nobody::new();
        table.set_endpoints([endpoint(nobody.addr)]);
        assert!(connection(&outbound).await.is_empty());
        eventually(|| closed("tls", "unexpected") == 1.0).await;
        assert_eq!((opened("tls"), opened("tcp")), (2.0, 3.0));
        let balancer =
            |kind: &str| outbound.count(&format!("outbound_{kind}_balancer_endpoints"), &["endpoint_state=\"ready\""]);
        assert_eq!((balancer("tcp"), balancer("tls")), (1.0, 1.0), "one balancer serves both");
        assert_eq!(balancer("http"), 0.0, "no request goes there");
    });
}
