"""Does anybody else put proxies beside the same programs? Pure."""

from collections.abc import Sequence

from hauberk.check.kubernetes.seen import Document, Seen, unread
from hauberk.check.report import Category, Check
from hauberk.install.judging import Cluster, Finding, for_install

_NAME = "hauberk-other-meshes"


def beside(injecting: Seen, namespace: str, rendered: Sequence[Document]) -> Category:
    """What there is beside an installation."""
    description = "no other injector is asked about the same pods"
    if (check := unread(description, injecting)) is not None:
        return Category(_NAME, (check,))
    found = for_install(Cluster(injecting=injecting.documents), namespace, rendered)
    return Category(_NAME, [_told(description, finding) for finding in found] or [Check(description)])


def before(configs: Seen, injecting: Seen, namespace: str, rendered: Sequence[Document]) -> list[Check]:
    """What is in the way of one. Missing kinds are no obstacle yet: they come first."""
    description = "no mesh is in the way"
    failed = unread(description, configs) or unread(description, injecting)
    if failed is not None:
        return [failed]
    cluster = Cluster(configs=configs.documents, injecting=injecting.documents)
    found = for_install(cluster, namespace, rendered)
    return [_told(description, finding) for finding in found] or [Check(description)]


def _told(description: str, finding: Finding) -> Check:
    return Check(description, "error" if finding.refuses else "warning", finding.message, finding.hint)
