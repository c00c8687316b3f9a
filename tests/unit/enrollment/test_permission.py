import pytest

from hauberk.enrollment.permission import is_administrator, may_run_as


def test_root_and_the_owner_may_run_as_anybody() -> None:
    assert may_run_as(0, owner_uid=1000, annotations={})
    assert may_run_as(1000, owner_uid=1000, annotations={})
    assert is_administrator(1000, owner_uid=1000)
    assert not is_administrator(1001, owner_uid=1000)


def test_others_must_be_listed_by_the_service_account() -> None:
    listed = {"hauberk.dev/allowed-uids": "1001, 1002"}
    assert may_run_as(1001, owner_uid=1000, annotations=listed)
    assert may_run_as(1002, owner_uid=1000, annotations=listed)
    assert not may_run_as(1003, owner_uid=1000, annotations=listed)
    assert not may_run_as(100, owner_uid=1000, annotations=listed)


@pytest.mark.parametrize("value", ["", "*", "all", "01001", "1000-1002", "-1"])
def test_a_list_that_makes_no_sense_allows_nobody(value: str) -> None:
    assert not may_run_as(1001, owner_uid=1000, annotations={"hauberk.dev/allowed-uids": value})
