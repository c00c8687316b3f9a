import pytest

from hauberk.host.failure import SetupFailed
from hauberk.host.user import User, choose

ROOT = User("root", 0, 0, (0,), "/root")
ALICE = User("alice", 1000, 1000, (1000, 27), "/home/alice")
INSIDER = User("insider", 1001, 1001, (1001, 2102), "/home/insider")


class Table:
    def by_name(self, name: str) -> User | None:
        return next((user for user in (ROOT, ALICE, INSIDER) if user.name == name), None)

    def by_uid(self, uid: int) -> User | None:
        return next((user for user in (ROOT, ALICE, INSIDER) if user.uid == uid), None)


def test_the_program_runs_as_who_called_sudo() -> None:
    assert choose(None, {"SUDO_UID": "1000"}, Table()) == ALICE
    assert choose(None, {"SUDO_UID": "4711"}, Table()) == User("4711", 4711, 4711, (4711,), "/")
    assert choose(None, {}, Table()) == ROOT


def test_a_user_may_be_asked_for_in_three_ways() -> None:
    environ = {"SUDO_UID": "0"}
    assert choose("alice", environ, Table()) == ALICE
    assert choose("1000", environ, Table()) == ALICE
    assert choose("1000:50", environ, Table()) == User("alice", 1000, 50, (50,), "/home/alice")


@pytest.mark.parametrize("asked", ["2102", "1000:2102", "insider"])
def test_nobody_runs_with_the_proxys_rights(asked: str) -> None:
    with pytest.raises(SetupFailed, match="2102"):
        choose(asked, {}, Table())


def test_an_unknown_user_is_refused() -> None:
    with pytest.raises(SetupFailed, match="no user 'bob'"):
        choose("bob", {}, Table())
