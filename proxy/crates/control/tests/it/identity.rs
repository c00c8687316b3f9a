//! `Identity.Certify`, over mutual TLS with an authority that is a member of the mesh itself.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hauberk_api::linkerd::identity::identity_server::{Identity as Service, IdentityServer};
use hauberk_api::linkerd::identity::{CertifyRequest, CertifyResponse};
use hauberk_control::config;
use hauberk_control::identity::{Identity, KeyError};
use hauberk_control::service;
use hauberk_core::identity::{ClientTls, Id};
use hauberk_metrics::identity::IdentityMetrics;
use hauberk_tls::credentials::Credentials;
use hauberk_tls::peer::client_tls;
use hauberk_tls::roots::Roots;
use hauberk_tls::store::Store;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::UnixTime;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tonic::codegen::Service as _;
use tonic::{Request, Response, Status};

use crate::authority::Authority;
use crate::support::{eventually, until};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const PLANE: &str = "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local";

/// What the authority saw: who called, with which token, which key.
#[derive(Clone, Debug)]
struct Call {
    client: ClientTls,
    token: Vec<u8>,
    request: Vec<u8>,
}

/// Signs what it is asked to, each certificate for `valid`; or refuses.
struct Signer {
    authority: Mutex<Authority>,
    /// What it shows of itself.
    plane: Arc<Store>,
    valid: Duration,
    refuse: Mutex<bool>,
    calls: Mutex<Vec<Call>>,
}

impl Signer {
    fn new(valid: Duration) -> Arc<Self> {
        let authority = Authority::new();
        let plane = trusting(PLANE, &authority.pem());
        let (authority, refuse, calls) = (Mutex::new(authority), Mutex::new(false), Mutex::default());
        let signer = Self { authority, plane, valid, refuse, calls };
        signer.certify_itself();
        Arc::new(signer)
    }

    /// Another authority takes its place.
    fn change_authority(&self) {
        *self.authority.lock().unwrap() = Authority::new();
        self.plane.set_roots(Roots::from_pem(&self.pem()).unwrap()).unwrap();
        self.certify_itself();
    }

    fn certify_itself(&self) {
        let key = KeyPair::generate().unwrap();
        let request = CertificateParams::new([PLANE.to_owned()]).unwrap().serialize_request(&key).unwrap();
        let leaf = self.sign(request.der(), time::Duration::DAY);
        self.plane.install(Credentials::from_der(leaf, Vec::new(), key.serialize_der()), UnixTime::now()).unwrap();
    }

    fn sign(&self, request: &[u8], left: time::Duration) -> Vec<u8> {
        self.authority.lock().unwrap().sign(request, left)
    }

    fn pem(&self) -> String {
        self.authority.lock().unwrap().pem()
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn store(&self, name: &str) -> Arc<Store> {
        trusting(name, &self.pem())
    }

    /// Serves on a port, as a member of the mesh.
    async fn serve(self: &Arc<Self>) -> (u16, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (signer, mut tasks) = (self.clone(), JoinSet::new());
        tasks.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = TlsAcceptor::from(signer.plane.server_config(false).unwrap());
                let Ok(stream) = acceptor.accept(socket).await else { continue };
                let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
                let client = client_tls(chain.first());
                let of = Arc::new(Of(signer.clone(), client));
                let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let mut server = IdentityServer::from_arc(of.clone());
                    async move { Ok::<_, Infallible>(server.call(request).await.unwrap_or_else(|never| match never {})) }
                });
                let builder = http2::Builder::new(TokioExecutor::new());
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), answer));
            }
        });
        (port, tasks)
    }
}

fn trusting(name: &str, roots: &str) -> Arc<Store> {
    Arc::new(Store::new(Id::Dns(name.into()), Roots::from_pem(roots).unwrap()).unwrap())
}

struct Of(Arc<Signer>, ClientTls);

#[tonic::async_trait]
impl Service for Of {
    async fn certify(&self, request: Request<CertifyRequest>) -> Result<Response<CertifyResponse>, Status> {
        let request = request.into_inner();
        assert_eq!(request.identity, WEB);
        let der = request.certificate_signing_request;
        let call = Call { client: self.1.clone(), token: request.token, request: der.clone() };
        self.0.calls.lock().unwrap().push(call);
        if *self.0.refuse.lock().unwrap() {
            return Err(Status::permission_denied("not you"));
        }
        let leaf_certificate = self.0.sign(&der, time::Duration::DAY);
        let valid_until = Some((SystemTime::now() + self.0.valid).into());
        Ok(Response::new(CertifyResponse { leaf_certificate, intermediate_certificates: Vec::new(), valid_until }))
    }
}

