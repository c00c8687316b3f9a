//! Where routes send traffic, and how a backend is chosen.

use std::sync::Arc;
use std::time::Duration;

use hauberk_api::linkerd::outbound::backend::balance_p2c::Load;
use hauberk_api::linkerd::outbound::backend::{self as message, endpoint_discovery};
use hauberk_api::linkerd::outbound::{Backend as Message, ExponentialBackoff};
use hauberk_core::balance::Weighing;
use hauberk_core::outbound::{Backend, BackendKind, Backoff, Distribution, RouteBackend};
use hauberk_core::penalty::Penalty;

use crate::wire::{Nonsense, Read, bounded, endpoints, meta, net, required, time};

/// Backends of one rule.
const BACKENDS_MAX: usize = 256;
/// The contract's defaults for the load of an endpoint that was never measured, and for what failures cost.
const DEFAULT_RTT: Duration = Duration::from_millis(30);
const DEFAULT_DECAY: Duration = Duration::from_secs(10);
const DEFAULT_PENALTY: Duration = Duration::from_secs(5);
const DEFAULT_HINT_MAX: Duration = Duration::from_secs(300);

/// A distribution as all kinds of routes send it, each in messages of its own.
pub(super) enum Choice<B> {
    Empty,
    First(Vec<B>),
    Random(Vec<(Option<B>, u32)>),
}

/// Reads the distribution of one kind of route.
macro_rules! choice {
    ($route:ident, $distribution:expr) => {{
        use $crate::wire::backend::Choice;
        let kind = $distribution.and_then(|distribution| distribution.kind);
        $crate::wire::required(kind, "the distribution of a rule").map(|kind| match kind {
            $route::distribution::Kind::Empty(_) => Choice::Empty,
            $route::distribution::Kind::FirstAvailable(first) => Choice::First(first.backends),
            $route::distribution::Kind::RandomAvailable(random) => {
                Choice::Random(random.backends.into_iter().map(|of| (of.backend, of.weight)).collect())
            }
        })
    }};
}
pub(super) use choice;

/// A distribution whose backends are all of use: without weight they get no traffic (Gateway API).
pub(super) fn distribution<B, F>(of: Choice<B>, convert: impl Fn(B) -> Read<RouteBackend<F>>) -> Read<Distribution<F>> {
    match of {
        Choice::Empty => Ok(Distribution::Empty),
        Choice::First(backends) => {
            let mut backends = bounded(backends, BACKENDS_MAX, "backends")?.into_iter().map(convert);
            let first = required(backends.next(), "the first backend of a rule")??;
            backends.try_for_each(|backend| backend.map(drop))?;
            Ok(Distribution::First(Arc::new(first)))
        }
        Choice::Random(backends) if backends.is_empty() => Err(Nonsense::new("a choice among no backends")),
        Choice::Random(backends) => {
            let weighted = bounded(backends, BACKENDS_MAX, "backends")?
                .into_iter()
                .map(|(backend, weight)| Ok((Arc::new(convert(required(backend, "a backend")?)?), weight)));
            let weighted: Vec<_> = weighted.collect::<Read<_>>()?;
            let used: Vec<_> = weighted.into_iter().filter(|(_, weight)| *weight > 0).collect();
            Ok(if used.is_empty() { Distribution::Empty } else { Distribution::Weighted(used.into()) })
        }
    }
}

/// A backend with the filters on the way to it; a `broken` one answers nobody.
pub(super) fn route_backend<F>(of: Option<Message>, filters: Vec<F>, broken: bool) -> Read<RouteBackend<F>> {
    let mut backend = backend(required(of, "a backend")?)?;
    if broken {
        backend.kind = BackendKind::Invalid;
    }
    Ok(RouteBackend { backend, filters })
}

fn backend(of: Message) -> Read<Backend> {
    let queue = required(of.queue, "the queue of a backend")?;
    Ok(Backend {
        meta: meta::namespaced(of.metadata)?,
        failfast: time::duration(queue.failfast_timeout, "the fail-fast timeout of a backend")?,
        kind: match of.kind {
            None => BackendKind::Invalid,
            Some(message::Kind::Forward(addr)) => BackendKind::Forward(Arc::new(endpoints::endpoint(addr)?)),
            Some(message::Kind::Balancer(balancer)) => balance(balancer)?,
        },
    })
}

fn balance(of: message::BalanceP2c) -> Read<BackendKind> {
    let discovery = required(of.discovery.and_then(|discovery| discovery.kind), "the discovery of a balancer")?;
    let endpoint_discovery::Kind::Dst(dst) = discovery;
    if net::name_and_port(&dst.path).is_none() {
        return Err(Nonsense::new(format_args!("the path {:?} of a balancer is not NAME:PORT", dst.path)));
    }
    let weighing = match required(of.load, "the load of a balancer")? {
        Load::PeakEwma(load) => Weighing {
            default_rtt: time::positive(load.default_rtt, "the default latency of a balancer")?,
            decay: time::positive(load.decay, "the decay of a balancer")?,
            penalty: None,
        },
        Load::PenaltyPeakEwma(load) => penalizing(load)?,
    };
    Ok(BackendKind::Balance { path: dst.path.into(), weighing })
}

/// What a message leaves out is as the contract has it.
fn penalizing(load: message::balance_p2c::PenaltyPeakEwma) -> Read<Weighing> {
    let or = |of, name, default| Ok(time::limit(of, name)?.unwrap_or(default));
    Ok(Weighing {
        default_rtt: or(load.default_rtt, "the default latency of a balancer", DEFAULT_RTT)?,
        decay: or(load.decay, "the decay of a balancer", DEFAULT_DECAY)?,
        penalty: Some(Penalty {
            latency: or(load.penalty, "the penalty of a balancer", DEFAULT_PENALTY)?,
            hint_max: or(load.max_retry_after, "the longest hint of a balancer", DEFAULT_HINT_MAX)?,
            decay: or(load.penalty_decay, "the decay of a balancer's penalty", DEFAULT_DECAY)?,
        }),
    })
}

/// Growing pauses: the longest above zero and not below the first.
pub(super) fn backoff(of: ExponentialBackoff) -> Read<Backoff> {
    let min = time::duration(of.min_backoff, "the shortest back-off")?;
    let max = time::positive(of.max_backoff, "the longest back-off")?;
    if min > max || !of.jitter_ratio.is_finite() || !(0.0..=100.0).contains(&of.jitter_ratio) {
        return Err(Nonsense::new("a back-off is longer at first than at last, or its jitter is not from 0 to 100"));
    }
    Ok(Backoff { min, max, jitter: of.jitter_ratio })
}
