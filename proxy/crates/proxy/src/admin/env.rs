//! What the proxy was told, as JSON. Only its own variables: others could hold secrets of other programs.

use std::collections::BTreeMap;

/// The proxy's variables, or those of them that the query names (`null` where there is none).
pub(super) fn as_json(query: Option<&str>, vars: impl Iterator<Item = (String, String)>) -> String {
    let known: BTreeMap<String, String> = vars.filter(|(name, _)| is_own(name)).collect();
    let shown = match query.filter(|query| !query.is_empty()) {
        None => serde_json::to_string(&known),
        Some(query) => {
            let asked: BTreeMap<&str, Option<&String>> = query.split('&').map(|name| (name, known.get(name))).collect();
            serde_json::to_string(&asked)
        }
    };
    // Maps of text are always JSON.
    shown.unwrap_or_default()
}

/// Keys and tokens are given as files; their paths are no secrets.
fn is_own(name: &str) -> bool {
    ["LINKERD2_PROXY_", "HAUBERK_PROXY_", "_pod_", "_l5d_"].iter().any(|prefix| name.starts_with(prefix))
        || name == "HOSTNAME"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_programs_variables_are_not_shown() {
        let vars = [("LINKERD2_PROXY_LOG", "info"), ("AWS_SECRET_ACCESS_KEY", "x"), ("HOSTNAME", "web-1")];
        let vars = || vars.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(as_json(None, vars()), r#"{"HOSTNAME":"web-1","LINKERD2_PROXY_LOG":"info"}"#);
        assert_eq!(
            as_json(Some("LINKERD2_PROXY_LOG&AWS_SECRET_ACCESS_KEY"), vars()),
            r#"{"AWS_SECRET_ACCESS_KEY":null,"LINKERD2_PROXY_LOG":"info"}"#
        );
    }
}
