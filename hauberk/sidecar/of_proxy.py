"""Annotations that say what the proxy does: logs, time-outs, modes. Plain machines honour most of them. Pure."""

from hauberk.sidecar import keys, syntax
from hauberk.sidecar.annotation import Annotation, everywhere
from hauberk.sidecar.duration import duration

_log_format = syntax.word("plain", "json")

ROWS = (
    everywhere(
        keys.CPU_RATIO,
        "the part of the machine's CPUs that has threads of the proxy",
        syntax.ratio,
        variable="CORES_MAX_RATIO",
    ),
    everywhere(
        keys.LOG_LEVEL,
        "what the proxy logs",
        syntax.log_level,
        default="warn,linkerd=info,hauberk=info,hickory=error",
    ),
    everywhere(
        keys.LOG_FORMAT,
        "plain or json",
        lambda text: _log_format(text.lower()),
        default="plain",
        variable="LOG_FORMAT",
    ),
    everywhere(
        keys.LOG_HEADERS,
        "`insecure`: the log may show headers of requests",
        syntax.word("off", "insecure"),
        default="off",
    ),
    Annotation(
        key=keys.ACCESS_LOG,
        meaning="a line for each request: apache or json",
        check=syntax.word("apache", "json", ""),
        variable="ACCESS_LOG",
    ),
    everywhere(
        keys.ADMIN_SHUTDOWN,
        "whether a POST from the pod itself ends the proxy",
        syntax.boolean,
        default="false",
        variable="SHUTDOWN_ENDPOINT_ENABLED",
    ),
    everywhere(
        keys.GRACE_PERIOD,
        "how long connections may last once the proxy is to end",
        duration,
        default="2m",
        variable="SHUTDOWN_GRACE_PERIOD",
    ),
    everywhere(
        keys.EXTERNAL_PROFILES,
        "whether names outside of the cluster are asked for as well",
        syntax.boolean,
        default="false",
    ),
    everywhere(
        keys.GATEWAY,
        "whether it hands on what other clusters send to services of this one",
        syntax.boolean,
        default="false",
    ),
    Annotation(
        key=keys.HOSTNAME_LABELS,
        meaning="host names in metrics",
        check=syntax.boolean,
        default="false",
        lacking="labels that clients choose would have no bound",
    ),
    everywhere(
        keys.INBOUND_CONNECT,
        "how long the program may take to accept a connection",
        duration,
        default="100ms",
        variable="INBOUND_CONNECT_TIMEOUT",
    ),
    everywhere(
        keys.OUTBOUND_CONNECT,
        "how long a peer may take to accept a connection",
        duration,
        default="1000ms",
        variable="OUTBOUND_CONNECT_TIMEOUT",
    ),
    everywhere(
        keys.INBOUND_CACHE,
        "how long the policy of an unused port is kept",
        duration,
        default="90s",
        variable="INBOUND_DISCOVERY_IDLE_TIMEOUT",
    ),
    everywhere(
        keys.OUTBOUND_CACHE,
        "how long an unused destination is kept",
        duration,
        default="5s",
        variable="OUTBOUND_DISCOVERY_IDLE_TIMEOUT",
    ),
    everywhere(
        keys.INBOUND_DETECT_FOREVER,
        "whether peers may take all their time to say the first word",
        syntax.boolean,
        default="false",
    ),
    everywhere(
        keys.OUTBOUND_DETECT_FOREVER,
        "whether the program may take all its time to say the first word",
        syntax.boolean,
        default="false",
    ),
)
