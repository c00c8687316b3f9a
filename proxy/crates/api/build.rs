//! Makes the messages and services from the repository's `api` folder, without `protoc`.

use std::error::Error;
use std::path::Path;

const FILES: [&str; 12] = [
    "hauberk/view.proto",
    "linkerd/destination.proto",
    "linkerd/grpc_route.proto",
    "linkerd/http_route.proto",
    "linkerd/http_types.proto",
    "linkerd/identity.proto",
    "linkerd/inbound.proto",
    "linkerd/meta.proto",
    "linkerd/net.proto",
    "linkerd/opaque_route.proto",
    "linkerd/outbound.proto",
    "linkerd/tls_route.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../api");
    println!("cargo::rerun-if-changed={}", api.display());
    let descriptors = protox::compile(FILES, [&api])?;
    tonic_prost_build::configure().build_transport(false).include_file("api.rs").compile_fds(descriptors)?;
    Ok(())
}
