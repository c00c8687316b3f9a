"""A mesh in a few lines: takes resources, answers questions as text, and checks every message strictly."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import strict
import yaml
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from resources import load

from hauberk._api.linkerd import destination_pb2, inbound_pb2, outbound_pb2
from hauberk.catalog.join import Join
from hauberk.catalog.kinds import Resource
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, parse_authority
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.destination import resolve
from hauberk.destination import wire as destination_wire
from hauberk.destination.answer import Candidates, Endpoints
from hauberk.destination.choose import NOWHERE, Place, seen_from
from hauberk.destination.profile import profile
from hauberk.policy import decide, outbound
from hauberk.policy import wire as policy_wire

STORE = "store-1"


class World:
    """A catalog, its revision, and the streams that were opened on it."""

    def __init__(self, mesh: Mesh | None = None) -> None:
        self.mesh = mesh or Mesh()
        self.join = Join()
        self.revision = 0
        self._watched: dict[tuple[str, Place], tuple[resolve.Question, Endpoints]] = {}

    @property
    def snapshot(self) -> Snapshot:
        return self.join.at(Version(STORE, self.revision))

    def put(self, *resources: Resource) -> str:
        for resource in resources:
            self.revision += 1
            self.join.put(resource)
        return self._changes()

    def put_yaml(self, text: str) -> str:
        return self.put(*(load(document) for document in yaml.safe_load_all(text)))

    def delete(self, kind: str, namespace: str, name: str, group: str = "") -> str:
        self.revision += 1
        found = [n for n in self.join._held if n[1:] == (kind, namespace, name) and group in ("", n[0])]
        assert len(found) == 1, f"{kind} {namespace}/{name} is held {len(found)} times"
        self.join.delete(self.join._held[found[0]])
        return self._changes()

    def endpoints(self, path: str, place: Place = NOWHERE) -> str:
        question = resolve.question_of(self.mesh, authority(path))
        if isinstance(question, Refusal):
            return shown_refusal(question)
        answer = resolve.resolve(self.mesh, self.snapshot, question)
        if isinstance(answer, Refusal):
            return shown_refusal(answer)
        return shown_all(destination_pb2.Update, destination_wire.whole(seen_from(answer, place)))

    def watch(self, path: str, place: Place = NOWHERE) -> str:
        """Opens a stream whose updates are shown after each change."""
        question = resolve.question_of(self.mesh, authority(path))
        assert isinstance(question, resolve.Question)
        answer = self._seen(question, place)
        self._watched[path, place] = (question, answer)
        return shown_all(destination_pb2.Update, destination_wire.whole(answer))

    def profile(self, path: str) -> str:
        answer = profile(self.mesh, self.snapshot, authority(path))
        if isinstance(answer, Refusal):
            return shown_refusal(answer)
        return shown_all(destination_pb2.DestinationProfile, [destination_wire.profile(answer)])

    def inbound(self, namespace: str, pod: str, port: int) -> str:
        answer = decide.decide(self.mesh, self.snapshot, decide.Question(namespace, pod, port))
        if isinstance(answer, Refusal):
            return shown_refusal(answer)
        return shown_all(inbound_pb2.Server, [policy_wire.server(answer)])

    def outbound(self, path: str, namespace: str = "default") -> str:
        answer = outbound.outbound(self.mesh, self.snapshot, outbound.Question(authority(path), namespace))
        if isinstance(answer, Refusal):
            return shown_refusal(answer)
        return shown_all(outbound_pb2.OutboundPolicy, [policy_wire.outbound(answer)])

    def _changes(self) -> str:
        lines = [f"revision {self.revision}"]
        for (path, place), (question, old) in self._watched.items():
            new = self._seen(question, place)
            if new != old:
                self._watched[path, place] = (question, new)
                where = f"{path}:" if place == NOWHERE else f"{path} from {place.node} in {place.zone}:"
                lines += [where, shown_all(destination_pb2.Update, destination_wire.changes(old, new))]
        return "\n".join(lines)

    def _seen(self, question: resolve.Question, place: Place) -> Endpoints:
        answer = resolve.resolve(self.mesh, self.snapshot, question)
        assert isinstance(answer, Candidates)
        return seen_from(answer, place)


def authority(path: str) -> Authority:
    parsed = parse_authority(path)
    assert parsed is not None, f"{path} is not HOST:PORT"
    return parsed


def shown_refusal(refusal: Refusal) -> str:
    return f"{refusal.reason}: {refusal.message}"


def shown_all(of: type[Message], bodies: Iterable[bytes]) -> str:
    return "\n---\n".join(shown(of.FromString(body)) for body in bodies)


def shown(message: Message) -> str:
    """The message as YAML, addresses as people write them."""
    strict.check(message)
    fields = _plain(MessageToDict(message, preserving_proto_field_name=True))
    text: str = yaml.safe_dump(fields, default_flow_style=None, sort_keys=False, width=110)
    return text.rstrip("\n") if fields else "(empty)"


def _plain(value: Any) -> Any:
    match value:
        case {"ipv4": int(number)}:
            return str(IPv4Address(number))
        case {"ipv6": dict(halves)}:
            return str(IPv6Address(int(halves.get("first", 0)) << 64 | int(halves.get("last", 0))))
        case {"ip": ip, "port": port} if len(value) == 2:
            return f"{_plain(ip)}:{port}"
        case {"ip": ip, **rest} if not rest.keys() - {"prefix_len"}:
            return f"{_plain(ip)}/{rest.get('prefix_len', 0)}"
        case dict():
            # A map has no order of its own.
            return {k: dict(sorted(v.items())) if k in _MAPS else _plain(v) for k, v in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value


_MAPS = {"labels", "metric_labels"}
