"""The base of all kinds."""

from hauberk.model.metadata import ObjectMeta
from hauberk.model.part import Part


class Resource(Part, frozen=True, kw_only=True, tag_field="kind"):
    """An object with a kind. Subclasses are named as their kind is.

    `api_version` is the one that the object was written in; one kind means the same in all its versions.
    """

    api_version: str
    metadata: ObjectMeta

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    def group(self) -> str:
        """Without the version; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """Of the API, without the group."""
        return self.api_version.rpartition("/")[2]
