"""What enrollment needs of the part that makes tokens."""

from datetime import datetime, timedelta
from typing import Protocol


class TokenMinter(Protocol):
    """Makes tokens that prove one identity for one registered workload."""

    def mint(
        self,
        *,
        namespace: str,
        service_account: str,
        pod_name: str,
        pod_uid: str,
        now: datetime,
        ttl: timedelta,
    ) -> tuple[str, datetime]:
        """Return the token and when it expires."""
        ...
