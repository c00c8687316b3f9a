"""The query string of a request, checked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from hauberk.apiserver.selection import Selection, SelectorInvalid, parse_selection
from hauberk.apiserver.status import bad_request

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("", "0", "f", "F", "false", "FALSE", "False")


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """`resource_version` is None where the request names none; `timeout_s` None where it leaves that to the server."""

    selection: Selection
    limit: int = 0
    continuation: str = ""
    watch: bool = False
    resource_version: int | None = None
    bookmarks: bool = False
    initial_events: bool = False
    timeout_s: int | None = None


class _Preconditions(msgspec.Struct, frozen=True, rename="camel"):
    uid: str | None = None
    resource_version: str | None = None


class _DeleteBody(msgspec.Struct, frozen=True, rename="camel"):
    """Other fields (grace periods, propagation) mean nothing where objects go at once."""

    dry_run: Sequence[str] | None = None
    preconditions: _Preconditions | None = None


@dataclass(frozen=True, kw_only=True)
class DeleteOptions:
    """What a deletion insists on; None where it does not."""

    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False


def list_options(query: Mapping[str, str]) -> ListOptions:
    """Read the options of list, watch and deletecollection; raises Refused (400)."""
    try:
        selection = parse_selection(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    except SelectorInvalid as e:
        raise bad_request(str(e)) from None
    watch = _boolean(query, "watch")
    initial_events = _boolean(query, "sendInitialEvents")
    match = query.get("resourceVersionMatch", "")
    if match not in ("", "Exact", "NotOlderThan"):
        raise bad_request(f"resourceVersionMatch is {match!r}, neither Exact nor NotOlderThan")
    if initial_events and not (watch and match == "NotOlderThan"):
        raise bad_request("sendInitialEvents needs watch=true and resourceVersionMatch=NotOlderThan")
    if match == "Exact":
        raise bad_request("resourceVersionMatch=Exact is not supported: only the present state is kept")
    version = _number(query, "resourceVersion")
    return ListOptions(
        selection=selection,
        limit=_number(query, "limit") or 0,
        continuation=query.get("continue", ""),
        watch=watch,
        resource_version=version,
        bookmarks=_boolean(query, "allowWatchBookmarks"),
        initial_events=initial_events,
        timeout_s=_number(query, "timeoutSeconds"),
    )


def delete_options(body: object, query: Mapping[str, str]) -> DeleteOptions:
    """Read the options of delete and deletecollection, most of which come in the body; raises Refused (400)."""
    try:
        options = _DeleteBody() if body is None else msgspec.convert(body, _DeleteBody)
    except msgspec.ValidationError as e:
        raise bad_request(f"the body is not a DeleteOptions object: {e}") from None
    unknown = [value for value in options.dry_run or () if value != "All"]
    if unknown:
        raise bad_request(f"dryRun is {unknown[0]!r}: only All is supported")
    preconditions = options.preconditions or _Preconditions()
    return DeleteOptions(
        uid=preconditions.uid or None,
        resource_version=preconditions.resource_version or None,
        dry_run=bool(options.dry_run) or is_dry_run(query),
    )


def is_watch(query: Mapping[str, str]) -> bool:
    """Whether a collection is to be watched and not listed; raises Refused (400)."""
    return _boolean(query, "watch")


def is_dry_run(query: Mapping[str, str]) -> bool:
    """Whether nothing is to be written (`dryRun=All`); any other value is refused, lest something is."""
    value = query.get("dryRun", "")
    if value not in ("", "All"):
        raise bad_request(f"dryRun is {value!r}: only All is supported")
    return value == "All"


def _boolean(query: Mapping[str, str], name: str) -> bool:
    value = query.get(name, "")
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise bad_request(f"{name} is {value!r}, neither true nor false")


def _number(query: Mapping[str, str], name: str) -> int | None:
    value = query.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= 18):
        raise bad_request(f"{name} is {value!r}, not a number that is 0 or more")
    return int(value)
