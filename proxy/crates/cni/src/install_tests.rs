use serde_json::json;

use super::*;

/// A node of the test's own; its folders go with it.
struct Fresh(Node, PathBuf);

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.1);
    }
}

fn fresh(name: &str) -> Fresh {
    let root = std::env::temp_dir().join(format!("hauberk-cni-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    let folder = |name: &str| {
        fs::create_dir_all(root.join(name)).unwrap();
        root.join(name)
    };
    let node = Node {
        programs: folder("bin"),
        configuration: folder("net.d"),
        account: folder("account"),
        server: "https://10.96.0.1:443".into(),
        settings: Settings::default(),
    };
    fs::write(node.account.join("token"), "first\n").unwrap();
    fs::write(node.account.join("ca.crt"), "PEM").unwrap();
    Fresh(node, root)
}

fn list() -> Value {
    json!({"cniVersion": "1.0.0", "name": "net", "plugins": [{"type": "bridge"}]})
}

fn write(node: &Node, name: &str, content: &Value) -> PathBuf {
    let file = node.configuration.join(name);
    fs::write(&file, content.to_string()).unwrap();
    file
}

fn content(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn types(file: &Path) -> Vec<String> {
    content(file)["plugins"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_node_gets_everything_once_and_nothing_again() {
    let fresh = fresh("once");
    let node = &fresh.0;
    assert_eq!(node.put_right(), Ok(State::NoNetwork));
    assert!(node.is_ready().is_err());
    let file = write(node, "10-net.conflist", &list());
    let others = write(node, "20-other.conflist", &list());
    assert_eq!(node.put_right(), Ok(State::Entered(file.clone())));
    assert_eq!((types(&file), types(&others)), (vec!["bridge".to_owned(), NAME.to_owned()], vec!["bridge".to_owned()]));
    assert_eq!(node.put_right(), Ok(State::Kept));
    assert_eq!(node.is_ready(), Ok(()));
    assert!(node.programs.join(NAME).is_file());
    let entry = &content(&file)["plugins"][1];
    let asked = Kubeconfig::read(entry["kubeconfig"].as_str().unwrap()).unwrap();
    assert_eq!((asked.token.as_str(), asked.server.as_str()), ("first", "https://10.96.0.1:443"));
    assert_eq!(fs::read(asked.authority).unwrap(), b"PEM");
}

#[test]
fn a_token_that_is_renewed_and_a_list_that_is_written_anew_are_put_right() {
    let fresh = fresh("anew");
    let node = &fresh.0;
    let file = write(node, "10-net.conflist", &list());
    node.put_right().unwrap();
    fs::write(node.account.join("token"), "second").unwrap();
    assert_eq!(node.put_right(), Ok(State::Kept));
    assert_eq!(Kubeconfig::read(&path(&node.kubeconfig())).unwrap().token, "second");
    write(node, "10-net.conflist", &list());
    assert_eq!(node.put_right(), Ok(State::Entered(file)));
    let earlier = write(node, "00-net.conflist", &list());
    assert!(node.is_ready().is_err());
    assert_eq!(node.put_right(), Ok(State::Entered(earlier)), "the first one is in force");
}

#[test]
fn a_single_plugin_comes_back_as_it_was() {
    let fresh = fresh("single");
    let node = &fresh.0;
    let single = json!({"cniVersion": "0.4.0", "name": "net", "type": "bridge"});
    let file = write(node, "10-net.conf", &single);
    let at = node.configuration.join("10-net.conflist");
    assert_eq!(node.put_right(), Ok(State::Entered(at.clone())));
    assert!(!file.exists());
    assert_eq!(node.put_right(), Ok(State::Kept));
    // Its owner writes it once more.
    write(node, "10-net.conf", &single);
    assert_eq!(node.put_right(), Ok(State::Entered(at.clone())));
    node.remove().unwrap();
    assert_eq!((content(&file), at.exists()), (single, false));
}

#[test]
fn what_is_removed_leaves_only_the_program() {
    let fresh = fresh("removed");
    let node = &fresh.0;
    let file = write(node, "10-net.conflist", &list());
    let foreign = node.configuration.join("30-broken.conflist");
    fs::write(&foreign, "{").unwrap();
    node.put_right().unwrap();
    node.remove().unwrap();
    assert_eq!(content(&file), list());
    let mut left: Vec<_> = fs::read_dir(&node.configuration).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["10-net.conflist", "30-broken.conflist"]);
    assert!(node.programs.join(NAME).is_file());
    assert_eq!(node.remove(), Ok(()), "what is gone is gone");
}

#[test]
fn a_configuration_that_cannot_be_read_is_named_and_left_alone() {
    let fresh = fresh("broken");
    let node = &fresh.0;
    let file = node.configuration.join("10-net.conflist");
    fs::write(&file, "{").unwrap();
    let failure = node.put_right().unwrap_err();
    assert!(failure.what.contains("10-net.conflist"), "{failure}");
    assert_eq!(fs::read(&file).unwrap(), b"{");
}
