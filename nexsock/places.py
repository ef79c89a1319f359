"""Where nexsock keeps its things: the one reader of the XDG_* and NEXSOCK_* folder variables.

Plain strings and `os` only: the launcher of the hot commands loads this before anything else.

    config_dir    ~/.config/nexsock          settings (config.yaml), plugins
    state_dir     ~/.local/state/nexsock     one folder a project: store, logs; the daemon's log and lock
    runtime_dir   $XDG_RUNTIME_DIR/nexsock   socket, FIFOs, the last good project (private, gone at logout)

`NEXSOCK_HOME=DIR` puts all three below one folder (config, state, run): tests, trials, a second daemon.
"""

import os

TYPE_CHECKING = False  # typing and collections.abc cost the launcher milliseconds and are needed by no line that runs
if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET_PATH_LIMIT = 107
"""Bytes that fit in sockaddr_un.sun_path with its closing zero (unix(7)); longer paths go through /proc/self/fd."""


class Places:
    """The folders of one user. Nothing is created here: see `make_private`."""

    __slots__ = ("config_dir", "runtime_dir", "state_dir")

    def __init__(self, config_dir: str, state_dir: str, runtime_dir: str) -> None:
        self.config_dir = config_dir
        self.state_dir = state_dir
        self.runtime_dir = runtime_dir

    @property
    def socket(self) -> str:
        return self.runtime_dir + "/nexsockd.sock"

    @property
    def lock(self) -> str:
        """In the state folder, which is what only one daemon may use; the runtime folder can be emptied under it."""
        return self.state_dir + "/daemon.lock"

    @property
    def daemon_log(self) -> str:
        return self.state_dir + "/nexsockd.log"

    @property
    def ports(self) -> str:
        """The table of reserved port numbers."""
        return self.state_dir + "/ports.json"

    @property
    def secrets_key(self) -> str:
        """What the digests of secrets are keyed with."""
        return self.state_dir + "/secrets.key"

    @property
    def notify_dir(self) -> str:
        """Where services tell how they are: directly below, because a socket's path must be short."""
        return self.runtime_dir + "/notify"

    @property
    def tunnels_dir(self) -> str:
        """Where the relay is found, and what it reaches through ssh."""
        return self.runtime_dir + "/tunnels"

    def web_token(self, port: int) -> str:
        """What programs show to the web process at a port."""
        return f"{self.runtime_dir}/web/{port}.token"

    def web_door(self, port: int) -> str:
        """A page that leads a browser into the web at a port."""
        return f"{self.runtime_dir}/web/{port}.html"

    @property
    def settings_file(self) -> str:
        return self.config_dir + "/config.yaml"

    @property
    def plugins_dir(self) -> str:
        """Where the user's plugins are, unless the settings name another folder."""
        return self.config_dir + "/plugins"

    @property
    def plugins_state(self) -> str:
        """What plugins print and what they keep."""
        return self.state_dir + "/plugins"

    def project_state(self, project_id: str) -> str:
        """Folder of a project's store; below it `logs/`."""
        return f"{self.state_dir}/projects/{project_id}"

    def project_logs(self, project_id: str) -> str:
        return f"{self.state_dir}/projects/{project_id}/logs"

    def project_secrets(self, project_id: str) -> str:
        """Folder of the secrets that a project's runs were given."""
        return f"{self.runtime_dir}/projects/{project_id}/secrets"

    def project_runtime(self, project_id: str) -> str:
        """Folder of a project's FIFOs and its last good resolved file."""
        return f"{self.runtime_dir}/projects/{project_id}"

    def project_memory(self, project_id: str) -> str:
        """That file: what the next brain goes on with (daemon.recall)."""
        return f"{self.runtime_dir}/projects/{project_id}/project.msgpack"

    def remembered(self) -> list[str]:
        """The ids of the projects that the next brain goes on with."""
        try:
            known = os.listdir(self.runtime_dir + "/projects")
        except OSError:
            return []
        return [project_id for project_id in known if os.path.exists(self.project_memory(project_id))]


def from_environ(environ: "Mapping[str, str]", uid: int) -> Places:
    """The folders that the variables say. A relative or empty variable counts as unset (XDG Base Directory 0.8)."""
    if one_root := _absolute(environ, "NEXSOCK_HOME"):
        return Places(
            _absolute(environ, "NEXSOCK_CONFIG_DIR") or one_root + "/config", one_root + "/state", one_root + "/run"
        )
    home = _absolute(environ, "HOME") or os.path.expanduser("~")
    config_dir = (
        _absolute(environ, "NEXSOCK_CONFIG_DIR")
        or (_absolute(environ, "XDG_CONFIG_HOME") or home + "/.config") + "/nexsock"
    )
    state_dir = (_absolute(environ, "XDG_STATE_HOME") or home + "/.local/state") + "/nexsock"
    return Places(config_dir, state_dir, _runtime_dir(environ, uid, state_dir))


def _absolute(environ: "Mapping[str, str]", name: str) -> str | None:
    value = environ.get(name, "")
    return value.rstrip("/") or "/" if value.startswith("/") else None


def _runtime_dir(environ: "Mapping[str, str]", uid: int, state_dir: str) -> str:
    """Never a shared folder such as /tmp, where another user could squat the name."""
    named = _absolute(environ, "XDG_RUNTIME_DIR")
    usual = f"/run/user/{uid}"
    for candidate in (named, usual):
        if candidate and _owned_folder(candidate, uid):
            return candidate + "/nexsock"
    return state_dir + "/run"


def _owned_folder(path: str, uid: int) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return found.st_uid == uid and (found.st_mode & 0o170022) == 0o040000


def make_private(path: str, uid: int) -> None:
    """Create a folder that only `uid` can use, with its parents, or verify the one that is there.

    Raises:
        PermissionError: it is a link, another user's, or open to others; the text says the command that mends it.
    """
    parent = os.path.dirname(path)
    if parent and not os.path.isdir(parent):
        os.makedirs(parent, mode=0o700, exist_ok=True)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    found = os.lstat(path)
    if (found.st_mode & 0o170000) != 0o040000 or found.st_uid != uid:
        raise PermissionError(f"{path} is not a folder of user {uid}: move it away, or set NEXSOCK_HOME")
    if found.st_mode & 0o077:
        raise PermissionError(f"{path} is open to other users: run 'chmod 700 {path}'")


def leads_out(path: str, folder: str) -> bool:
    """Whether a path, which need not be there, lies outside a folder once every link in it is followed."""
    if "\0" in path:  # it leads nowhere
        return False
    return not (os.path.realpath(path) + "/").startswith(os.path.realpath(folder).rstrip("/") + "/")


def socket_address(path: str) -> tuple[str, int | None]:
    """An address of any length for a Unix socket.

    Returns:
        (address, descriptor): use the address while the descriptor of its folder, if any, is open; then close it.
    """
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path, None
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return f"/proc/self/fd/{folder}/{os.path.basename(path)}", folder
