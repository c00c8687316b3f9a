//! A ClientHello as rustls reads it.

use rustls::server::Acceptor;

/// The server name of a whole ClientHello; `None` where rustls finds none in the bytes.
pub fn server_name(bytes: &[u8]) -> Option<Option<String>> {
    let (mut acceptor, mut rest) = (Acceptor::default(), bytes);
    while !rest.is_empty() {
        acceptor.read_tls(&mut rest).ok()?;
        if let Some(accepted) = acceptor.accept().ok()? {
            return Some(accepted.client_hello().server_name().map(str::to_ascii_lowercase));
        }
    }
    None
}
