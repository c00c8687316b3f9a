"""EndpointSlices of many Services at once."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hauberk.enrollment.slices import ByLabel, slices_of
from hauberk.model.metadata import ObjectMeta
from hauberk.model.pod import Pod, PodStatus
from hauberk.model.service import Service, ServicePort, ServiceSpec

LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


def pod(number: int, labels: dict[str, str]) -> Pod:
    return Pod(
        metadata=ObjectMeta(name=f"pod-{number}", namespace="default", labels=labels),
        status=PodStatus(phase="Running", pod_ip=f"10.77.0.{number + 2}"),
    )


def service(selector: dict[str, str]) -> Service:
    return Service(
        metadata=ObjectMeta(name="web", namespace="default"),
        spec=ServiceSpec(selector=selector, ports=(ServicePort(port=80),)),
    )


@given(st.lists(LABELS, max_size=8), LABELS)
def test_the_candidates_of_a_selector_give_the_same_slices_as_all_pods(
    labels: Sequence[dict[str, str]], selector: dict[str, str]
) -> None:
    pods = [pod(number, of) for number, of in enumerate(labels)]
    wanted = service(selector)
    assert slices_of(wanted, ByLabel(pods).candidates(wanted)) == slices_of(wanted, pods)


def test_only_pods_with_the_rarest_label_are_looked_at() -> None:
    pods = [pod(number, {"app": "web", "track": "new" if number == 3 else "old"}) for number in range(8)]
    assert ByLabel(pods).candidates(service({"app": "web", "track": "new"})) == [pods[3]]
    assert not ByLabel(pods).candidates(service({"app": "web", "track": "none"}))
