"""Answers the API server whether a resource of the mesh may be written."""

from hauberk.apiserver.validate import validate
from hauberk.webhook.review import Allowed, Answer, Denied, Request


async def ask(request: Request) -> Answer:
    """What is deleted is nobody's business; everything else is judged as on plain machines."""
    if request.document is None or request.operation not in ("CREATE", "UPDATE"):
        return Allowed()
    verdict = validate(request.document, namespace=request.namespace)
    if not verdict.allowed:
        return Denied(verdict.message, verdict.warnings)
    return Allowed(warnings=verdict.warnings)
