"""Uvicorn's HTTP protocol with one thing more: the application may reset the connection that it is asked over.

`uvicorn app.sandbox.main:create_app --factory --http app.sandbox.protocol:ResettableProtocol`
"""

import socket
import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.sandbox.answers import RESET

_AT_ONCE = struct.pack("ii", 1, 0)


class ResettableProtocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {RESET: {"reset": self._reset}}

    def _reset(self) -> None:
        """With no time to linger the peer is told by RST, not by an orderly end; nothing that was buffered leaves."""
        if self.transport.is_closing():
            return
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()
