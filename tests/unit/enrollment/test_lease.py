from hauberk.enrollment.lease import Leases


def test_a_workload_that_stops_reporting_is_silent_and_then_gone() -> None:
    leases = Leases(duration_s=10, removal_s=5)
    leases.renew("a", now=0)
    assert not leases.overdue({"a"}, now=9.9).silent
    assert leases.overdue({"a"}, now=10).silent == {"a"}
    assert not leases.overdue({"a"}, now=14.9).gone
    assert leases.overdue({"a"}, now=15).gone == {"a"}


def test_a_report_renews_the_lease_even_after_it_ran_out() -> None:
    leases = Leases(duration_s=10, removal_s=5)
    leases.renew("a", now=0)
    assert leases.overdue({"a"}, now=12).silent
    leases.renew("a", now=12)
    assert not leases.overdue({"a"}, now=21).silent


def test_a_workload_from_before_a_restart_gets_a_whole_lease() -> None:
    leases = Leases(duration_s=10, removal_s=5)
    assert not leases.overdue({"old"}, now=1000).silent
    assert not leases.overdue({"old"}, now=1009).silent
    assert leases.overdue({"old"}, now=1010).silent == {"old"}


def test_workloads_that_are_gone_are_forgotten() -> None:
    leases = Leases(duration_s=10, removal_s=5)
    leases.renew("a", now=0)
    leases.overdue(set(), now=5)
    assert not leases.overdue({"a"}, now=12).silent
    leases.forget("a")
    assert not leases.overdue({"a"}, now=30).silent


def test_nobody_is_silent_because_nobody_listened() -> None:
    leases = Leases(duration_s=10, removal_s=5)
    leases.renew("a", now=0)
    leases.overdue({"a"}, now=1)
    leases.extend(99)
    assert not leases.overdue({"a"}, now=100).silent
    assert leases.overdue({"a"}, now=109).silent == {"a"}
