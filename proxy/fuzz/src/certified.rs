//! Answers of the authority to a request for a certificate: which of them may come into use, by their own words alone.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use hauberk_control::identity::take_bytes;
use hauberk_core::identity::Id;
use hauberk_tls::store::Store;
use prost::Message;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

use crate::authority::{Authority, WEB};

/// The longest chain that every peer reads.
const CHAIN_MAX: usize = 48 * 1024;
const CERTIFICATES_MAX: usize = 16;

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);
static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate().unwrap());
/// The one that may come into use, then: of another key, of another workload, of the past, of nobody's authority.
static LEAVES: LazyLock<[Vec<u8>; 5]> = LazyLock::new(|| {
    let other = KeyPair::generate().unwrap();
    [
        leaf(&AUTHORITY, WEB, &KEY, 2999),
        leaf(&AUTHORITY, WEB, &other, 2999),
        leaf(&AUTHORITY, "api.default.mesh", &KEY, 2999),
        leaf(&AUTHORITY, WEB, &KEY, 2001),
        leaf(&Authority::new(), WEB, &KEY, 2999),
    ]
});

/// `io.linkerd.proxy.identity.CertifyResponse` of the contract.
#[derive(Clone, PartialEq, Message)]
struct Contract {
    #[prost(bytes = "vec", tag = "1")]
    leaf: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    intermediates: Vec<Vec<u8>>,
    #[prost(message, optional, tag = "3")]
    valid_until: Option<prost_types::Timestamp>,
}

/// Reads bytes as such an answer, where a leaf of at most one byte stands for one of [`LEAVES`]. It is taken into use if, and
/// only if, its leaf is the right one, its chain is one that peers read, and its end is to come.
pub fn check(bytes: &[u8]) {
    let Ok(mut said) = Contract::decode(bytes) else { return };
    if let [] | [_] = said.leaf[..] {
        let number = said.leaf.first().map_or(0, |byte| usize::from(*byte));
        said.leaf.clone_from(&LEAVES[number % LEAVES.len()]);
    }
    let store = Store::new(Id::Dns(Arc::from(WEB)), AUTHORITY.roots()).unwrap();
    let now = SystemTime::now();
    let taken = take_bytes(&said.encode_to_vec(), &KEY.serialize_der(), &store, now);
    let size = said.leaf.len() + said.intermediates.iter().map(Vec::len).sum::<usize>();
    let fits = size <= CHAIN_MAX && said.intermediates.len() < CERTIFICATES_MAX;
    let end = said.valid_until.and_then(|end| nanoseconds(end.seconds, end.nanos));
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let right = end.filter(|end| *end > since && fits && said.leaf == LEAVES[0]);
    assert_eq!(store.is_ready(), taken.is_some(), "what is refused changes nothing");
    assert_eq!(taken.map(|end| end.duration_since(SystemTime::UNIX_EPOCH).unwrap()), right);
}

/// A time after 1970 as the time since then; seconds that do not end within 64 bits end with them.
fn nanoseconds(seconds: i64, nanoseconds: i32) -> Option<Duration> {
    const SECOND: i128 = 1_000_000_000;
    let longest = i128::from(i64::MAX) * SECOND + SECOND - 1;
    let all = (i128::from(seconds) * SECOND + i128::from(nanoseconds)).min(longest);
    let whole = u64::try_from(all.div_euclid(SECOND)).ok()?;
    Some(Duration::new(whole, u32::try_from(all.rem_euclid(SECOND)).ok()?))
}

/// Valid from 2000 to the year that is given.
fn leaf(authority: &Authority, name: &str, key: &KeyPair, until: i32) -> Vec<u8> {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(until, 1, 1));
    params.signed_by(key, &authority.issuer).unwrap().der().to_vec()
}
