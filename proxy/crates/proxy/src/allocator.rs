//! The allocator and its settings.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Two arenas are enough for a few threads; what is freed goes back to the system at once.
#[allow(non_upper_case_globals, unsafe_code, reason = "jemalloc reads its options from a symbol of this name")]
#[unsafe(export_name = "_rjem_malloc_conf")]
pub(crate) static malloc_conf: &[u8] = b"narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,max_background_threads:1\0";

/// Gives memory back also while nothing happens, by a thread of the allocator's own. Not one of its settings: it would begin
/// before `main`, keep the privileges that the process gives up later, and be in the way of forks.
pub(crate) fn give_back_in_background() {
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        tracing::warn!(%error, "memory goes back to the system only while there is traffic");
    }
}
