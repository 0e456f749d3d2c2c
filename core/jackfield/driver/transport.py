"""The only module that knows an HTTP client; a change of client is a change of this file.

It follows no redirect, keeps no cookie, reads no proxy variable or `.netrc`, always verifies TLS,
bounds every answer in time and size, and tells failures apart: could the vendor have acted?
"""

import asyncio
import contextlib
import logging
import os
import re
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeAlias

import httpcore
import httpx

from jackfield.driver.addresses import Reach
from jackfield.driver.wire import Answer, Limits, Wire
from jackfield.errors import ConfigurationError, InDoubt, NotSent, ProvisioningError, VendorBroken

__all__ = ["Answer", "AsyncTransport", "Limits", "SyncTransport", "Wire"]

_deadline_at: ContextVar[float] = ContextVar("deadline_at")
"""Monotonic instant at which the request of this thread or task must have ended."""

_IDLE_SECONDS = 30.0
_CLIENT_LOGS = ("httpcore.connection", "httpcore.http11")
_parsed = lru_cache(maxsize=16)(httpx.URL)
"""All creations of a cycle go to one URL, and to parse it takes long."""
_QUOTED = re.compile(r"""[: ]*(\bbytearray\(|(?<!\w)b?['"]).*""", re.DOTALL)
_NAME = re.compile(r"[a-z-]{1,20}")
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ProvisioningError)
_NOT_HTTP = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError)


class SyncTransport:
    """Sends one request at a time for each thread; safe to share between threads, and to fork with.

    A child that went on with its parent's connections would read the answers to its questions.
    """

    def __init__(self, limits: Limits, reach: Reach) -> None:
        self._limits, self._reach = limits, reach
        self._open()

    def _open(self) -> None:
        http = httpx.HTTPTransport(**_options(self._limits))
        http._pool._network_backend = _SyncNetwork(self._reach)  # noqa: SLF001 - no public parameter exists
        self._http = http
        self._process = os.getpid()  # last: until then other threads open one of their own

    def send(self, wire: Wire) -> Answer:
        """Send and return the answer.

        Raises: NotSent, InDoubt (the vendor may have acted), VendorBroken (the answer broke a
        bound), ConfigurationError (the certificate, or characters that HTTP does not allow).
        """
        mark = _deadline_at.set(time.monotonic() + self._limits.deadline_seconds)
        try:
            return self._send(wire)
        except _FAILURES as error:
            failure = _meaning(error, wire)
        finally:
            _deadline_at.reset(mark)
        # Out of the handler: the client's error and its frames hold whole headers and bodies.
        raise failure

    def _send(self, wire: Wire) -> Answer:
        if self._process != os.getpid():
            self._open()  # the parent's sockets are let go here, and stay open there
        response = self._http.handle_request(_request(wire, self._limits))
        try:
            body = _Body(response.headers, self._limits)
            for chunk in _sync_chunks(response):
                body.feed(chunk)
        finally:
            response.close()
        return Answer(response.status_code, _headers(response), body.finish())

    def close(self) -> None:
        self._http.close()


class AsyncTransport:
    """The same for tasks of one event loop; each request has a client of one connection.

    httpcore's asynchronous pool gives an idle connection to several requests, all but one of which
    queue again, and looks through all connections each time: that took longer than the requests.
    """

    def __init__(self, limits: Limits, reach: Reach) -> None:
        self._limits = limits
        self._options = _options(replace(limits, connections=1))
        self._network = _AsyncNetwork(reach)
        self._turns = asyncio.Semaphore(limits.connections)
        self._clients: set[httpx.AsyncHTTPTransport] = set()
        self._free: list[_Free] = []  # the longest unused first

    async def send(self, wire: Wire) -> Answer:
        """Send and return the answer; raises what `SyncTransport.send` raises."""
        mark = _deadline_at.set(time.monotonic() + self._limits.deadline_seconds)
        try:
            async with self._client(wire.origin) as client:
                return await self._send(wire, client)
        except _FAILURES as error:
            failure = _meaning(error, wire)
        finally:
            _deadline_at.reset(mark)
        # Out of the handler: the client's error and its frames hold whole headers and bodies.
        raise failure

    async def _send(self, wire: Wire, client: httpx.AsyncHTTPTransport) -> Answer:
        response = await client.handle_async_request(_request(wire, self._limits))
        try:
            body = _Body(response.headers, self._limits)
            async for chunk in _async_chunks(response):
                body.feed(chunk)
        finally:
            await response.aclose()
        return Answer(response.status_code, _headers(response), body.finish())

    @contextlib.asynccontextmanager
    async def _client(self, origin: str) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("every connection is in use") from None
        try:
            await self._close_one_unused()
            client = self._chosen(origin)
            try:
                yield client
            finally:
                self._free.append((origin, time.monotonic(), client))
        finally:
            self._turns.release()

    def _chosen(self, origin: str) -> httpx.AsyncHTTPTransport:
        known = [place for place, (last, *_) in enumerate(self._free) if last == origin]
        if known:
            return self._free.pop(known[-1])[2]
        if len(self._clients) == self._limits.connections:
            return self._free.pop(0)[2]  # it closes its connection to another origin
        client = httpx.AsyncHTTPTransport(**self._options)
        client._pool._network_backend = self._network  # noqa: SLF001 - no public parameter exists
        self._clients.add(client)
        return client

    async def _close_one_unused(self) -> None:
        if self._free and self._free[0][1] < time.monotonic() - _IDLE_SECONDS:
            self._clients.remove(client := self._free.pop(0)[2])
            await client.aclose()

    async def aclose(self) -> None:
        for client in tuple(self._clients):
            await client.aclose()


