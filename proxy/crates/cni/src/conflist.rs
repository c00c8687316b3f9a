//! The node's network configuration with the plugin at the end of it, and without. Pure.

use serde_json::{Value, json};

use crate::failure::{Code, Failure};
use crate::plugin::NAME;
use crate::request::VERSIONS;
use crate::settings::Settings;

/// The oldest version in which plugins form a list.
const LISTS_SINCE: &str = "0.3.1";

/// The plugin's entry.
pub(crate) fn entry(settings: &Settings) -> Value {
    let mut entry = serde_json::to_value(settings).unwrap_or_default(); // strings and lists are always JSON
    entry["type"] = NAME.into();
    entry
}

/// The list with `entry` last, and only there. `configuration` is a list, or a single plugin that becomes one.
pub(crate) fn with(configuration: &[u8], entry: &Value) -> Result<Value, Failure> {
    let mut list = read(configuration)?;
    let plugins = plugins(&mut list)?;
    plugins.retain(|plugin| plugin["type"] != NAME);
    plugins.push(entry.clone());
    Ok(list)
}

/// The list without it; the same where it has none.
pub(crate) fn without(configuration: &[u8]) -> Result<Value, Failure> {
    let mut list = read(configuration)?;
    plugins(&mut list)?.retain(|plugin| plugin["type"] != NAME);
    Ok(list)
}

/// Whether the list ends with `entry`.
pub(crate) fn has(configuration: &[u8], entry: &Value) -> bool {
    let list: Value = serde_json::from_slice(configuration).unwrap_or_default();
    let plugins = list["plugins"].as_array().map(Vec::as_slice).unwrap_or_default();
    plugins.last() == Some(entry) && plugins.iter().filter(|plugin| plugin["type"] == NAME).count() == 1
}

fn read(configuration: &[u8]) -> Result<Value, Failure> {
    let wrong = |why: &str| {
        let hint = "the cluster's own network plugin writes it";
        Failure::new(Code::Decoding, format!("it is no network configuration: {why}"), hint)
    };
    let read: Value = serde_json::from_slice(configuration).map_err(|e| wrong(&e.to_string()))?;
    if read["plugins"].is_array() {
        return Ok(read);
    }
    let (Some(name), true) = (read["name"].as_str(), read["type"].is_string()) else {
        return Err(wrong("it has neither plugins, nor a name and a type"));
    };
    let version = read["cniVersion"].as_str().filter(|version| VERSIONS.contains(version)).unwrap_or(LISTS_SINCE);
    let (name, version) = (name.to_owned(), version.to_owned());
    // A plugin within a list has both from the list.
    let mut only = read;
    if let Some(fields) = only.as_object_mut() {
        fields.remove("name");
        fields.remove("cniVersion");
    }
    Ok(json!({"cniVersion": version, "name": name, "plugins": [only]}))
}

fn plugins(list: &mut Value) -> Result<&mut Vec<Value>, Failure> {
    let no_list = || Failure::new(Code::Decoding, "its plugins are no list", "");
    list["plugins"].as_array_mut().ok_or_else(no_list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Value {
        entry(&Settings { kubeconfig: "/k".into(), ..Settings::default() })
    }

    fn bytes(of: &Value) -> Vec<u8> {
        of.to_string().into_bytes()
    }

    #[test]
    fn a_list_gets_it_at_its_end_and_keeps_the_rest() {
        let before = json!({"cniVersion": "1.0.0", "name": "net", "disableCheck": true,
                            "plugins": [{"type": "bridge", "isGateway": true}, {"type": "portmap"}]});
        let after = with(&bytes(&before), &ours()).unwrap();
        assert_eq!(after["plugins"].as_array().unwrap().len(), 3);
        assert_eq!(after["plugins"][2], ours());
        assert_eq!((&after["name"], &after["disableCheck"]), (&before["name"], &before["disableCheck"]));
        assert!(has(&bytes(&after), &ours()) && !has(&bytes(&before), &ours()));
        assert_eq!(with(&bytes(&after), &ours()).unwrap(), after, "again it is the same");
        assert_eq!(without(&bytes(&after)).unwrap(), before);
    }

    #[test]
    fn what_is_old_or_not_last_is_put_right() {
        let old = entry(&Settings::default());
        let list = json!({"cniVersion": "1.0.0", "name": "net", "plugins": [old, {"type": "bridge"}, ours(), {"type": "last"}]});
        assert!(!has(&bytes(&list), &ours()));
        let types: Vec<Value> = with(&bytes(&list), &ours()).unwrap()["plugins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|plugin| plugin["type"].clone())
            .collect();
        assert_eq!(types, ["bridge", "last", NAME]);
    }

    #[test]
    fn a_single_plugin_becomes_a_list() {
        let single = json!({"cniVersion": "0.4.0", "name": "net", "type": "bridge", "ipam": {"type": "host-local"}});
        let list = with(&bytes(&single), &ours()).unwrap();
        assert_eq!((&list["cniVersion"], &list["name"]), (&json!("0.4.0"), &json!("net")));
        assert_eq!(list["plugins"][0], json!({"type": "bridge", "ipam": {"type": "host-local"}}));
        let ancient = json!({"cniVersion": "0.1.0", "name": "net", "type": "bridge"});
        assert_eq!(with(&bytes(&ancient), &ours()).unwrap()["cniVersion"], LISTS_SINCE);
    }

    #[test]
    fn what_is_no_configuration_is_left_alone() {
        for wrong in ["", "[]", "{}", r#"{"plugins": "none"}"#, r#"{"type": "bridge"}"#, "null"] {
            assert_eq!(with(wrong.as_bytes(), &ours()).unwrap_err().code, Code::Decoding, "{wrong}");
        }
    }
}
