//! What two services say of one destination, and what that means together.

use std::sync::{Arc, Mutex, PoisonError};

use hauberk_core::endpoint::Endpoint;
use hauberk_core::outbound::{OutboundPolicy, Target};
use tokio::sync::watch;

/// The answers about one destination, from both services.
pub(crate) struct Answers {
    shown: Arc<watch::Sender<Option<Target>>>,
    parts: Mutex<Parts>,
    /// Whether the profile matters: the control plane knows no policy.
    pub(crate) profile_wanted: watch::Sender<bool>,
}

struct Parts {
    policy: Policy,
    profile: Profile,
}

/// What the policy service says.
pub(super) enum Policy {
    Pending,
    Known(Arc<OutboundPolicy>),
    None,
    Refused(Arc<str>),
}

/// What the destination service says.
pub(super) enum Profile {
    Pending,
    Endpoint(Arc<Endpoint>, bool),
    None,
}

impl Answers {
    /// Nothing is known yet; without `has_profile` nobody will ask for one.
    pub(crate) fn new(shown: Arc<watch::Sender<Option<Target>>>, has_profile: bool) -> Arc<Self> {
        let profile = if has_profile { Profile::Pending } else { Profile::None };
        let parts = Mutex::new(Parts { policy: Policy::Pending, profile });
        Arc::new(Self { shown, parts, profile_wanted: watch::Sender::new(false) })
    }

    pub(super) fn set_policy(&self, policy: Policy) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked again and again, the control plane says the same: nobody needs to hear it twice.
        if !parts.policy.repeats(&policy) {
            parts.policy = policy;
            self.show(&parts);
        }
        self.profile_wanted.send_if_modified(|wanted| {
            let now = matches!(parts.policy, Policy::None);
            std::mem::replace(wanted, now) != now
        });
    }

    pub(super) fn set_profile(&self, profile: Profile) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!((&parts.profile, &profile), (Profile::None, Profile::None)) {
            parts.profile = profile;
            self.show(&parts);
        }
    }

    fn show(&self, parts: &Parts) {
        if let Some(target) = target(parts) {
            self.shown.send_replace(Some(target));
        }
    }
}

impl Policy {
    fn repeats(&self, new: &Policy) -> bool {
        match (self, new) {
            (Policy::None, Policy::None) => true,
            (Policy::Refused(old), Policy::Refused(new)) => old == new,
            _ => false,
        }
    }
}

/// What both answers together mean; none while they leave it open.
fn target(parts: &Parts) -> Option<Target> {
    match (&parts.policy, &parts.profile) {
        (Policy::Known(policy), _) => Some(Target::Policy(policy.clone())),
        (Policy::Refused(why), _) => Some(Target::Refused(why.clone())),
        (Policy::None, Profile::Endpoint(endpoint, opaque)) => {
            Some(Target::Endpoint { endpoint: endpoint.clone(), opaque: *opaque })
        }
        (Policy::None, Profile::None) => Some(Target::Unknown),
        (Policy::Pending, _) | (Policy::None, Profile::Pending) => None,
    }
}
