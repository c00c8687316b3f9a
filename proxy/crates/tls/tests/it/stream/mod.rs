//! Streams of ours, and another implementation's at the other end.

mod ends;
mod hostile;
mod keys;
mod mangled;
mod peers;
mod records;
mod traffic;
