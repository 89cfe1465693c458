"""A mail server that takes one conversation at a time and answers as it is told."""

import socket
import threading
from collections.abc import Iterable
from typing import Self


class FakeMailServer:
    """Speaks just enough SMTP. `replies` maps a step to what it answers instead.

    Steps: `greeting`, `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA` and `end` (of the mail). The
    reply `hang up` closes the connection instead of answering.
    """

    def __init__(self, **replies: str) -> None:
        self.mails: list[bytes] = []
        self.commands: list[str] = []
        self._replies = replies
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    @property
    def address(self) -> str:
        """Host and port, for an SMTP_URL."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            if not self._answer(connection, "greeting", "220 fake"):
                return
            for line in lines:
                self.commands.append(line.decode().strip())
                verb = line.decode().split()[0].upper()
                usual = {
                    "EHLO": "250-fake\r\n250 AUTH PLAIN",
                    "AUTH": "235 welcome",
                    "DATA": "354 go on",
                    "QUIT": "221 bye",
                }
                if not self._answer(connection, verb, usual.get(verb, "250 ok")):
                    return
                if verb == "DATA" and self._replies.get("DATA", "3").startswith("3"):
                    self.mails.append(_read_mail(lines))
                    if not self._answer(connection, "end", "250 taken"):
                        return

    def _answer(self, connection: socket.socket, step: str, usual: str) -> bool:
        reply = self._replies.get(step, usual)
        if reply == "hang up":
            return False
        connection.sendall(reply.encode() + b"\r\n")
        return True


def _read_mail(lines: Iterable[bytes]) -> bytes:
    mail = b""
    for line in lines:
        if line == b".\r\n":
            break
        mail += line.removeprefix(b".") if line.startswith(b"..") else line
    return mail
