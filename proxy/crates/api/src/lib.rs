//! The contract with the control plane, generated from the repository's `api` folder: messages, clients and servers.
//! Only `control` reads it; everything behind `control` speaks the nouns of `core`.

#![allow(missing_docs, unreachable_pub, clippy::all)] // not written here

/// Packages of the contract that other implementations speak as well.
pub mod linkerd {
    pub mod destination {
        tonic::include_proto!("io.linkerd.proxy.destination");
    }
    pub mod grpc_route {
        tonic::include_proto!("io.linkerd.proxy.grpc_route");
    }
    pub mod http_route {
        tonic::include_proto!("io.linkerd.proxy.http_route");
    }
    pub mod http_types {
        tonic::include_proto!("io.linkerd.proxy.http_types");
    }
    pub mod identity {
        tonic::include_proto!("io.linkerd.proxy.identity");
    }
    pub mod inbound {
        tonic::include_proto!("io.linkerd.proxy.inbound");
    }
    pub mod meta {
        tonic::include_proto!("io.linkerd.proxy.meta");
    }
    pub mod net {
        tonic::include_proto!("io.linkerd.proxy.net");
    }
    pub mod opaque_route {
        tonic::include_proto!("io.linkerd.proxy.opaque_route");
    }
    pub mod outbound {
        tonic::include_proto!("io.linkerd.proxy.outbound");
    }
    pub mod tls_route {
        tonic::include_proto!("io.linkerd.proxy.tls_route");
    }
}
