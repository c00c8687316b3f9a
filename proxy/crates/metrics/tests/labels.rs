//! Whatever a peer or the control plane puts into a label, the page stays readable and says it unchanged.

mod reader;

use hauberk_metrics::labels::{LabelSet, VALUE_MAX};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn backslash_quote_and_line_feed_are_escaped() {
    let labels = LabelSet::new().with("a", "one\\two\"three\nfour").with("b", 5);
    assert_eq!(labels.as_str(), r#"a="one\\two\"three\nfour",b="5""#);
}

#[test]
fn the_first_of_two_labels_with_one_name_stays() {
    let labels = LabelSet::new().with("dst_pod", "web-0").with("dst-pod", "web-1").with("pod", "x\",dst_zone=\"");
    let labels = labels.with("dst_zone", "a");
    assert_eq!(labels.as_str(), r#"dst_pod="web-0",pod="x\",dst_zone=\"",dst_zone="a""#);
}

#[test]
fn a_long_value_is_cut_between_characters() {
    let labels = LabelSet::new().with("a", "ä".repeat(VALUE_MAX));
    assert_eq!(reader::read_labels(labels.as_str())["a"], "ä".repeat(VALUE_MAX / 2));
}

proptest! {
    #[test]
    fn any_labels_read_back(pairs in vec((".{0,8}", "(?s).{0,12}"), 0..8)) {
        let set = pairs.iter().fold(LabelSet::new(), |set, (name, value)| set.with(name, value));
        let read = reader::read_labels(set.as_str());
        for value in read.values() {
            prop_assert!(pairs.iter().any(|(_, written)| written == value));
        }
        if let Some((_, value)) = pairs.first() {
            prop_assert!(read.values().any(|read| read == value));
        }
    }
}
