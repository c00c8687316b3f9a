//! The yardstick: a byte relay that does nothing but TLS. A pair of it (one wraps, one unwraps) is what mutual TLS costs
//! when nobody reads, routes, decides or measures.
//!
//!     relay wrap LISTEN TARGET DIR NAME     plain in, TLS out; the server must be NAME
//!     relay unwrap LISTEN TARGET DIR        TLS in, plain out; clients must have a certificate
//!
//! DIR holds roots.pem, chain.pem and key.pem.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig, version};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::{TlsAcceptor, TlsConnector};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Set like the proxy's own, for it is compared with that.
#[allow(non_upper_case_globals, unsafe_code, reason = "jemalloc reads its options from a symbol of this name")]
#[unsafe(export_name = "malloc_conf")]
pub static malloc_conf: &[u8] = b"narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0\0";

/// As large as a TLS record.
const BUFFER: usize = 16 * 1024;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [mode, listen, target, dir, name @ ..] = arguments.as_slice() else {
        bail!("usage: relay wrap|unwrap LISTEN TARGET DIR [NAME]");
    };
    let (listen, target): (SocketAddr, SocketAddr) = (listen.parse()?, target.parse()?);
    let files = Files::read(Path::new(dir))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        let mut end = signal(SignalKind::terminate())?;
        let relayed = async {
            match (*mode, name) {
                ("wrap", [name]) => {
                    let connector = TlsConnector::from(Arc::new(files.client()?));
                    let name = ServerName::try_from((*name).to_owned())?;
                    serve(listener, move |plain| wrap(plain, target, connector.clone(), name.clone())).await
                }
                ("unwrap", []) => {
                    let acceptor = TlsAcceptor::from(Arc::new(files.server()?));
                    serve(listener, move |tls| unwrap(tls, target, acceptor.clone())).await
                }
                _ => bail!("wrap needs the server's name, unwrap none"),
            }
        };
        tokio::select! {
            ended = relayed => ended,
            // In an orderly way: an instrumented build writes what it counted only then.
            _ = end.recv() => Ok(()),
        }
    })
}

async fn serve<F, R>(listener: TcpListener, handle: F) -> Result<()>
where
    F: Fn(TcpStream) -> R,
    R: Future<Output = Result<()>> + Send + 'static,
{
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        // How one connection ends is nobody's business here; the load generator counts errors.
        tokio::spawn(handle(socket));
    }
}

async fn wrap(plain: TcpStream, target: SocketAddr, connector: TlsConnector, name: ServerName<'static>) -> Result<()> {
    let socket = TcpStream::connect(target).await?;
    socket.set_nodelay(true)?;
    join(plain, connector.connect(name, socket).await?).await
}

async fn unwrap(tls: TcpStream, target: SocketAddr, acceptor: TlsAcceptor) -> Result<()> {
    let tls = acceptor.accept(tls).await?;
    let socket = TcpStream::connect(target).await?;
    socket.set_nodelay(true)?;
    join(tls, socket).await
}

async fn join(mut a: impl AsyncRead + AsyncWrite + Unpin, mut b: impl AsyncRead + AsyncWrite + Unpin) -> Result<()> {
    copy_bidirectional_with_sizes(&mut a, &mut b, BUFFER, BUFFER).await?;
    Ok(())
}

struct Files {
    roots: RootCertStore,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Files {
    fn read(dir: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_file_iter(dir.join("roots.pem")).context("roots.pem")? {
            roots.add(root?)?;
        }
        let chain = CertificateDer::pem_file_iter(dir.join("chain.pem")).context("chain.pem")?;
        let key = PrivateKeyDer::from_pem_file(dir.join("key.pem")).context("key.pem")?;
        Ok(Self { roots, chain: chain.collect::<Result<_, _>>()?, key })
    }

    fn client(self) -> Result<ClientConfig> {
        Ok(ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])?
            .with_root_certificates(self.roots)
            .with_client_auth_cert(self.chain, self.key)?)
    }

    fn server(self) -> Result<ServerConfig> {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots), provider()).build()?;
        Ok(ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain, self.key)?)
    }
}

/// The one suite that the comparison is about.
fn provider() -> Arc<CryptoProvider> {
    let cipher_suites = vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256];
    Arc::new(CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() })
}
