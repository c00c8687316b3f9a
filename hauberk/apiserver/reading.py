"""Getting one object, and listing a collection."""

from hauberk.apiserver.options import ListOptions
from hauberk.apiserver.paging import Continue, ContinueInvalid, Page, page_of
from hauberk.apiserver.status import bad_request, not_found
from hauberk.apiserver.target import Target
from hauberk.model.kinds import Resource
from hauberk.store.protocol import NotFound, Ref, Store


class Reader:
    """Reads from the store for one request at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, target: Target) -> Resource:
        """Return one object. Raises Refused (404)."""
        kind, name = target.kind, target.name or ""
        try:
            return await self._store.get(Ref(kind.group, kind.kind, target.namespace or "", name))
        except NotFound:
            raise not_found(kind.plural, name, group=kind.group) from None

    async def list(self, target: Target, options: ListOptions) -> Page:
        """Return a page of a collection. Raises Refused (400) for a `continue` that was never given out."""
        try:
            after = Continue.decode(options.continuation) if options.continuation else None
        except ContinueInvalid as e:
            raise bad_request(str(e)) from None
        listing = await self._store.list(target.kind, target.namespace)
        selected = [
            resource
            for resource in listing.items
            if options.selection.accepts(
                name=resource.metadata.name,
                namespace=resource.metadata.namespace,
                labels=resource.metadata.labels,
            )
        ]
        return page_of(selected, revision=listing.revision, limit=options.limit, after=after)
