"""Address of the service and authentication."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

import httpx

__version__ = version("switchyard-client")


@dataclass(frozen=True)
class Settings:
    base_url: httpx.URL
    headers: Mapping[str, str] = field(repr=False)


def settings_of(url: str | None, api_key: str | None) -> Settings:
    """Settings from arguments or the environment. Messages never contain the key."""
    key = (api_key or os.environ.get("SWITCHYARD_API_KEY", "")).strip()
    if not key:
        raise ValueError("No API key: pass api_key, or set SWITCHYARD_API_KEY.")
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("The API key has characters that no key has, such as spaces. Pass the key as it was issued.")
    headers = {"authorization": f"Bearer {key}", "user-agent": f"switchyard-client-python/{__version__}"}
    return Settings(base_url_of((url or os.environ.get("SWITCHYARD_URL", "")).strip()), headers)


def base_url_of(text: str) -> httpx.URL:
    if not text:
        raise ValueError("No URL: pass url, or set SWITCHYARD_URL, for example to http://127.0.0.1:8080.")
    try:
        url = httpx.URL(text.rstrip("/") + "/")
    except httpx.InvalidURL as error:
        raise ValueError(f"The URL is not valid: {error}. Pass one such as https://example.com/switchyard.") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise ValueError(
            "The URL needs http or https and a host, and has no user, query or fragment. "
            "Pass one such as https://example.com/switchyard."
        )
    return url
