"""Lists that are read page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from .._model import Model
from .._operation import read
from .._responses import parsed
from .transport import AsyncTransport


class Page(Protocol):
    @property
    def data(self) -> Sequence[Any]: ...
    @property
    def next_cursor(self) -> str | None: ...


P = TypeVar("P", bound=Page)
T = TypeVar("T")


class AsyncPages(Generic[P, T]):
    """Iterates over all records of a list. Reads a page when it is needed. Each iteration starts again."""

    def __init__(
        self,
        transport: AsyncTransport,
        path: Sequence[str],
        query: Mapping[str, object],
        model: Callable[[Any], P],
        bind: Callable[[Any], T],
    ) -> None:
        self._transport = transport
        self._path = path
        self._query = query
        self._model = model
        self._bind = bind

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        async for page in self.pages():
            for record in page.data:
                yield self._bind(record)

    async def pages(self) -> AsyncGenerator[P, None]:
        """The pages, with their cursors."""
        query = dict(self._query)
        while True:
            page = parsed(await self._transport.send(read(*self._path, query=query)), self._model)
            yield page
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor


def unbound(record: T) -> T:
    return record


def data_of(record: Model) -> dict[str, Any]:
    """The record as it was received."""
    return record.model_dump(by_alias=True, exclude_unset=True)
