"""Does the control plane run, all of it? Pure."""

from dataclasses import dataclass

from hauberk.check.report import Category, Check, verdict


@dataclass(frozen=True, slots=True)
class ControlPlaneFacts:
    """Errors are None where all is well."""

    client_version: str
    server_version: str = ""
    """Empty where the control plane does not answer."""
    error: str | None = None
    hint: str = ""
    proxy_api_error: str | None = None
    front_error: str | None = None
    front_address: str = ""


def control_plane(facts: ControlPlaneFacts) -> Category:
    """Only the first check where nobody answers: nothing more can be said then."""
    answers = verdict("the control plane answers", facts.error, facts.hint)
    if answers.outcome == "error":
        return Category("hauberk-control-plane", (answers,))
    return Category(
        "hauberk-control-plane",
        (
            answers,
            _same_version(facts),
            verdict(
                "the proxy API is open",
                facts.proxy_api_error,
                "the control plane is still starting, or its log says why not",
            ),
            verdict(
                "the front proxy is ready",
                facts.front_error and f"{facts.front_address}: {facts.front_error}",
                "no proxy reaches the control plane without it: the log of `hauberk up` says why it does not run",
            ),
        ),
    )


def _same_version(facts: ControlPlaneFacts) -> Check:
    description = "the control plane has the version of this tool"
    if facts.server_version == facts.client_version:
        return Check(description)
    error = f"the control plane is {facts.server_version or 'of an unknown version'}, this tool {facts.client_version}"
    return Check(description, "warning", error, "install the same version of both, and restart the control plane")
