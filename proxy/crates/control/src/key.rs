//! The workload's key, and the request for a certificate of it.

use std::io;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};

/// A key is read once; more than this is not one.
const FILE_MAX: u64 = 64 * 1024;

/// A key with the request to sign it, both in DER. Never printed.
pub(crate) struct Key {
    pub(crate) pkcs8: Vec<u8>,
    pub(crate) request: Vec<u8>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file is there and cannot be used.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// Of the two files there is one.
    #[error("{found} is there and {missing} is not: give both, or none to have a key made in memory")]
    Half {
        /// This one is there.
        found: PathBuf,
        /// This one is missing.
        missing: PathBuf,
    },
    /// No key could be made.
    #[error("cannot make a key: {0}")]
    Make(#[from] rcgen::Error),
}

/// The key and the request in a directory, or else ones made for `name` that exist in memory only.
pub(crate) fn load_or_make(dir: &Path, name: &str) -> Result<Key, KeyError> {
    let (key_file, request_file) = (dir.join("key.p8"), dir.join("csr.der"));
    match (read(&key_file)?, read(&request_file)?) {
        (Some(pkcs8), Some(request)) => Ok(Key { pkcs8, request }),
        (Some(_), None) => Err(KeyError::Half { found: key_file, missing: request_file }),
        (None, Some(_)) => Err(KeyError::Half { found: request_file, missing: key_file }),
        (None, None) => make(name),
    }
}

/// None where there is no file, or an empty one.
fn read(path: &Path) -> Result<Option<Vec<u8>>, KeyError> {
    let wrong = |error| KeyError::File(path.to_owned(), error);
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
        Ok(found) if found.len() == 0 => return Ok(None),
        Ok(found) if found.len() > FILE_MAX => {
            return Err(wrong(io::Error::other("is too large for a key or a request")));
        }
        Ok(_) => {}
    }
    std::fs::read(path).map(Some).map_err(wrong)
}

/// One DNS name and no subject: the authority adds what else a certificate needs.
fn make(name: &str) -> Result<Key, KeyError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?.der().to_vec();
    Ok(Key { pkcs8: key.serialize_der(), request })
}
