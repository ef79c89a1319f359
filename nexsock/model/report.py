"""What an engine or a probe tells of one run. Reports are facts: what follows from them is decided elsewhere."""

from msgspec import Struct

from nexsock.model.plugin import Denial, PluginChange
from nexsock.model.probe import ProbeResult
from nexsock.model.state import Exit


class Launched(Struct, frozen=True, kw_only=True):
    """The program has been executed. `at` is unix seconds, `mono` monotonic seconds."""

    service: str
    instance: str
    pid: int | None
    start_ticks: int | None
    boot_id: str
    at: float
    mono: float
    commit: str | None = None
    """of the git checkout that its folder lies in"""


class LaunchFailed(Struct, frozen=True, kw_only=True):
    """Nothing was executed. `transient`: the same try may succeed later; `denied`: a plugin did not let it."""

    service: str
    instance: str
    message: str
    transient: bool = False
    denied: Denial | None = None


class Altered(Struct, frozen=True, kw_only=True):
    """Plugins have made the run different from what the file says, before it is launched. Values as they are shown."""

    service: str
    instance: str
    changes: tuple[PluginChange, ...]


class Exited(Struct, frozen=True, kw_only=True):
    """The main process has ended; others of the service may be left."""

    service: str
    instance: str
    exit: Exit


class Signalled(Struct, frozen=True, kw_only=True):
    """It was told to end, after its hooks, by the stop command or the stop signal: the grace period runs."""

    service: str
    instance: str


class Gone(Struct, frozen=True, kw_only=True):
    """Nothing of the run is left, but for `survivors` that would not end."""

    service: str
    instance: str
    survivors: tuple[int, ...] = ()


class Probed(Struct, frozen=True, kw_only=True):
    service: str
    instance: str
    result: ProbeResult


class Noted(Struct, frozen=True, kw_only=True):
    """Something worth telling that changes nothing: a hook's last lines, a file that could not be removed."""

    service: str
    instance: str
    text: str


Report = Altered | Launched | LaunchFailed | Exited | Signalled | Gone | Probed | Noted
