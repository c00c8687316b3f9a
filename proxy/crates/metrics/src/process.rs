//! The process itself, as the kernel sees it, and which build of the proxy it is.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::labels::LabelSet;
use crate::text::{Kind, Text};

/// Linux reports CPU time to programs in hundredths of a second on every architecture (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Which build this is.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// The version of the release.
    pub version: &'static str,
    /// The commit, or empty.
    pub git_sha: &'static str,
    /// `release` or `debug`.
    pub profile: &'static str,
}

/// What TLS is made of, each in the order of preference.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Cipher suites.
    pub suites: Vec<String>,
    /// Groups of key exchange.
    pub groups: Vec<String>,
    /// Whose cryptography it is.
    pub provider: &'static str,
    /// Whether it is in the mode of FIPS 140.
    pub fips: bool,
}

/// What is known of the process from its start.
#[derive(Clone, Debug)]
pub struct Process {
    build: Build,
    tls: Tls,
    started: SystemTime,
}

/// What the kernel says of a process; `None` where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Usage {
    cpu_seconds: Option<f64>,
    resident_bytes: Option<u64>,
    virtual_bytes: Option<u64>,
    threads: Option<u64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
}

impl Process {
    /// A process that began at `started`.
    pub fn new(build: Build, tls: Tls, started: SystemTime) -> Self {
        Self { build, tls, started }
    }

    /// Writes all families; `now` is the wall clock.
    pub fn write(&self, out: &mut Text, now: SystemTime) {
        let name = "proxy_build_info";
        out.family(name, Kind::Gauge, "Which build of the proxy runs");
        let labels = LabelSet::new()
            .with("version", self.build.version)
            .with("git_sha", self.build.git_sha)
            .with("profile", self.build.profile)
            .with("vendor", "hauberk");
        out.sample(name, "", &[labels.as_str()], 1);
        self.tls.write(out);
        let help = "When the process began, in seconds since 1970";
        out.single("process_start_time_seconds", Kind::Gauge, help, unix_seconds(self.started));
        out.single("process_clock_time_seconds", Kind::Gauge, "The wall clock of this page", unix_seconds(now));
        Usage::read().write(out);
    }
}

impl Tls {
    fn write(&self, out: &mut Text) {
        let name = "rustls_info";
        out.family(name, Kind::Gauge, "What TLS is made of");
        let labels = LabelSet::new()
            .with("tls_suites", self.suites.join(","))
            .with("tls_kx_groups", self.groups.join(","))
            .with("tls_rand", self.provider)
            .with("tls_key_provider", self.provider)
            .with("tls_fips", self.fips);
        out.sample(name, "", &[labels.as_str()], 1);
    }
}

impl Usage {
    fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        // The directory that is being read is one of the descriptors.
        let open = fs::read_dir("/proc/self/fd").ok().map(|fds| (fds.count() as u64).saturating_sub(1));
        Self { open_fds: open, ..Self::parse(&status, &stat, &limits) }
    }

    /// Reads the texts of `/proc/self/{status,stat,limits}`; see proc(5).
    fn parse(status: &str, stat: &str, limits: &str) -> Self {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        Self {
            cpu_seconds: cpu_ticks(stat).map(|ticks| ticks as f64 / TICKS_PER_SECOND),
            resident_bytes: field("VmRSS").map(|kib| kib * 1024),
            virtual_bytes: field("VmSize").map(|kib| kib * 1024),
            threads: field("Threads"),
            open_fds: None,
            max_fds: limit.and_then(|line| line.split_whitespace().next()?.parse().ok()),
        }
    }

    fn write(&self, out: &mut Text) {
        if let Some(seconds) = self.cpu_seconds {
            out.single("process_cpu_seconds_total", Kind::Counter, "CPU time used, user and system", seconds);
        }
        let gauges = [
            ("process_resident_memory_bytes", "Memory in RAM", self.resident_bytes),
            ("process_virtual_memory_bytes", "Address space", self.virtual_bytes),
            ("process_threads", "Threads", self.threads),
            ("process_open_fds", "Open file descriptors", self.open_fds),
            ("process_max_fds", "Limit of open file descriptors", self.max_fds),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                out.single(name, Kind::Gauge, help, value);
            }
        }
    }
}

/// User and system time: the 14th and 15th field. The 2nd, the program's name, may itself hold blanks and brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn proc_is_read_whatever_the_program_is_called() {
        let status = "Name:\ta b)\nVmSize:\t    2048 kB\nVmRSS:\t 1024 kB\nThreads:\t3\n";
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 90 0 0 0 150 75 0 0 20 0 3 0 100 1000 10";
        let limits =
            "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096  files\n";
        let expected = Usage {
            cpu_seconds: Some(2.25),
            resident_bytes: Some(1 << 20),
            virtual_bytes: Some(2 << 20),
            threads: Some(3),
            open_fds: None,
            max_fds: Some(1024),
        };
        assert_eq!(Usage::parse(status, stat, limits), expected);
    }

    #[test]
    fn what_proc_does_not_say_is_left_out() {
        assert_eq!(Usage::parse("", "7 (a", "Max open files unlimited"), Usage::default());
    }
}
