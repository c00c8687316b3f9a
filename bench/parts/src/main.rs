//! Parts of the fast path, each repeated as often as asked, so that their instructions can be counted.
//!
//!     parts                  the names
//!     parts NAME TIMES
//!
//! What a part needs is made once; what is repeated is what happens for each connection or request.

mod authorize;
mod balance;
mod detect;
mod http1;
mod matching;
mod metrics;
mod request;

use std::error::Error;
use std::io::Write as _;

/// Something that is repeated, with what it needs.
type Work = Box<dyn FnMut()>;

/// A part by its name.
type Part = (&'static str, fn() -> Work);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [] => {
            for (name, _) in all() {
                writeln!(std::io::stdout(), "{name}")?;
            }
            Ok(())
        }
        [asked, times] => {
            let times: u64 = times.parse()?;
            let part = all().find(|(name, _)| name == asked);
            let (_, make) = part.ok_or_else(|| format!("there is no part {asked}"))?;
            let mut work = make();
            (0..times).for_each(|_| work());
            Ok(())
        }
        _ => Err("usage: parts [NAME TIMES]".into()),
    }
}

fn all() -> impl Iterator<Item = Part> {
    let groups = [
        detect::PARTS,
        http1::PARTS,
        matching::PARTS,
        authorize::PARTS,
        balance::PARTS,
        metrics::PARTS,
        request::PARTS,
    ];
    groups.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_can_be_repeated_and_has_a_name_of_its_own() {
        let mut names: Vec<&str> = all().map(|(name, _)| name).collect();
        names.dedup();
        assert_eq!(names.len(), all().count());
        for (_, make) in all() {
            let mut work = make();
            work();
            work();
        }
    }
}
