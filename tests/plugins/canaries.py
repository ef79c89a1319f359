"""What hostile plugins must not touch."""

import socket
from pathlib import Path

SECRET = "canary-6c1f"


class Canaries:
    """What no script may touch: a file with a secret in it, a variable, and a listener."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.file = folder / "canary"
        self.file.write_text(SECRET)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)

    def aimed_at(self, script: str) -> str:
        """The script of an attack with these in it."""
        port = str(self.listener.getsockname()[1])
        return script.replace("@FILE@", str(self.file)).replace("@PORT@", port)

    def touched(self, told: str) -> list[str]:
        """What of them has been touched, or is told of."""
        found = [f"{path.name} was made" for path in self.file.parent.iterdir() if path != self.file]
        if not self.file.exists() or self.file.read_text() != SECRET:
            found.append("the file was changed")
        if SECRET in told:
            found.append("the secret was told")
        try:
            self.listener.accept()[0].close()
            found.append("the listener was called")
        except BlockingIOError:
            pass
        return found

    def close(self) -> None:
        self.listener.close()
