"""Real servers of git for tests: its own http backend behind http or https, and OpenSSH's server for one connection."""

import base64
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

from tests import processes

SSHD = "/usr/sbin/sshd"


class Web:
    """A server of the bare repositories in a folder, who has to name the token where there is one."""

    def __init__(self, folder: Path, token: str | None, certificate: Path | None) -> None:
        self.heard: list[str] = []
        """users and passwords as they were given, "" for none"""
        self.seen: set[str] = set()
        """the words of every process that there was while it was asked: who asks, and who has begun that one"""
        backend = _backend(folder, token, self.heard, self.seen)
        self._server = _Closing(("127.0.0.1", 0), backend)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["Web"]:
        with _serving(self._server):
            yield self


class _Closing(ThreadingHTTPServer):
    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Say goodbye where there is TLS: git takes an end without it for a broken one."""
        if isinstance(request, ssl.SSLSocket):
            with suppress(OSError):
                request.unwrap()
        super().shutdown_request(request)


def _backend(folder: Path, token: str | None, heard: list[str], seen: set[str]) -> type[BaseHTTPRequestHandler]:
    class Backend(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "").removeprefix("Basic ")
            heard.append(base64.b64decode(given).decode())
            seen.update(processes.command(pid) for pid in processes.pids())
            if token is not None and heard[-1].partition(":")[2] != token:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            self._ask_git()

        do_POST = do_GET

        def _ask_git(self) -> None:
            path, _, query = self.path.partition("?")
            environ = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = subprocess.run(
                ["git", "http-backend"], input=body, env=environ, capture_output=True, timeout=60, check=True
            ).stdout
            head, _, answer = said.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    return Backend


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody but its owner has signed, with its key."""
    made = folder / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(made), "-out", str(folder / "signed.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    made.write_bytes(made.read_bytes() + (folder / "signed.pem").read_bytes())
    return made


class Ssh:
    """OpenSSH's server, started for each connection, and an `ssh` that knows its key and nothing of the user's."""

    def __init__(self, folder: Path) -> None:
        self.key, host, stranger = (_key(folder / name) for name in ("user", "host", "stranger"))
        self.other_key = stranger
        allowed, settings = folder / "allowed", folder / "sshd_config"
        shutil.copy(f"{self.key}.pub", allowed)
        settings.write_text(
            f"HostKey {host}\nAuthorizedKeysFile {allowed}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "PermitRootLogin prohibit-password\nLogLevel QUIET\nPidFile none\n"
        )
        self._server = ThreadingTCPServer(("127.0.0.1", 0), _one_sshd(settings))
        self._server.daemon_threads = False
        port = self._server.server_address[1]
        user = pwd.getpwuid(os.getuid()).pw_name
        self.url = f"ssh://{user}@127.0.0.1:{port}"
        known, client, self.bin = folder / "known_hosts", folder / "ssh_config", folder / "ssh-bin"
        known.write_text(f"[127.0.0.1]:{port} {Path(f'{host}.pub').read_text()}")
        client.write_text(f"UserKnownHostsFile {known}\nGlobalKnownHostsFile /dev/null\nIdentityFile none\n")
        self.known = known
        self.bin.mkdir()
        (self.bin / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {client} "$@"\n')
        (self.bin / "ssh").chmod(0o755)

    @contextmanager
    def serving(self) -> Iterator["Ssh"]:
        with _serving(self._server):
            yield self


def _one_sshd(settings: Path) -> type[StreamRequestHandler]:
    class OneSshd(StreamRequestHandler):
        def handle(self) -> None:
            if os.getuid() == 0:  # where it puts away its privileges; made at each start of the machine's own
                os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
            command = [SSHD, "-i", "-e", "-f", str(settings)]
            subprocess.run(
                command, stdin=self.connection, stdout=self.connection, stderr=sys.stderr, timeout=60, check=False
            )

    return OneSshd


def _key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@contextmanager
def _serving(server: ThreadingTCPServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
