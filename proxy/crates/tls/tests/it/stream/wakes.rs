//! A reader and a writer in two tasks.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::peers::{Members, Thin, name, text};
use super::raw::{BROKEN, read_all};

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_writer_that_waits_is_woken_although_the_reader_has_failed() {
    let (near, far) = tokio::io::duplex(1000);
    let members = Members::new(false);
    let accepting = hauberk_tls::stream::accept(Thin::new(near, usize::MAX), &[], members.server.clone());
    let connector = tokio_rustls::TlsConnector::from(members.client.clone());
    let (ours, theirs) = tokio::join!(accepting, connector.connect(name(), far));
    let (mut ours, (mut pipe, _session)) = (ours.unwrap().stream, theirs.unwrap().into_inner());
    let woken = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(woken.clone());
    let writer = &mut Context::from_waker(&waker);
    while Pin::new(&mut ours).poll_write(writer, &text(5000)).is_ready() {}
    pipe.write_all(&[&[23, 3, 3, 0, 40][..], &[7; 40]].concat()).await.unwrap();
    assert_eq!(read_all(&mut ours), (vec![], BROKEN)); // in another task
    assert_eq!(woken.0.load(Ordering::SeqCst), 0);
    pipe.read_exact(&mut [0; 1000]).await.unwrap();
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    assert!(matches!(Pin::new(&mut ours).poll_write(writer, b"word"), Poll::Ready(Err(_))));
}
