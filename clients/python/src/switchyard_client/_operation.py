"""A request to the service, before it is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Operation:
    method: str
    #: Relative to the base URL, which may have a path.
    path: str
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    #: JSON; None = no body.
    body: object = None
    #: Executing it twice has the same effect as once.
    is_repeatable: bool = True
    #: Maximum time of a long poll.
    wait_s: float = 0.0
    #: Maximum time for the response, if shorter than usual.
    within_s: float = math.inf
    #: It deletes the record, and the response has no body: a repetition that does not find it has succeeded.
    is_removal: bool = False

    def timeout(self, usual_s: float) -> httpx.Timeout:
        """The limit of each step of an attempt, of which only reading includes the long poll."""
        return httpx.Timeout(min(usual_s, self.within_s), read=min(usual_s + self.wait_s, self.within_s))


def read(
    *path: str, query: Mapping[str, object] | None = None, wait_s: float = 0, within_s: float = math.inf
) -> Operation:
    """A GET. `wait_s` asks the service to wait until the record is done."""
    headers = {"prefer": f"wait={int(wait_s)}"} if wait_s >= 1 else {}
    return Operation("GET", path_of(path), query_of(query or {}), headers, wait_s=wait_s, within_s=within_s)


def create(*path: str, body: object, idempotency_key: str | None = None) -> Operation:
    """A POST that the service executes once for each key."""
    headers = {"idempotency-key": idempotency_key or str(uuid4())}
    return Operation("POST", path_of(path), headers=headers, body=json_of(body))


def remove(*path: str, if_version: int | None = None) -> Operation:
    """A DELETE that removes the record."""
    return replace(change("DELETE", *path, if_version=if_version), is_removal=True)


def change(
    method: str,
    *path: str,
    body: object = None,
    if_version: int | None = None,
    query: Mapping[str, object] | None = None,
    is_repeatable: bool = True,
) -> Operation:
    """Any other change. With `if_version`, a repetition would be rejected, so it is not repeated."""
    headers = {} if if_version is None else {"if-match": f'"{if_version}"'}
    sent = None if body is None else json_of(body)
    return Operation(
        method, path_of(path), query_of(query or {}), headers, sent, is_repeatable and if_version is None
    )  # fmt: skip


def path_of(segments: Sequence[str]) -> str:
    for segment in segments:
        if not segment.strip("."):
            raise ValueError(f"{segment!r} is not an id: it is empty or consists of dots. Pass the id of a record.")
    return "/".join(quote(segment, safe="") for segment in segments)


def query_of(parameters: Mapping[str, object]) -> Query:
    """Parameters in the form of the API: `created_after` is sent as `createdAfter`; None is omitted."""
    return [(camel(name), text) for name, value in parameters.items() for text in texts_of(value)]


def texts_of(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, datetime):
        return [value.isoformat()]
    if isinstance(value, Mapping):
        return [f"{key}:{each}" for key, each in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [text for each in value for text in texts_of(each)]
    return [str(value)]


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


def json_of(value: object) -> Any:
    """A request as JSON. Of a model, only the fields that were given: an absent field differs from a null."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, Mapping):
        return {str(key): json_of(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_of(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value
