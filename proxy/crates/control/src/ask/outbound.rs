//! What is known of a destination: its policy or, where there is none, the workload behind its address.

use std::sync::Arc;

use hauberk_api::linkerd::destination::destination_client::DestinationClient;
use hauberk_api::linkerd::destination::{DestinationProfile, GetDestination};
use hauberk_api::linkerd::outbound::outbound_policies_client::OutboundPoliciesClient;
use hauberk_api::linkerd::outbound::{OutboundPolicy as Message, TrafficSpec};
use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::version::Version;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use super::answers::{Answers, Policy, Profile};
use super::{Destination, is_stale};
use crate::follow::Question;
use crate::wire::{Read, endpoints, meta, outbound};

/// `OutboundPolicies.Watch`.
pub(crate) struct AskPolicy {
    of: Destination,
    workload: Arc<str>,
    last: Option<Message>,
    version: Option<Version>,
    answers: Arc<Answers>,
}

impl AskPolicy {
    pub(crate) fn new(of: Destination, workload: Arc<str>, answers: Arc<Answers>) -> Self {
        Self { of, workload, last: None, version: None, answers }
    }
}

impl Question for AskPolicy {
    type Message = Message;

    fn service(&self) -> &'static str {
        "outbound-policy"
    }

    async fn ask(&self, channel: Channel) -> Result<Streaming<Message>, Status> {
        let target = self.of.target();
        let request = TrafficSpec { source_workload: self.workload.to_string(), target: Some(target) };
        Ok(OutboundPoliciesClient::new(channel).watch(request).await?.into_inner())
    }

    fn take(&mut self, message: Message, _first: bool) -> Read<()> {
        let content = Message { version: None, ..message.clone() };
        let policy = outbound::policy(message)?;
        if is_stale(&mut self.version, policy.version.as_ref()) || self.last.as_ref() == Some(&content) {
            return Ok(());
        }
        self.last = Some(content);
        self.answers.set_policy(Policy::Known(Arc::new(policy)));
        Ok(())
    }

    fn refused(&mut self, status: &Status) {
        self.last = None;
        let refused = match status.code() {
            Code::NotFound | Code::Unimplemented => Policy::None,
            _ => Policy::Refused(status.message().into()),
        };
        self.answers.set_policy(refused);
    }
}

/// `Destination.GetProfile`.
pub(crate) struct AskProfile {
    of: Destination,
    context: Arc<str>,
    last: Option<DestinationProfile>,
    version: Option<Version>,
    answers: Arc<Answers>,
}

impl AskProfile {
    pub(crate) fn new(of: Destination, context: Arc<str>, answers: Arc<Answers>) -> Self {
        Self { of, context, last: None, version: None, answers }
    }
}

impl Question for AskProfile {
    type Message = DestinationProfile;

    fn service(&self) -> &'static str {
        "profile"
    }

    async fn ask(&self, channel: Channel) -> Result<Streaming<DestinationProfile>, Status> {
        let (path, context_token) = (self.of.to_string(), self.context.to_string());
        let request = GetDestination { scheme: "k8s".into(), path, context_token };
        Ok(DestinationClient::new(channel).get_profile(request).await?.into_inner())
    }

    fn take(&mut self, message: DestinationProfile, _first: bool) -> Read<()> {
        let version = meta::version(message.version.clone())?;
        let content = DestinationProfile { version: None, ..message };
        let profile = match content.endpoint.clone().map(endpoints::endpoint).transpose()? {
            Some(endpoint) => {
                let opaque = content.opaque_protocol || endpoint.hint == ProtocolHint::Opaque;
                Profile::Endpoint(Arc::new(endpoint), opaque)
            }
            None => Profile::None,
        };
        // Only what makes sense is noted: else a senseless answer would make all that come after it look old.
        if is_stale(&mut self.version, version.as_ref()) || self.last.as_ref() == Some(&content) {
            return Ok(());
        }
        self.last = Some(content);
        self.answers.set_profile(profile);
        Ok(())
    }

    fn refused(&mut self, _status: &Status) {
        self.last = None;
        self.answers.set_profile(Profile::None);
    }
}
