"""Parameters of lists, by keyword."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict


class PageOptions(TypedDict, total=False):
    """Options of every list."""

    #: Records per page. The iterator reads further pages as needed.
    limit: int
    #: Start after this position, the `next_cursor` of a page.
    cursor: str


class RecordFilters(PageOptions, total=False):
    """Filters of jobs and environments."""

    status: str | Sequence[str]
    #: All must match.
    label: Mapping[str, str]
    provider: str
    connection_id: str
    remote_id: str
    active: bool
    name_prefix: str
    created_after: datetime | str
    created_before: datetime | str
    ids: Sequence[str]
    #: `asc` or `desc` by creation time.
    order: str
    #: `full` includes large fields such as `script`.
    view: str


class JobFilters(RecordFilters, total=False):
    environment_id: str


class RecordEventFilters(PageOptions, total=False):
    #: Sequence number after which to start.
    after: int


class ConnectionFilters(PageOptions, total=False):
    provider: str


class DeliveryFilters(PageOptions, total=False):
    status: str


class ProjectFilters(PageOptions, total=False):
    project_id: str


class AuditFilters(ProjectFilters, total=False):
    subject: str
    object_id: str
    action: str


class AuditExportFilters(TypedDict, total=False):
    project_id: str
    subject: str
    object_id: str
    action: str
    #: Id of the last entry received.
    after: str


class AttentionFilters(ProjectFilters, total=False):
    #: `parked`, `unknown` or `recovering`; the first two if absent.
    state: Sequence[str]
    provider: str
    connection_id: str
    kind: str
    code: str
    since_before: datetime | str


class CreationHoldFilters(PageOptions, total=False):
    active: bool
