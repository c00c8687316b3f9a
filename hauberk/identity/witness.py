"""Who is told what the identity service does, for numbers and events. Nobody waits for them, and none raises."""

from datetime import datetime
from typing import Protocol

from hauberk.catalog.refusal import Refusal
from hauberk.identity.evidence import Claims
from hauberk.identity.protocol import Signed


class AnswerWitness(Protocol):
    """Of what proxies are answered."""

    def issued(self, claims: Claims, identity: str, signed: Signed) -> None:
        """It has its certificate."""
        ...

    def refused(self, refusal: Refusal, claims: Claims | None) -> None:
        """It has none. `claims` are what its token proved, if it proved anything."""
        ...

    def unavailable(self, why: str) -> None:
        """It has none yet: whoever was needed for that could not be asked."""
        ...


class IssuerWitness(Protocol):
    """Of root and issuer."""

    def made(self, name: str, until: datetime) -> None:
        """A new root or issuer, which this replica made, is kept in the Secret of that name."""
        ...

    def issuer_replaced(self) -> None:
        """Another issuer is in force."""
        ...

    def roots_replaced(self) -> None:
        """The bundle of roots is another one."""
        ...

    def skipped(self, problem: str) -> None:
        """What is kept now cannot be used, and the last good one stays in force."""
        ...


class Nobody:
    """Is told, and says nothing."""

    def issued(self, claims: Claims, identity: str, signed: Signed) -> None: ...

    def refused(self, refusal: Refusal, claims: Claims | None) -> None: ...

    def unavailable(self, why: str) -> None: ...

    def made(self, name: str, until: datetime) -> None: ...

    def issuer_replaced(self) -> None: ...

    def roots_replaced(self) -> None: ...

    def skipped(self, problem: str) -> None: ...
