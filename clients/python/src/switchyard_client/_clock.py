"""Time and waiting, in the forms of both clients. Tests replace the members of this module."""

from __future__ import annotations

import asyncio
import time


def monotonic() -> float:
    return time.monotonic()


async def async_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


def sleep(seconds: float) -> None:
    time.sleep(seconds)
