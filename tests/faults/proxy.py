"""A TCP proxy before Postgres or Redis that can refuse, hang and cut connections at any moment."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Literal, Self

Mode = Literal["pass", "refuse", "hang", "slow"]
Upstream = tuple[str, int] | str
"""Host and port, or the path of a unix socket."""

SLOW_SECONDS = 0.4
_CHUNK = 65536


class TcpProxy:
    """Listens at a loopback port for as long as `with` lasts; `port` stays the same through all modes.

    pass    everything is forwarded
    refuse  nobody listens and open connections are ended: what a stopped server looks like
    hang    connections are made and stay open, not a byte passes: a frozen server or a dead network
    slow    whatever the server says comes SLOW_SECONDS late
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._is_slow = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.set_mode("pass")
        return self

    def __exit__(self, *exc: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set_mode(self, mode: Mode) -> None:
        self._call(self._change(mode))

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _change(self, mode: Mode) -> None:
        self._is_slow = mode == "slow"
        if mode == "hang":
            self._flowing.clear()
        else:
            self._flowing.set()
        if mode == "refuse":
            await self._stop_listening()
        elif self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=256)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def _close(self) -> None:
        self._flowing.set()
        await self._stop_listening()
        if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(tasks, timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._flowing.wait()
            upstream_reader, upstream_writer = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        finally:
            self._writers.discard(writer)
        pair = {writer, upstream_writer}
        self._writers |= pair
        try:
            await asyncio.gather(
                self._pump(reader, upstream_writer), self._pump(upstream_reader, writer, is_answer=True)
            )
        finally:
            self._writers -= pair
            for each in pair:
                each.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, str):
            return await asyncio.open_unix_connection(self._upstream)
        return await asyncio.open_connection(*self._upstream)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        """Forward until either end closes; the end of one direction ends the connection."""
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._flowing.wait()
                if is_answer and self._is_slow:
                    await asyncio.sleep(SLOW_SECONDS)
                writer.write(data)
                await writer.drain()
        writer.close()
