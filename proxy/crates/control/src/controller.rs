//! The answers of the control plane for the fast path.

use std::net::SocketAddr;
use std::sync::Arc;

use hauberk_core::discover::Discover;
use hauberk_core::endpoint::Endpoints;
use hauberk_core::inbound::{Cidr, ServerPolicy};
use hauberk_core::name::NameAddr;
use hauberk_core::outbound::Target;
use hauberk_metrics::control::ControlMetrics;
use hauberk_tls::store::Store;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::ask::{Destination, answers, endpoints, inbound, outbound, view};
use crate::config::{Config, InboundDefaults};
use crate::default_policy;
use crate::follow::Asking;
use crate::lines::Lines;
use crate::registry::Registry;
use crate::resolve::Resolver;

/// Questions of each kind that are open at once. A program that dials more destinations than this within the idle time
/// is searching, not working.
const DESTINATIONS_MAX: usize = 10_000;
const SERVICES_MAX: usize = 10_000;
const PORTS_MAX: usize = 2_000;

/// Keeps answers current, one watch for each question.
pub struct Controller {
    destination: Arc<Lines>,
    policy: Arc<Lines>,
    workload: Arc<str>,
    context: Arc<str>,
    profile_networks: Vec<Cidr>,
    defaults: InboundDefaults,
    asking: Asking,
    targets: Arc<Registry<Destination, Option<Target>>>,
    services: Arc<Registry<Arc<str>, Option<Arc<Endpoints>>>>,
    ports: Arc<Registry<u16, Arc<ServerPolicy>>>,
    answered: watch::Receiver<bool>,
}

impl Controller {
    /// Begins to ask, on `runtime`, about what is known to matter; the rest on demand, from any thread. Services that
    /// need mutual TLS are asked once `ready` says that `tls` has a certificate.
    pub fn start(
        config: Config,
        tls: Arc<Store>,
        ready: watch::Receiver<bool>,
        metrics: Arc<ControlMetrics>,
        runtime: Handle,
    ) -> Arc<Self> {
        let lines = |service, name| {
            let resolver = Resolver::new(name, metrics.resolutions().clone());
            Arc::new(Lines::new(service, tls.clone(), config.connect_timeout, resolver, runtime.clone()))
        };
        let destination = lines(config.destination.clone(), "destination");
        let same = config.policy == config.destination;
        let policy = if same { destination.clone() } else { lines(config.policy, "policy") };
        let full: Target = Target::Refused("this proxy is asked for too many destinations at once".into());
        let denied = Arc::new(default_policy::deny(&config.inbound));
        let (answered, was_answered) = watch::channel(false);
        let controller = Arc::new(Self {
            destination,
            policy,
            workload: config.workload.into(),
            context: config.context.into(),
            profile_networks: config.profile_networks,
            asking: Asking { streams: config.streams, backoff: config.backoff, ready, metrics },
            targets: Registry::new(runtime.clone(), config.outbound_idle, DESTINATIONS_MAX, Some(full)),
            services: Registry::new(runtime.clone(), config.outbound_idle, SERVICES_MAX, None),
            ports: Registry::new(runtime.clone(), config.inbound_idle, PORTS_MAX, denied),
            defaults: config.inbound,
            answered: was_answered,
        });
        controller.watch_ports(&runtime, answered);
        if config.confirm_view {
            let (asking, lines) = (controller.asking.clone(), controller.destination.clone());
            let ask = view::Ask::new(controller.workload.clone(), asking.metrics.clone());
            runtime.spawn(async move { asking.follow(ask, &lines).await });
        }
        controller
    }

    /// True once the control plane has said of each port that was named at start who may come in, or that it cannot say.
    pub fn answered(&self) -> watch::Receiver<bool> {
        self.answered.clone()
    }

    /// Holds the ports that were named at start for as long as the runtime lives.
    fn watch_ports(&self, runtime: &Handle, answered: watch::Sender<bool>) {
        let mut held: Vec<_> = self.defaults.ports.iter().map(|port| self.inbound(*port)).collect();
        runtime.spawn(async move {
            for port in &mut held {
                let _ = port.changed().await; // the sender stays as long as it is listened to
            }
            answered.send_replace(true);
            std::future::pending::<()>().await;
        });
    }

    fn target(&self, of: Destination, has_profile: bool) -> watch::Receiver<Option<Target>> {
        self.targets.subscribe(
            of.clone(),
            || None,
            |shown| {
                let answers = answers::Answers::new(shown, has_profile);
                let policy = outbound::AskPolicy::new(of.clone(), self.workload.clone(), answers.clone());
                let (asking, context) = (self.asking.clone(), self.context.clone());
                let (policies, destinations) = (self.policy.clone(), self.destination.clone());
                async move {
                    let profile = async {
                        if has_profile {
                            follow_profile(&asking, &destinations, &answers, of, context).await;
                        }
                        std::future::pending::<()>().await;
                    };
                    tokio::select! {
                        () = asking.follow(policy, &policies) => {}
                        () = profile => {}
                    }
                }
            },
        )
    }
}

impl Discover for Controller {
    fn outbound(&self, addr: SocketAddr) -> watch::Receiver<Option<Target>> {
        let addr = SocketAddr::new(addr.ip().to_canonical(), addr.port());
        let has_profile = self.profile_networks.iter().any(|network| network.contains(addr.ip()));
        self.target(Destination::Addr(addr), has_profile)
    }

    fn named(&self, name: &NameAddr) -> watch::Receiver<Option<Target>> {
        self.target(Destination::Name(name.clone()), true)
    }

    fn endpoints(&self, path: &str) -> watch::Receiver<Option<Arc<Endpoints>>> {
        let path: Arc<str> = path.into();
        self.services.subscribe(
            path.clone(),
            || None,
            |shown| {
                let ask = endpoints::Ask::new(path, self.context.clone(), shown);
                let (asking, lines) = (self.asking.clone(), self.destination.clone());
                async move { asking.follow(ask, &lines).await }
            },
        )
    }

    fn inbound(&self, port: u16) -> watch::Receiver<Arc<ServerPolicy>> {
        let first = || Arc::new(default_policy::policy(&self.defaults, port));
        self.ports.subscribe(port, first, |shown| {
            let ask = inbound::Ask::new(port, self.workload.clone(), shown);
            let (asking, lines) = (self.asking.clone(), self.policy.clone());
            async move { asking.follow(ask, &lines).await }
        })
    }
}

/// Asks for the profile while the control plane knows no policy.
async fn follow_profile(
    asking: &Asking,
    lines: &Lines,
    answers: &Arc<answers::Answers>,
    of: Destination,
    context: Arc<str>,
) {
    let mut wanted = answers.profile_wanted.subscribe();
    while wanted.wait_for(|wanted| *wanted).await.is_ok() {
        let ask = outbound::AskProfile::new(of.clone(), context.clone(), answers.clone());
        tokio::select! {
            () = asking.follow(ask, lines) => return,
            _ = wanted.wait_for(|wanted| !*wanted) => {}
        }
    }
}
