"""What the destination controller has listed is none of the collector's business."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from hauberk.app.controllers.destination import settled


class Kept:
    """A part of a catalog, in the place of many."""


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_is_there_is_no_longer_gone_through() -> None:
    catalog = [Kept() for _ in range(1000)]
    settled()
    assert gc.get_freeze_count() >= len(catalog)
    known = {id(item) for item in gc.get_objects()}
    assert not known & {id(item) for item in catalog}


@pytest.mark.usefixtures("thawed")
def test_what_is_replaced_goes_all_the_same() -> None:
    catalog = [Kept()]
    gone = weakref.ref(catalog[0])
    settled()
    catalog[0] = Kept()
    assert gone() is None


@pytest.mark.usefixtures("thawed")
def test_rubbish_is_not_kept_for_ever() -> None:
    ring = Kept()
    ring.itself = ring  # type: ignore[attr-defined]
    gone = weakref.ref(ring)
    del ring
    settled()
    assert gone() is None
