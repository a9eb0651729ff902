"""A mail server on a real socket that keeps what it is sent (of RFC 5321 as much as smtplib needs)."""

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self


class FakeSmtp:
    """Listens on a loopback port within `with`. `refusing`: every sender is turned away for now (451)."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusing = False
        self.changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.fake = self
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What EMAIL_URL is set to."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def subjects(self) -> list[str]:
        return [message["Subject"].strip() for message in self.messages]

    def take(self, raw: bytes) -> None:
        message = message_from_bytes(raw, policy=policy.default)
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    fake: FakeSmtp


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self._say("220 fake")
        for line in self.rfile:
            command = line.strip().upper()
            if command.startswith(b"QUIT"):
                self._say("221 bye")
                return
            if command.startswith(b"MAIL") and self.server.fake.refusing:
                self._say("451 not now")
            elif command == b"DATA":
                self._say("354 go on")
                self.server.fake.take(self._body())
                self._say("250 kept")
            else:
                self._say("250 fine")

    def _body(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
