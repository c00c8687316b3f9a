//! A strict reader of the text format, so that a page is judged as a scraper would.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "a wrong page fails the test")]

use std::collections::{BTreeMap, HashSet};

/// One line of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// The samples of a page. Panics if a line is not allowed where it stands.
pub(crate) fn read(page: &str) -> Vec<Sample> {
    let body = page.strip_suffix("# EOF\n").expect("the page ends with its mark");
    let (mut samples, mut family, mut kind) = (Vec::new(), String::new(), String::new());
    let (mut families, mut series) = (HashSet::new(), HashSet::new());
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            (family, kind) = rest.split_once(' ').map(|(f, k)| (f.to_owned(), k.to_owned())).expect("a kind");
            assert!(families.insert(family.clone()), "{family} appears twice");
        } else if !line.starts_with("# HELP ") {
            let sample = sample(line);
            let suffix = sample.name.strip_prefix(&family).expect("a sample stands below its family");
            let allowed: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(allowed.contains(&suffix), "{line} is no sample of a {kind}");
            assert!(series.insert((sample.name.clone(), sample.labels.clone())), "{line} appears twice");
            samples.push(sample);
        }
    }
    samples
}

/// The value of the one sample with this name and, among others, these labels.
pub(crate) fn value(page: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |s: &Sample| s.name == name && labels.iter().all(|(k, v)| s.labels.get(*k).is_some_and(|w| w == v));
    let found: Vec<Sample> = read(page).into_iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}");
    found[0].value
}

fn sample(line: &str) -> Sample {
    let (left, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = match left.split_once('{') {
        None => (left, BTreeMap::new()),
        Some((name, labels)) => (name, read_labels(labels.strip_suffix('}').expect("a closing brace"))),
    };
    assert!(is_name(name), "{name:?} is no name");
    Sample { name: name.to_owned(), labels, value: value.parse().expect("a number") }
}

/// The labels of a text without braces. Panics if it is malformed or a name is repeated.
pub(crate) fn read_labels(mut text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a name and a quote");
        assert!(is_name(name), "{name:?} is no name");
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        let end = loop {
            match chars.next().expect("a closing quote") {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next().expect("an escaped character").1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    c => panic!("\\{c} is no escape"),
                }),
                (_, c) => value.push(c),
            }
        };
        assert!(labels.insert(name.to_owned(), value).is_none(), "{name} is repeated");
        text = &rest[end + 1..];
        text = if text.is_empty() { text } else { text.strip_prefix(',').expect("a comma") };
    }
    labels
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit())
}
