//! The allocator and its settings.
//!
//! It stands in for the C library's as well: the cryptography library allocates a few hundred bytes for each connection
//! there, and the C library keeps most of that when many connections end at once.

use std::time::Duration;

use tikv_jemalloc_ctl::{Access, AsName};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Two arenas are enough for a few threads; what is freed goes back to the system at once.
#[allow(non_upper_case_globals, unsafe_code, reason = "jemalloc reads its options from a symbol of this name")]
#[unsafe(export_name = "malloc_conf")]
pub(crate) static malloc_conf: &[u8] = b"narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,max_background_threads:1\0";

/// Seldom enough to cost nothing: some ten microseconds each time.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(5);

/// Gives memory back also while nothing happens, by a thread of the allocator's own. Not one of its settings: it would begin
/// before `main`, keep the privileges that the process gives up later, and be in the way of forks.
pub(crate) fn give_back_in_background() {
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        tracing::warn!(%error, "memory goes back to the system only while there is traffic");
    }
}

/// Gives back, again and again, what the calling thread keeps to have it at hand. That is what the busiest moment needed, and
/// the allocator itself looks at it only as the thread allocates.
pub(crate) async fn give_back_of_this_thread() {
    let cache = b"thread.tcache.enabled\0".name();
    loop {
        tokio::time::sleep(GIVE_BACK_EVERY).await;
        // To disable it is to empty it.
        let emptied = cache.write(false).and_then(|()| cache.write(true));
        if let Err(error) = emptied {
            tracing::debug!(%error, "a thread keeps memory that it does not need");
            return;
        }
    }
}
