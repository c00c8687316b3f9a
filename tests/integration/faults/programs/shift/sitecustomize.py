"""Puts the control plane's clock forward or back: each of its Python processes imports this first.

The authority inherits no variables but those that begin with PYTHON and the like.
"""

import os
from datetime import UTC, datetime, timedelta

from hauberk.runtime.clock import SystemClock

_SHIFT = timedelta(seconds=float(os.environ["PYTHON_SHIFT_SECONDS"]))


def _now(_: SystemClock) -> datetime:
    return datetime.now(UTC) + _SHIFT


setattr(SystemClock, SystemClock.now.__name__, _now)
