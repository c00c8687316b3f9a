"""ServiceAccount (core v1)."""

from collections.abc import Mapping
from typing import ClassVar

from hauberk.model.resource import Resource


class ServiceAccount(Resource, frozen=True, kw_only=True):
    """Who a workload is: its name and namespace make the identity in the workload's certificate."""

    not_honoured: ClassVar[Mapping[str, str]] = {
        "secrets": "tokens are given to workloads when they start: leave it out",
        "imagePullSecrets": "no images are pulled: leave it out",
        "automountServiceAccountToken": "every workload of the mesh proves its identity: leave it out",
    }

    api_version: str = "v1"
