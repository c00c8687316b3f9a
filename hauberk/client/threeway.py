"""What `apply` sends: the merge patch between what was applied last, what is wanted now and what is there. Pure.

As in kubectl's client-side apply, the manifest of the last apply is kept in an annotation, so that a field that was
taken out of the manifest is taken out of the object, while fields that others set stay.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def with_last_applied(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest with itself written down in its annotation."""
    bare = without_last_applied(manifest)
    text = msgspec.json.encode(bare, order="sorted").decode()
    metadata = dict(bare.get("metadata") or {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), LAST_APPLIED: text}
    return {**bare, "metadata": metadata}


def without_last_applied(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest as its author wrote it."""
    metadata = dict(manifest.get("metadata") or {})
    annotations = {k: v for k, v in (metadata.pop("annotations", None) or {}).items() if k != LAST_APPLIED}
    if annotations:
        metadata["annotations"] = annotations
    return {**manifest, "metadata": metadata}


def last_applied_of(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest that was applied last to this object; empty when there was none or it is unreadable."""
    text = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED, "")
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def merge_patch_for(*, last: Mapping[str, Any], wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch (RFC 7396) that makes `live` what `wanted` says; empty when it already is."""
    patch: dict[str, Any] = {}
    for key, value in wanted.items():
        there = live.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            before = last.get(key)
            nested = merge_patch_for(last=before if isinstance(before, Mapping) else {}, wanted=value, live=there)
            if nested:
                patch[key] = nested
        elif key not in live or there != value:
            patch[key] = value
    for key in last:
        if key not in wanted and key in live:
            patch[key] = None
    return patch
