//! The life of the program that installs the plugin: it puts it on the node, keeps it there, and takes it out at its end.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::api::Api;
use crate::cli::say;
use crate::failure::{Code, Failure};
use crate::install::{Node, State};
use crate::options::Wanted;
use crate::repair::{Repaired, repair};

/// How often the node is looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often for pods that were too early.
const REPAIR_INTERVAL: Duration = Duration::from_secs(10);

/// Until SIGTERM or SIGINT.
pub(crate) fn install(wanted: &Wanted) -> Result<(), Failure> {
    let trouble = |e: std::io::Error| Failure::new(Code::Files, e.to_string(), "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(trouble)?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(trouble)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(trouble)?;
        wanted.node.put_program().map_err(|e| {
            let at = wanted.node.programs.display();
            Failure::new(Code::Files, format!("the plugin cannot be put into {at}: {e}"), "mount it writably, as root")
        })?;
        tokio::select! {
            () = keep(wanted) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        say("taking the plugin out of the network configuration");
        wanted.node.remove()
    })
}

/// Does not end.
async fn keep(wanted: &Wanted) {
    let (mut told, mut repaired, mut entered) = (None, None::<Instant>, None);
    loop {
        let (news, is_there) = match wanted.node.put_right() {
            Ok(State::Kept) => (None, true),
            Ok(State::Entered(file)) => {
                entered = Some(OffsetDateTime::now_utc());
                (Some(format!("{} ends with the plugin now", file.display())), true)
            }
            Ok(State::NoNetwork) => {
                let at = wanted.node.configuration.display();
                (Some(format!("{at} has no network configuration yet: the cluster's own plugin comes first")), false)
            }
            Err(failure) => (Some(failure.to_string()), false),
        };
        if let Some(news) = news.as_ref().filter(|_| news != told) {
            say(news);
        }
        told = if is_there { None } else { news };
        if let (Some(node), Some(entered), true) = (&wanted.repair, entered, is_there && due(repaired)) {
            repaired = Some(Instant::now());
            repair_pods(&wanted.node, node, entered).await;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn due(last: Option<Instant>) -> bool {
    last.is_none_or(|last| last.elapsed() >= REPAIR_INTERVAL)
}

async fn repair_pods(node: &Node, name: &str, entered: OffsetDateTime) {
    let asked = async {
        let account = node.account().map_err(|failure| failure.to_string())?;
        let api = Api::new(&account).map_err(|error| error.to_string())?;
        repair(&api, name, entered).await.map_err(|error| error.to_string())
    };
    match asked.await {
        Ok(repaired) => {
            for pod in repaired {
                say(&match pod {
                    Repaired::Deleted(pod) => {
                        format!("{pod} started before the plugin was there: deleted, to be made anew")
                    }
                    Repaired::Left(pod) => {
                        format!("{pod} started before the plugin was there, and nobody would make it anew: delete it")
                    }
                });
            }
        }
        Err(why) => say(&format!("pods that started too early cannot be looked for: {why}")),
    }
}