/// A directory that is removed with it.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hauberk-identity-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("token"), "first").unwrap();
        Self(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn identity(dir: &Path, port: u16, store: &Arc<Store>) -> Result<Identity, KeyError> {
    // The kernel takes 0.0.0.0 for this machine, the client does not: so TLS is used.
    let address = format!("0.0.0.0:{port}").parse().unwrap();
    let config = config::Identity {
        service: service::Service::new(address, Some(PLANE)).unwrap(),
        dir: dir.to_owned(),
        token_file: dir.join("token"),
        min_refresh: Duration::from_millis(20),
        max_refresh: Duration::from_secs(3600),
        connect_timeout: Duration::from_secs(5),
    };
    Identity::new(config, store.clone(), Arc::new(IdentityMetrics::new()))
}

#[tokio::test]
async fn a_certificate_is_obtained_without_one_and_renewed_with_it() {
    let signer = Signer::new(Duration::from_millis(100));
    let (port, _server) = signer.serve().await;
    let (dir, store) = (Dir::new("renewed"), signer.store(WEB));
    let identity = identity(&dir.0, port, &store).unwrap();
    let mut ready = identity.ready();
    assert!(!*ready.borrow() && !store.is_ready());
    let running = tokio::spawn(identity.run());
    until(&mut ready, |ready| ready.then_some(())).await;
    let first = store.server_config(false).unwrap();
    std::fs::write(dir.0.join("token"), "second").unwrap();
    eventually("renewed with the new token", || signer.calls().iter().any(|call| call.token == b"second")).await;
    eventually("the new certificate is in force", || !Arc::ptr_eq(&first, &store.server_config(false).unwrap())).await;
    let calls = signer.calls();
    assert_eq!((&calls[0].client, calls[0].token.as_slice()), (&ClientTls::Anonymous, b"first".as_slice()));
    assert!(matches!(&calls[1].client, ClientTls::Identified { id, .. } if id.as_str() == WEB));
    assert_eq!(calls[0].request, calls[1].request, "one key for life");
    running.abort();
}

#[tokio::test]
async fn a_refusal_and_an_absent_token_are_tried_again() {
    let signer = Signer::new(Duration::from_secs(3600));
    *signer.refuse.lock().unwrap() = true;
    let (port, _server) = signer.serve().await;
    let (dir, store) = (Dir::new("refused"), signer.store(WEB));
    std::fs::remove_file(dir.0.join("token")).unwrap();
    let identity = identity(&dir.0, port, &store).unwrap();
    let mut ready = identity.ready();
    let running = tokio::spawn(identity.run());
    tokio::task::yield_now().await;
    std::fs::write(dir.0.join("token"), "late").unwrap();
    eventually("refused twice", || signer.calls().len() > 1).await;
    assert!(!store.is_ready());
    *signer.refuse.lock().unwrap() = false;
    until(&mut ready, |ready| ready.then_some(())).await;
    running.abort();
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_not_taken() {
    let signer = Signer::new(Duration::ZERO);
    let (port, _server) = signer.serve().await;
    let (dir, store) = (Dir::new("ended"), signer.store(WEB));
    let running = tokio::spawn(identity(&dir.0, port, &store).unwrap().run());
    eventually("asked again", || signer.calls().len() > 2).await;
    assert!(!store.is_ready());
    running.abort();
}

#[tokio::test]
async fn a_key_that_is_given_is_used_and_half_of_one_refused() {
    let signer = Signer::new(Duration::from_secs(3600));
    let (port, _server) = signer.serve().await;
    let (dir, store) = (Dir::new("given"), signer.store(WEB));
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::new([WEB.to_owned()]).unwrap().serialize_request(&key).unwrap();
    std::fs::write(dir.0.join("key.p8"), key.serialize_der()).unwrap();
    assert!(matches!(identity(&dir.0, port, &store), Err(KeyError::Half { .. })));
    std::fs::write(dir.0.join("csr.der"), request.der()).unwrap();
    let identity = identity(&dir.0, port, &store).unwrap();
    let mut ready = identity.ready();
    let running = tokio::spawn(identity.run());
    until(&mut ready, |ready| ready.then_some(())).await;
    assert_eq!(signer.calls()[0].request, request.der().to_vec());
    running.abort();
}

#[tokio::test]
async fn a_certificate_that_ended_meanwhile_does_not_stand_in_the_way_of_the_next() {
    let signer = Signer::new(Duration::from_millis(100));
    let (port, _server) = signer.serve().await;
    let (dir, store) = (Dir::new("late"), signer.store(WEB));
    let running = tokio::spawn(identity(&dir.0, port, &store).unwrap().run());
    eventually("a certificate came", || store.is_ready()).await;
    // While the authority is away, time passes: the certificate in force is now one that peers refuse.
    *signer.refuse.lock().unwrap() = true;
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::new([WEB.to_owned()]).unwrap().serialize_request(&key).unwrap();
    let ended = signer.sign(request.der(), -time::Duration::HOUR);
    let then = UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs() - 7200));
    store.install(Credentials::from_der(ended, Vec::new(), key.serialize_der()), then).unwrap();
    let stale = store.server_config(false).unwrap();
    *signer.refuse.lock().unwrap() = false;
    eventually("renewed", || !Arc::ptr_eq(&stale, &store.server_config(false).unwrap())).await;
    running.abort();
}

#[tokio::test]
async fn roots_that_the_certificate_does_not_lead_to_bring_another_one() {
    let signer = Signer::new(Duration::from_secs(3600));
    let (port, _server) = signer.serve().await;
    let (dir, store) = (Dir::new("roots"), signer.store(WEB));
    let running = tokio::spawn(identity(&dir.0, port, &store).unwrap().run());
    eventually("a certificate came", || store.is_ready()).await;
    let old = signer.pem();
    signer.change_authority();
    store.set_roots(Roots::from_pem(&(old + &signer.pem())).unwrap()).unwrap();
    assert!(store.is_trusted(UnixTime::now()));
    store.set_roots(Roots::from_pem(&signer.pem()).unwrap()).unwrap();
    eventually("the certificate is another authority's", || store.is_trusted(UnixTime::now())).await;
    let calls = signer.calls();
    assert_eq!(calls.len(), 2, "once for each authority");
    assert_eq!(calls[1].client, ClientTls::Anonymous, "nobody would take the old one");
    running.abort();
}
