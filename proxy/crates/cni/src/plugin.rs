//! The plugin itself: one question of a container runtime, one answer.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use hauberk_net::namespace::Namespace;
use hauberk_redirect::{Mode, Redirect};
use serde_json::{Value, json};

use crate::api::{Api, ApiError};
use crate::cli::say;
use crate::failure::{Code, Failure};
use crate::kubeconfig::Kubeconfig;
use crate::pod::Pod;
use crate::request::{NEWEST, PodName, Request, VERSIONS, Verb};
use crate::settings::Settings;

/// The name under which the program is a plugin.
pub const NAME: &str = "hauberk-cni";

/// More than a network configuration with the result of other plugins has.
const INPUT_MAX: u64 = 4 * 1024 * 1024;
/// An API server that restarts is back soon; after these a container runtime comes again.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Reads the question from the environment and standard input, and answers on standard output.
pub fn run() -> ExitCode {
    let mut input = Vec::new();
    let read = std::io::stdin().take(INPUT_MAX).read_to_end(&mut input);
    let answer = match read {
        Ok(_) => Request::read(|name| std::env::var(name).ok(), &input)
            .and_then(|request| answer(&request).map_err(|failure| (request.version.clone(), failure))),
        Err(e) => Err((NEWEST.to_owned(), Failure::new(Code::Files, format!("standard input: {e}"), ""))),
    };
    let (said, code) = match answer {
        Ok(said) => (said, ExitCode::SUCCESS),
        Err((version, failure)) => {
            say(&failure.to_string());
            (failure.as_json(&version), ExitCode::FAILURE)
        }
    };
    if said != Value::Null && writeln!(std::io::stdout(), "{said}").is_err() {
        return ExitCode::FAILURE;
    }
    code
}

fn answer(request: &Request) -> Result<Value, Failure> {
    match &request.verb {
        Verb::Version => Ok(json!({"cniVersion": NEWEST, "supportedVersions": VERSIONS})),
        Verb::Add { namespace_file, pod, previous } => {
            if let Some(pod) = concerned(&request.settings, pod.as_ref())
                && let Some(redirect) = ask(&request.settings, pod)?
            {
                apply(&request.settings, &redirect, Path::new(namespace_file), pod)?;
            }
            Ok(previous.clone())
        }
        Verb::Status => Kubeconfig::read(&request.settings.kubeconfig).map(|_| Value::Null),
        Verb::Check { namespace_file, pod } => {
            if let Some(pod) = concerned(&request.settings, pod.as_ref()) {
                check(&request.settings, Path::new(namespace_file), pod)?;
            }
            Ok(Value::Null)
        }
        // The rules vanish with the pod's network, and nothing else was made.
        Verb::Delete | Verb::Collect => Ok(Value::Null),
    }
}

/// The pod, if it may be in the mesh.
fn concerned<'a>(settings: &Settings, pod: Option<&'a PodName>) -> Option<&'a PodName> {
    pod.filter(|pod| !settings.exclude_namespaces.contains(&pod.namespace))
}

/// What is to be done with the pod's connections.
fn ask(settings: &Settings, name: &PodName) -> Result<Option<Redirect>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::new(Code::Files, e.to_string(), ""))?;
    let Some(found) = runtime.block_on(fetch(settings, name))? else {
        return Ok(None); // a kubelet's own, which no API server was asked about
    };
    let pod = Pod(&found);
    if pod.is_mirror() {
        return Ok(None);
    }
    if let Some(uid) = &name.uid
        && !pod.is(uid)
    {
        let what = format!("the pod {}/{} is another one by now", name.namespace, name.name);
        return Err(Failure::new(Code::TryAgain, what, ""));
    }
    pod.redirect(&settings.redirect)
}

async fn fetch(settings: &Settings, name: &PodName) -> Result<Option<Value>, Failure> {
    let path = format!("/api/v1/namespaces/{}/pods/{}", name.namespace, name.name);
    let mut tries = 1;
    loop {
        // Read anew each time: its token changes.
        let api = Api::new(&Kubeconfig::read(&settings.kubeconfig)?);
        let asked = match api {
            Ok(api) => api.get(&path).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(found) => return Ok(found),
            Err(ApiError::Away { .. }) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                let what =
                    format!("it cannot be told whether {}/{} is in the mesh: {error}", name.namespace, name.name);
                let hint = "the pod does not start before that is known; look at the DaemonSet linkerd-cni";
                return Err(Failure::new(Code::TryAgain, what, hint));
            }
        }
    }
}

fn apply(settings: &Settings, redirect: &Redirect, namespace: &Path, pod: &PodName) -> Result<(), Failure> {
    let (mode, inside) = (mode(settings)?, open(namespace)?);
    let applied = hauberk_redirect::apply(redirect, mode, Some(&inside)).map_err(of_rules)?;
    say(&format!("{}/{}: {applied}", pod.namespace, pod.name));
    Ok(())
}

/// What was added has to be there (specification, "CHECK"). Who has it is not asked about: an API server that is away is no
/// reason to end pods.
fn check(settings: &Settings, namespace: &Path, pod: &PodName) -> Result<(), Failure> {
    let (mode, inside) = (mode(settings)?, open(namespace)?);
    let Some(missing) = hauberk_redirect::missing(mode, Some(&inside)).map_err(of_rules)? else { return Ok(()) };
    if ask(settings, pod)?.is_none() {
        return Ok(());
    }
    let what = format!("connections of {}/{} are not redirected any more: {missing}", pod.namespace, pod.name);
    Err(Failure::new(Code::Missing, what, "somebody changed the rules in the pod's network; delete the pod"))
}

fn mode(settings: &Settings) -> Result<Mode, Failure> {
    settings.redirect.mode().map_err(|why| Failure::new(Code::Configuration, why, ""))
}

fn open(namespace: &Path) -> Result<Namespace, Failure> {
    Namespace::open(namespace)
        .map_err(|e| Failure::new(Code::Environment, format!("CNI_NETNS={}: {e}", namespace.display()), ""))
}

fn of_rules(failure: hauberk_redirect::Failure) -> Failure {
    Failure::new(Code::Rules, failure.what, failure.hint)
}
