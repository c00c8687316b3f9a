//! How much memory the process may have: the machine's, or what its control groups allow (cgroups(7)).

use std::fs;
use std::path::Path;

const ROOT: &str = "/sys/fs/cgroup";

/// Bytes; `None` where the kernel says nothing.
pub(crate) fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = files(&groups).filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok());
    limits.chain(machine).min()
}

/// The first line of `/proc/meminfo` (proc_meminfo(5)).
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Where the limits of the groups in `/proc/self/cgroup` stand, each with those above it. In a container the paths may be
/// the host's while the mount is the container's own: what is not there is passed over, and the root is looked at anyway.
fn files(groups: &str) -> impl Iterator<Item = String> {
    groups.lines().filter_map(group).flat_map(|(mount, file, path)| {
        let above: Vec<String> = Path::new(path)
            .ancestors()
            .map(|of| format!("{mount}{}/{file}", of.to_string_lossy().trim_end_matches('/')))
            .collect();
        above.into_iter()
    })
}

/// `0::PATH` is version 2, `N:…,memory,…:PATH` version 1.
fn group(line: &str) -> Option<(String, &'static str, &str)> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, path) = (parts.next()?, parts.next()?);
    if controllers.is_empty() {
        return Some((ROOT.to_owned(), "memory.max", path));
    }
    let memory = controllers.split(',').any(|controller| controller == "memory");
    memory.then(|| (format!("{ROOT}/memory"), "memory.limit_in_bytes", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_a_group_and_of_those_above_count() {
        let version2: Vec<_> = files("0::/a/b\n").collect();
        assert_eq!(
            version2,
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/memory.max"]
        );
        let version1: Vec<_> = files("5:cpu:/x\n4:hugetlb,memory:/a\n").collect();
        let expected = ["/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
        assert_eq!(version1, expected);
        assert_eq!(files("nonsense\n\n").count(), 0);
    }

    #[test]
    fn the_machine_s_memory_is_in_kibibytes() {
        assert_eq!(total("MemTotal:       2048 kB\nMemFree: 1 kB\n"), Some(2 << 20));
        assert_eq!(total("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn this_machine_has_some() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
