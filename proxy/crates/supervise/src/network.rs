//! The workload's network: a pair of virtual interfaces between its namespace and the host's bridge.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use hauberk_net::namespace::Namespace;

use crate::children::Children;
use crate::failure::{Failure, say};
use crate::spec::EnrollmentStatus;
use crate::tool::{ip, is_done_already};

/// How long another runner may be busy with the host's network.
const LOCK_TIMEOUT: Duration = Duration::from_secs(15);
const LOCK_INTERVAL: Duration = Duration::from_millis(5);

/// Interface names have at most 15 bytes; a Pod's uid is random in its first 12 hexadecimal digits.
const UID_DIGITS: usize = 12;

/// What belongs to one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: Ipv4Addr,
    prefix_length: u8,
    gateway: Ipv4Addr,
    bridge: String,
    /// The host's end of the pair.
    host_end: String,
}

impl Network {
    pub(crate) fn of(status: &EnrollmentStatus) -> Self {
        let digits: String = status.pod_uid.chars().filter(char::is_ascii_alphanumeric).take(UID_DIGITS).collect();
        Self {
            address: status.pod_ip,
            prefix_length: status.prefix_length,
            gateway: status.gateway,
            bridge: status.bridge.clone(),
            host_end: format!("hb{}", digits.to_ascii_lowercase()),
        }
    }

    /// Connects this process's namespace to the bridge in the namespace `host`, which is made if it is missing.
    pub(crate) async fn bring_up(&self, host: &Namespace, children: &Children) -> Result<(), Failure> {
        lock(host).await?;
        let connected = self.connect(host, children).await;
        host.unlock();
        connected?;
        ip(&["-batch", "-"], &self.inside_commands(), None, children).await?;
        // Whoever it runs as, a program may listen where it wants: the ports are its own namespace's.
        let _ = std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
        Ok(())
    }

    /// Takes the pair away, and the bridge with the last one. Does nothing where nothing is left.
    pub(crate) async fn tear_down(&self, host: &Namespace, children: &Children) {
        let result = async {
            lock(host).await?;
            let removed = self.disconnect(host, children).await;
            host.unlock();
            removed
        };
        if let Err(e) = result.await {
            say(&format!("the network was not removed: {e}"));
        }
    }

    async fn connect(&self, host: &Namespace, children: &Children) -> Result<(), Failure> {
        // A bridge without an address of its own takes that of some port, and changes it whenever ports come and go.
        let mac = mac(self.gateway);
        let bridge = ["link", "add", "name", &self.bridge, "address", &mac, "type", "bridge"];
        tolerate(ip(&bridge, "", Some(host), children).await)?;
        ip(&["-batch", "-"], &self.host_commands(std::process::id()), Some(host), children).await.map(drop)
    }

    async fn disconnect(&self, host: &Namespace, children: &Children) -> Result<(), Failure> {
        tolerate(ip(&["link", "del", &self.host_end], "", Some(host), children).await)?;
        match ip(&["-oneline", "link", "show", "master", &self.bridge], "", Some(host), children).await {
            Ok(ports) if ports.trim().is_empty() => {
                tolerate(ip(&["link", "del", &self.bridge], "", Some(host), children).await)
            }
            Ok(_) => Ok(()),
            Err(e) => tolerate(Err(e)),
        }
    }

    /// The pair is made at once with its inner end in the namespace of the process `pid`.
    fn host_commands(&self, pid: u32) -> String {
        let Self { prefix_length, gateway, bridge, host_end, address } = self;
        let mac = mac(*address);
        format!(
            "address replace {gateway}/{prefix_length} dev {bridge}\n\
             link set {bridge} up\n\
             link add {host_end} type veth peer name eth0 address {mac} netns {pid}\n\
             link set {host_end} master {bridge} up\n"
        )
    }

    fn inside_commands(&self) -> String {
        let Self { address, prefix_length, gateway, .. } = self;
        format!(
            "link set lo up\n\
             address add {address}/{prefix_length} dev eth0\n\
             link set eth0 up\n\
             route add default via {gateway}\n"
        )
    }
}

/// From the IP address, as an address that is given again must not meet the old one in a neighbour's cache. `0a` marks
/// it as locally administered (IEEE 802).
fn mac(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("0a:58:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

fn tolerate(result: Result<String, Failure>) -> Result<(), Failure> {
    match result {
        Err(e) if !is_done_already(&e) => Err(e),
        _ => Ok(()),
    }
}

/// Between "the last port is gone" and "so is the bridge" no other runner may add one.
async fn lock(host: &Namespace) -> Result<(), Failure> {
    let begin = Instant::now();
    loop {
        match host.try_lock() {
            Ok(true) => return Ok(()),
            Ok(false) if begin.elapsed() < LOCK_TIMEOUT => tokio::time::sleep(LOCK_INTERVAL).await,
            Ok(false) => {
                let what = format!("another runner has been changing the host's network for {LOCK_TIMEOUT:?}");
                return Err(Failure::new(what, "look for a hanging `ip` or `nft`: ps -ef | grep -w -e ip -e nft"));
            }
            Err(e) => return Err(Failure::new(format!("the host's network cannot be locked: {e}"), "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        Network {
            address: Ipv4Addr::new(10, 77, 0, 12),
            prefix_length: 16,
            gateway: Ipv4Addr::new(10, 77, 0, 1),
            bridge: "hauberk0".to_owned(),
            host_end: "hb0123456789ab".to_owned(),
        }
    }

    #[test]
    fn the_pair_is_made_with_its_inner_end_in_the_workloads_namespace() {
        let commands = network().host_commands(4711);
        assert!(
            commands
                .contains("link add hb0123456789ab type veth peer name eth0 address 0a:58:0a:4d:00:0c netns 4711\n")
        );
        assert!(commands.contains("address replace 10.77.0.1/16 dev hauberk0\n"));
    }

    #[test]
    fn the_default_route_comes_after_the_address_that_reaches_it() {
        let commands = network().inside_commands();
        assert!(commands.find("address add 10.77.0.12/16") < commands.find("route add default via 10.77.0.1"));
    }
}
