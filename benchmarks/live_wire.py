"""Owns a browser tab as the server sees it: one websocket that speaks Reflex's own wire, and costs little."""

import asyncio
import base64
import json
import os
import uuid
from collections.abc import Callable
from typing import Any

ROOT = "reflex___state____state"
PLAIN, LONG, LONGEST = 125, 126, 127


def handler_name(module: str, state: str, handler: str) -> str:
    """Write a handler's name as it stands on the wire."""
    return f"{ROOT}.{module.replace('.', '___')}____{state}.{handler}"


class Tab:
    """One open tab at a path, with the cookie of whoever looks at it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
        self._reader, self._writer, self._path = reader, writer, path
        self._reading: asyncio.Task[None] | None = None
        self._waiting: list[tuple[bytes, asyncio.Future[bytes]]] = []
        self.message_count = 0
        self.byte_count = 0
        self.on_message: Callable[[bytes], None] | None = None

    @classmethod
    async def open(
        cls,
        *,
        port: int,
        path: str,
        cookie: str = "",
        sign: bytes,
        on_message: Callable[[bytes], None] | None = None,
    ) -> "Tab":
        """Connect, hydrate and wait until what arrives contains a sign."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        head = [
            f"GET /_event/?token={uuid.uuid4()}&EIO=4&transport=websocket HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Origin: http://localhost:3000",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *([f"Cookie: {cookie}"] if cookie else []),
        ]
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer.split(b"\r\n", 1)[0]:
            raise ConnectionError(answer.split(b"\r\n", 1)[0].decode())
        tab = cls(reader, writer, path)
        tab.on_message = on_message
        await tab._message()
        tab._reading = asyncio.create_task(tab._read())
        hydrate = {"event": tab._event(f"{ROOT}.hydrate_and_load", {"vars": {}})}
        arrived = tab.wait_for(sign)
        tab._write("40/_event," + json.dumps(hydrate))
        await asyncio.wait_for(arrived, 60)
        return tab

    def wait_for(self, sign: bytes) -> "asyncio.Future[bytes]":
        """Return what resolves with the next message that contains a sign."""
        arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append((sign, arrived))
        return arrived

    async def send(self, name: str, payload: dict[str, Any], *, sign: bytes) -> bytes:
        """Send an event and wait for the answer that contains a sign."""
        arrived = self.wait_for(sign)
        self._write("42/_event," + json.dumps(["event", self._event(name, payload)]))
        return await asyncio.wait_for(arrived, 60)

    async def close(self) -> None:
        """Go away as a closed tab does."""
        if self._reading is not None:
            self._reading.cancel()
        self._writer.close()

    def _event(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": name,
            "payload": payload,
            "router_data": {"pathname": self._path, "asPath": self._path},
        }

    def _write(self, text: str) -> None:
        """Send one text message, masked as a client must; the mask of zeros changes nothing."""
        body = text.encode()
        size = len(body)
        if size <= PLAIN:
            head = bytes((0x81, 0x80 | size))
        elif size < 2**16:
            head = bytes((0x81, 0x80 | LONG)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x81, 0x80 | LONGEST)) + size.to_bytes(8, "big")
        self._writer.write(head + b"\0\0\0\0" + body)

    async def _message(self) -> bytes:
        """Read one whole message."""
        parts = []
        while True:
            first, second = await self._reader.readexactly(2)
            size = second & 0x7F
            if size == LONG:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            elif size == LONGEST:
                size = int.from_bytes(await self._reader.readexactly(8), "big")
            body = await self._reader.readexactly(size)
            if first & 0x0F == 8:
                raise ConnectionError("The server closed the socket.")
            if first & 0x0F in (9, 10):
                continue
            parts.append(body)
            if first & 0x80:
                return b"".join(parts)

    async def _read(self) -> None:
        while True:
            body = await self._message()
            if body == b"2":
                self._write("3")
                continue
            self.message_count += 1
            self.byte_count += len(body)
            if self.on_message is not None:
                self.on_message(body)
            if self._waiting:
                still = []
                for sign, arrived in self._waiting:
                    if sign in body and not arrived.done():
                        arrived.set_result(body)
                    elif not arrived.done():
                        still.append((sign, arrived))
                self._waiting = still
