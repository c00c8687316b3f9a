"""Annotations that say how the proxy's container is made: images, resources, users, order. Only pods have one. Pure."""

from hauberk.sidecar import keys, syntax
from hauberk.sidecar.additional import additional
from hauberk.sidecar.annotation import Annotation
from hauberk.sidecar.duration import duration
from hauberk.sidecar.quantity import quantity

_pull_policy = syntax.word("IfNotPresent", "Always", "Never")


def _patience(text: str) -> str:
    found = duration(text)
    return "0" if found.rstrip("mshd") == "0" else found


ROWS = (
    Annotation(key=keys.IMAGE, meaning="the proxy's image", check=syntax.image),
    Annotation(key=keys.VERSION, meaning="the tag of the proxy's image", check=syntax.tag),
    Annotation(key=keys.PULL_POLICY, meaning="when images are pulled", check=_pull_policy, default="IfNotPresent"),
    Annotation(key=keys.DEBUG, meaning="a container for debugging", check=syntax.boolean, default="false"),
    Annotation(key=keys.DEBUG_IMAGE, meaning="that container's image; there is none by default", check=syntax.image),
    Annotation(key=keys.DEBUG_VERSION, meaning="the tag of that image", check=syntax.tag, default="latest"),
    Annotation(
        key=keys.DEBUG_PULL_POLICY, meaning="when that image is pulled", check=_pull_policy, default="IfNotPresent"
    ),
    Annotation(key=keys.CPU_REQUEST, meaning="CPU that is reserved for the proxy", check=quantity),
    Annotation(key=keys.CPU_LIMIT, meaning="CPU that it may use, and so how many threads it has", check=quantity),
    Annotation(key=keys.MEMORY_REQUEST, meaning="memory that is reserved for the proxy", check=quantity),
    Annotation(key=keys.MEMORY_LIMIT, meaning="memory that it may use", check=quantity),
    Annotation(key=keys.STORAGE_REQUEST, meaning="disk that is reserved for the proxy", check=quantity),
    Annotation(key=keys.STORAGE_LIMIT, meaning="disk that it may use", check=quantity),
    Annotation(key=keys.UID, meaning="the proxy's user", check=syntax.number(1, 2**31 - 1), default="2102"),
    Annotation(key=keys.GID, meaning="its group; -1: the image's", check=syntax.number(-1, 2**31 - 1), default="2102"),
    Annotation(
        key=keys.CLOSE_WAIT,
        meaning="the kernel's patience with half-closed connections",
        check=_patience,
        default="0",
        lacking="whoever writes the redirect sets no limits of the kernel's",
    ),
    Annotation(
        key=keys.NATIVE_SIDECAR,
        meaning="false: a container like the others, for clusters older than 1.29",
        check=syntax.boolean,
        default="true",
    ),
    Annotation(key=keys.AWAIT, meaning="whether the program waits for the proxy", check=syntax.boolean, default="true"),
    Annotation(
        key=keys.WAIT_BEFORE_EXIT,
        meaning="how long the proxy stays when the pod is to end, in seconds",
        check=syntax.number(0, 86_400),
        default="0",
    ),
    Annotation(key=keys.ADDITIONAL_ENV, meaning="more variables for the proxy, as a JSON list", check=additional),
)