_Free: TypeAlias = tuple[str, float, httpx.AsyncHTTPTransport]  # last origin, unused since, client


def _options(limits: Limits) -> dict[str, Any]:
    for name in _CLIENT_LOGS:
        logging.getLogger(name).addFilter(_is_not_ours)
    return {
        "verify": _trust(),
        "trust_env": False,
        "limits": httpx.Limits(
            max_connections=limits.connections,
            max_keepalive_connections=limits.connections,
            keepalive_expiry=_IDLE_SECONDS,
        ),
    }


def _is_not_ours(_: logging.LogRecord) -> bool:
    """Drop what httpcore logs of our requests: answer headers hold cookies, tokens and queries."""
    return _deadline_at.get(None) is None


def _trust() -> ssl.SSLContext:
    context = httpx.create_ssl_context(verify=True, trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.keylog_filename = None  # type: ignore[assignment]  # SSLKEYLOGFILE would tell secrets
    return context


def _request(wire: Wire, limits: Limits) -> httpx.Request:
    timeout = httpx.Timeout(limits.deadline_seconds, connect=limits.connect_seconds)
    return httpx.Request(
        wire.method,
        _parsed(wire.url),
        headers=dict(wire.headers),
        content=wire.content,
        extensions={"timeout": timeout.as_dict()},
    )


def _sync_chunks(response: httpx.Response) -> Iterator[bytes]:
    if response.is_stream_consumed:  # a replayed recording comes whole
        return iter([response.content])
    return response.iter_raw()


def _async_chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:
        return _whole(response.content)
    return response.aiter_raw()


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _meaning(error: Exception, wire: Wire) -> Exception:
    """Return our error for the client's: never left, in doubt, or never sendable."""
    if isinstance(error, ProvisioningError):
        return error.with_traceback(None)
    host = httpx.URL(wire.url).host if "\n" not in wire.url else "the vendor"
    if isinstance(error, _NOT_HTTP):
        return ConfigurationError(f"a request to {host} holds characters that HTTP does not allow")
    if _is_untrusted(error):
        return ConfigurationError(f"the certificate of {host} is not trusted: {error}")
    if isinstance(error, _NEVER_LEFT):
        return NotSent(f"{host} cannot be reached: {_said(error)}")
    return InDoubt(f"{host} did not answer in full: {_said(error)}")


def _said(error: Exception) -> str:
    """Return the client's words without the bytes that it quotes: they may be a token."""
    return _QUOTED.sub("", str(error)) or type(error).__name__


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


@dataclass(slots=True, repr=False)
class _Body:
    """Collects an answer's body, unpacked, up to the cap: 48 KB may unpack to 50 MB."""

    headers: Mapping[str, str]
    limits: Limits
    _received: int = 0
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0
    _unzip: Any = None

    def __post_init__(self) -> None:
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding == "gzip":
            self._unzip = zlib.decompressobj(wbits=31)
        elif encoding not in {"", "identity"}:
            shown = f" {encoding!r}" if _NAME.fullmatch(encoding) else ""
            raise VendorBroken(f"the vendor sent the encoding{shown}, which was not asked for")

    def feed(self, chunk: bytes) -> None:
        self._received += len(chunk)
        room = self.limits.body_bytes - self._size + 1
        try:
            part = self._unzip.decompress(chunk, room) if self._unzip else chunk
        except zlib.error:
            raise httpx.DecodingError("the compressed answer is damaged") from None
        self._size += len(part)
        if self._size > self.limits.body_bytes:
            raise VendorBroken(f"the answer is larger than {self.limits.body_bytes} bytes")
        self._parts.append(part)

    def finish(self) -> bytes:
        if self._unzip and self._received and not self._unzip.eof:
            raise httpx.DecodingError("the compressed answer is cut short")
        return b"".join(self._parts)


def _remaining(timeout: float | None, late: type[Exception] = httpcore.ReadTimeout) -> float:
    """Return the seconds a socket operation may take: a drip must not outlast the whole."""
    left = _deadline_at.get() - time.monotonic()
    if left <= 0:
        raise late("the deadline of the request has passed")
    return left if timeout is None else min(timeout, left)


class _SyncStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _remaining(timeout, httpcore.ConnectTimeout)
        inner = self._stream.start_tls(ssl_context, server_hostname, left)
        return _SyncStream(inner)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _SyncNetwork(httpcore.NetworkBackend):
    """Connects to the addresses that were checked; SNI and Host keep the name."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        last: Exception | None = None
        for address in _resolved(self._reach, host, port):
            left = _remaining(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._network.connect_tcp(address, port, left, *args, **kwargs)
                return _SyncStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError("the name has no address")


def _resolved(reach: Reach, host: str, port: int) -> Sequence[str]:
    try:
        return reach.addresses(host, port)
    except OSError as error:
        raise httpcore.ConnectError(f"the name is unknown: {error.strerror}") from None


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, _remaining(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, _remaining(timeout))

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = _remaining(timeout, httpcore.ConnectTimeout)
        inner = await self._stream.start_tls(ssl_context, server_hostname, left)
        return _AsyncStream(inner)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _AsyncNetwork(httpcore.AsyncNetworkBackend):
    """The same for tasks; names are looked up in a thread."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        last: Exception | None = None
        for address in await asyncio.to_thread(_resolved, self._reach, host, port):
            left = _remaining(timeout, httpcore.ConnectTimeout)
            try:
                stream = await self._network.connect_tcp(address, port, left, *args, **kwargs)
                return _AsyncStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError("the name has no address")
