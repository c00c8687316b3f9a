//! What the proxy was told, as JSON. The names of all variables; the values of those that are known to be no secrets.

use std::collections::BTreeMap;

/// Stands for a value that may be a secret.
const REDACTED: &str = "[redacted]";

/// Variables of the proxy, and of what surrounds every program: where their values come from, secrets have no place.
const KNOWN_PREFIXES: [&str; 6] = ["LINKERD2_PROXY_", "HAUBERK_", "_pod_", "_l5d_", "KUBERNETES_", "LC_"];
const KNOWN: [&str; 9] =
    ["HOSTNAME", "HOME", "PATH", "PWD", "LANG", "TZ", "SHLVL", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"];

/// Parts of names whose values are secrets even there.
const SECRET_NAMES: [&str; 8] =
    ["TOKEN", "SECRET", "PASSW", "CREDENTIAL", "PRIVATE", "API_KEY", "ACCESS_KEY", "AUTHORIZATION"];

/// The variables, or those of them that the query names (`null` where there is none).
pub(super) fn as_json(query: Option<&str>, vars: impl Iterator<Item = (String, String)>) -> String {
    let known: BTreeMap<String, String> = vars.map(|(name, value)| shown(name, value)).collect();
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

fn shown(name: String, value: String) -> (String, String) {
    let known = KNOWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || KNOWN.contains(&name.as_str());
    let value = if known && !is_secret(&name, &value) { value } else { REDACTED.to_owned() };
    (name, value)
}

/// Whether a value looks like a key, a token or a password. The path of a file that holds one is no secret.
fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let named = SECRET_NAMES.iter().any(|part| name.contains(part)) && !value.starts_with('/');
    let signed = value.starts_with("eyJ") && value.matches('.').count() == 2;
    named || signed || value.contains("PRIVATE KEY") || has_password(value)
}

/// A URL with a password in it (RFC 3986 section 3.2.1).
fn has_password(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(query: Option<&str>, vars: &[(&str, &str)]) -> serde_json::Value {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        serde_json::from_str(&as_json(query, vars)).unwrap()
    }

    #[test]
    fn all_names_are_shown_and_no_secrets() {
        let jwt = "eyJhbGciOi.eyJzdWIi.c2ln";
        let vars = [
            ("LINKERD2_PROXY_LOG", "info"),
            ("LINKERD2_PROXY_IDENTITY_TOKEN_FILE", "/var/run/token"),
            ("LINKERD2_PROXY_IDENTITY_TOKEN_FILE_", "hunter2"),
            ("LINKERD2_PROXY_POLICY_WORKLOAD", jwt),
            ("LINKERD2_PROXY_TRACE_COLLECTOR_SVC_ADDR", "https://me:hunter2@collector:1"),
            ("HAUBERK_X", "-----BEGIN PRIVATE KEY-----"),
            ("DATABASE_URL", "anything"),
            ("HOSTNAME", "web-1"),
        ];
        let expected = serde_json::json!({
            "LINKERD2_PROXY_LOG": "info",
            "LINKERD2_PROXY_IDENTITY_TOKEN_FILE": "/var/run/token",
            "LINKERD2_PROXY_IDENTITY_TOKEN_FILE_": REDACTED,
            "LINKERD2_PROXY_POLICY_WORKLOAD": REDACTED,
            "LINKERD2_PROXY_TRACE_COLLECTOR_SVC_ADDR": REDACTED,
            "HAUBERK_X": REDACTED,
            "DATABASE_URL": REDACTED,
            "HOSTNAME": "web-1",
        });
        assert_eq!(json(None, &vars), expected);
    }

    #[test]
    fn a_query_selects() {
        let vars = [("HOSTNAME", "web-1"), ("PATH", "/bin")];
        assert_eq!(json(Some("HOSTNAME&NOWHERE"), &vars), serde_json::json!({"HOSTNAME": "web-1", "NOWHERE": null}));
        assert_eq!(json(Some(""), &vars), serde_json::json!({"HOSTNAME": "web-1", "PATH": "/bin"}));
    }
}
