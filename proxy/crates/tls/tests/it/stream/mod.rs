//! Streams of ours, and another implementation's at the other end.

mod aside;
mod ends;
mod hostile;
mod keys;
mod mangled;
mod openssl;
mod peers;
mod raw;
mod records;
mod rules;
mod traffic;
mod wakes;
