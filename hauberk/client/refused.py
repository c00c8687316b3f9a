"""What the API server refused to whom, read from its words. Pure.

The words are those of Kubernetes' own authorizers (k8s.io/apiserver, `responsewriters.forbiddenMessage`).
"""

import re
from dataclasses import dataclass

_WORDS = re.compile(
    r'User "(?P<user>[^"]{1,512})" cannot (?P<verb>[a-z]{1,32}) '
    r'(?:resource "(?P<resource>[^"]{1,256})" in API group "(?P<group>[^"]{0,256})"'
    r'(?: in the namespace "(?P<namespace>[^"]{1,256})")?|path "(?P<path>[^"]{1,512})")'
)


@dataclass(frozen=True, slots=True)
class Refused:
    """One right that somebody lacks."""

    user: str
    verb: str
    resource: str
    """With its group, or a path."""
    namespace: str = ""
    """Empty: that of the whole cluster."""

    @property
    def question(self) -> str:
        """The command with which that very user asks whether it has been given."""
        where = f" -n {self.namespace}" if self.namespace else ""
        return f"kubectl auth can-i {self.verb} {self.resource}{where}"


def refused(message: str) -> Refused | None:
    """None: nobody says it in these words."""
    found = _WORDS.search(message)
    if found is None:
        return None
    resource, _, subresource = (found["resource"] or "").partition("/")
    named = found["path"] or (f"{resource}.{found['group']}" if found["group"] else resource)
    whole = f"{named}/{subresource}" if subresource else named
    return Refused(found["user"], found["verb"], whole, found["namespace"] or "")


def hint_for(message: str, *, unknown: bool) -> str:
    """The next step for whoever was refused by Kubernetes; `unknown`: it does not know who asks (401)."""
    if unknown:
        return "the API server does not know you: see whom the kubeconfig names (kubectl auth whoami), and log in anew"
    found = refused(message)
    if found is None:
        return "see what you may do: kubectl auth can-i --list"
    return (
        f"ask whoever runs the cluster for a role that lets {found.user!r} {found.verb} {found.resource}; "
        f"`{found.question}` tells whether it does"
    )
