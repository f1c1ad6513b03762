"""A path between stations and their broker that can be cut without a word, as a switch that hangs does."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class CuttablePath:
    """Forwards TCP from a port of its own to ``port``; while cut nothing moves and nothing is closed."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._carries = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="path", daemon=True)
        self.port = 0

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()
        self._on_loop(self._listen())

    def stop(self) -> None:
        """Close everything."""
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """From now on no packet passes."""
        self._loop.call_soon_threadsafe(self._carries.clear)

    def mend(self) -> None:
        """Packets pass again, those that waited too."""
        self._loop.call_soon_threadsafe(self._carries.set)

    def _on_loop(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        self._carries.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        writers = [back]
        try:
            await self._carries.wait()
            far, forth = await asyncio.open_connection("127.0.0.1", self._target)
            writers.append(forth)
            both = [asyncio.create_task(self._pump(near, forth)), asyncio.create_task(self._pump(far, back))]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for pump in both:
                pump.cancel()
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            for writer in writers:
                with contextlib.suppress(OSError):
                    writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self._carries.wait()
                sink.write(data)
                await sink.drain()
