"""What a Namespace comes with, and what goes with it."""

from collections.abc import Sequence

from hauberk.model.kinds import KINDS
from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.model.resource import Resource
from hauberk.model.serviceaccount import ServiceAccount
from hauberk.store.protocol import AlreadyExists, NotFound, Store, ref_of

DEFAULT = "default"


class Namespaces:
    """Every Namespace has a ServiceAccount `default`; those that the mesh itself needs are always there."""

    def __init__(self, store: Store, *, mesh_namespace: str, mesh_accounts: Sequence[str] = ()) -> None:
        """`mesh_accounts` are the ServiceAccounts of the control plane, in its own namespace."""
        self._store = store
        self._mesh_namespace = mesh_namespace
        self._mesh_accounts = mesh_accounts

    async def establish(self) -> None:
        """Make what a mesh begins with, as far as it is missing. Raises StoreUnavailable."""
        for name in (DEFAULT, self._mesh_namespace):
            await self._ensure(Namespace(metadata=ObjectMeta(name=name)))
            await self.furnish(name)
        for account in self._mesh_accounts:
            await self._ensure(_account(self._mesh_namespace, account))

    async def furnish(self, namespace: str) -> None:
        """Give a Namespace the ServiceAccount of programs that name none."""
        await self._ensure(_account(namespace, "default"))

    def undeletable(self, name: str) -> str | None:
        """Return why a Namespace cannot be deleted; None if it can."""
        if name == self._mesh_namespace:
            return f"namespace {name} is the control plane's own"
        if name == DEFAULT:
            return f"namespace {name} is where objects go that name none: delete what is in it"
        return None

    async def empty(self, namespace: str) -> None:
        """Delete everything in a Namespace. Whoever calls it sees to it that nothing is added meanwhile."""
        for kind in KINDS:
            if not kind.namespaced:
                continue
            for resource in (await self._store.list(kind, namespace)).items:
                try:
                    await self._store.delete(ref_of(resource))
                except NotFound:
                    continue

    async def _ensure(self, resource: Resource) -> None:
        try:
            await self._store.create(resource)
        except AlreadyExists:
            return


def _account(namespace: str, name: str) -> ServiceAccount:
    return ServiceAccount(metadata=ObjectMeta(name=name, namespace=namespace))
