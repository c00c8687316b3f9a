"""Node (core v1): a machine of a Kubernetes cluster. Only its labels matter, which say where it is."""

from hauberk.model.resource import Resource

ZONE = "topology.kubernetes.io/zone"
"""Label of a Node: the part of the cluster that fails as a whole."""


class Node(Resource, frozen=True, kw_only=True):
    """Read only, and absent on plain machines."""

    api_version: str = "v1"

    @property
    def zone(self) -> str:
        """Empty where nobody says."""
        return self.metadata.labels.get(ZONE, "")
