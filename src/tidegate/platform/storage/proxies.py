"""Choose the proxy of a request by curl's environment variables.

requests reads the same variables.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]
    getproxies_environment,
    proxy_bypass_environment,
)

from tidegate.core.errors import StorageError


@dataclass(frozen=True)
class Proxy:
    """A proxy for HTTP.

    Attributes:
        url: Scheme, host and port, without credentials: may be shown.
        headers: Headers for the proxy alone: the credentials; must not be shown.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)


def proxy_for(url: str) -> Proxy | None:
    """The proxy on the way to `url`; None for a direct connection.

    `HTTPS_PROXY` or `HTTP_PROXY` by the scheme of `url`, else `ALL_PROXY`; lower case wins over
    upper. `NO_PROXY` lists hosts and domains, with a port or without, networks (`10.0.0.0/8`) and
    `*`. Link-local addresses, where platforms keep their metadata, are always reached directly.

    Raises:
        StorageError: the variable names no HTTP proxy; its value, which may hold a password, is not
            repeated.
    """
    parts = urlsplit(url)
    proxies = getproxies_environment()
    kind = parts.scheme if proxies.get(parts.scheme) else "all"
    value = proxies.get(kind)
    if not value or _direct(parts.hostname or "", parts.netloc, proxies.get("no", "")):
        return None
    try:
        proxy = urlsplit(value if "://" in value else f"http://{value}")
        port = f":{proxy.port}" if proxy.port else ""
    except ValueError:
        proxy, port = urlsplit(""), ""
    if proxy.scheme not in ("http", "https") or not proxy.hostname:
        raise StorageError(
            f"{kind.upper()}_PROXY names no HTTP proxy; give http://host:port, or name "
            f"{parts.hostname} in NO_PROXY"
        )
    host = f"[{proxy.hostname}]" if ":" in proxy.hostname else proxy.hostname
    headers: Mapping[str, str] = {}
    if proxy.username is not None:
        user, password = unquote(proxy.username), unquote(proxy.password or "")
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {"proxy-authorization": f"Basic {pair}"}
    return Proxy(f"{proxy.scheme}://{host}{port}", headers)


def _direct(host: str, netloc: str, listed: str) -> bool:
    if proxy_bypass_environment(netloc):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_link_local or any(
        address in network for network in map(_network, listed.split(",")) if network
    )


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
