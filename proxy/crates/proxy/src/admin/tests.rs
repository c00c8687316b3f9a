use std::io::Read as _;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use flate2::read::GzDecoder;
use hauberk_core::identity::{Id, TlsTarget};
use hauberk_tls::credentials::Credentials;
use hauberk_tls::roots::Roots;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::LocalSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{ServerName, UnixTime};

use super::*;
use crate::logging;

const NAME: &str = "web.default.serviceaccount.identity.test";
const PAGE: &str = "# TYPE requests counter\nrequests_total 1\n# EOF\n";

fn store() -> Store {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let roots = Roots::from_pem(&params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let store = Store::new(Id::Dns(NAME.into()), roots).unwrap();
    let credentials = Credentials::from_der(leaf.der().to_vec(), Vec::new(), key.serialize_der());
    store.install(credentials, UnixTime::now()).unwrap();
    store
}

/// The endpoints, with what keeps their log alive.
fn admin(shutdown: Option<Arc<Notify>>) -> (Rc<Admin>, impl Sized) {
    let (log, layer) = logging::detached();
    let metrics = Box::new(|format| format!("# {format:?}\n{PAGE}"));
    let admin = Admin { ready: Arc::default(), metrics, log, tls: Arc::new(store()), shutdown };
    (Rc::new(admin), layer)
}

async fn ask(admin: &Admin, local: bool, method: Method, path: &str, body: &'static str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path).body(Full::new(Bytes::from(body))).unwrap();
    let response = routes::answer(admin, request, local).await;
    let status = response.status();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn what_is_logged_and_how_can_be_changed() {
    let (admin, _log) = admin(None);
    let get = async |path| ask(&admin, true, Method::GET, path, "").await;
    let put = async |path, body| ask(&admin, true, Method::PUT, path, body).await;
    assert_eq!(put("/proxy-log-level", " warn,linkerd=debug\n").await, (StatusCode::NO_CONTENT, String::new()));
    assert_eq!(get("/proxy-log-level").await, (StatusCode::OK, "hauberk=debug,warn\n".to_owned()));
    let (status, why) = put("/proxy-log-level", "hauberk=loud").await;
    assert!(status == StatusCode::BAD_REQUEST && why.contains("try warn,hauberk=debug"), "{status} {why}");
    assert_eq!(get("/proxy-log-format").await.1, "PLAIN\n");
    assert_eq!(put("/proxy-log-format", "json").await.0, StatusCode::NO_CONTENT);
    assert_eq!(put("/proxy-log-format", "xml").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get("/proxy-log-format").await.1, "JSON\n");
    let too_long: &str = "warn,".repeat(2_000).leak();
    assert_eq!(put("/proxy-log-level", too_long).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get("/proxy-log-level").await.1, "hauberk=debug,warn\n", "what was refused changes nothing");
}

#[tokio::test]
async fn who_may_do_what() {
    let (admin, _log) = admin(Some(Arc::default()));
    for path in ["/proxy-log-level", "/proxy-log-format", "/shutdown"] {
        for method in [Method::GET, Method::PUT, Method::POST] {
            assert_eq!(ask(&admin, false, method, path, "x").await.0, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(ask(&admin, true, Method::DELETE, path, "").await.0, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    for path in ["/live", "/metrics", "/env.json"] {
        assert_eq!(ask(&admin, false, Method::GET, path, "").await.0, StatusCode::OK, "{path}");
        assert_eq!(ask(&admin, true, Method::POST, path, "").await.0, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(ask(&admin, false, Method::GET, "/ready", "").await.0, StatusCode::SERVICE_UNAVAILABLE);
    admin.ready.store(true, Ordering::Release);
    assert_eq!(ask(&admin, false, Method::GET, "/ready", "").await, (StatusCode::OK, "ready\n".to_owned()));
    assert_eq!(ask(&admin, true, Method::GET, "/nowhere", "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_scraper_gets_the_format_and_the_coding_that_it_takes() {
    let (admin, _log) = admin(None);
    let request = Request::get("/metrics")
        .header("accept", "application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.1")
        .header("accept-encoding", "gzip, deflate")
        .body(Full::new(Bytes::new()));
    let response = routes::answer(&admin, request.unwrap(), false).await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.headers()["content-type"], Format::OpenMetrics.media_type());
    let (packed, mut page) = (response.into_body().collect().await.unwrap().to_bytes(), String::new());
    GzDecoder::new(&*packed).read_to_string(&mut page).unwrap();
    assert_eq!(page, format!("# OpenMetrics\n{PAGE}"));
    let plain = ask(&admin, false, Method::GET, "/metrics", "").await.1;
    assert_eq!(plain, format!("# Plain\n{PAGE}"));
}

#[tokio::test]
async fn one_port_takes_clients_with_and_without_tls() {
    let (admin, _log) = admin(None);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let target = TlsTarget { id: Id::Dns(NAME.into()), server_name: NAME.into() };
    let config = admin.tls.client_config(&target, false).unwrap();
    let asked = async {
        tokio::task::spawn_local(admin.clone().serve(listener));
        let plain = live(TcpStream::connect(addr).await.unwrap()).await;
        let name = ServerName::try_from(NAME).unwrap();
        let secured = TlsConnector::from(config).connect(name, TcpStream::connect(addr).await.unwrap()).await;
        (plain, live(secured.unwrap()).await)
    };
    let (plain, secured) = LocalSet::new().run_until(asked).await;
    for answer in [plain, secured] {
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nlive\n"), "{answer}");
    }
}

async fn live(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    stream.write_all(b"GET /live HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
