"""Tell you when a service ends that should not, or is started again because it is unhealthy.

On a desktop by `notify-send`; and, when the daemon has NEXSOCK_NOTIFY_WEBHOOK in its environment, by a POST of
{"text": "..."} to that address, which Slack, Mattermost and ntfy understand. One message a minute for each service: one
that crashes again and again says so once. Nothing waits for a message: a thread of this process sends it.
"""

import json
import os
import queue
import shutil
import subprocess
import threading
import time
import urllib.request

NEXSOCK_PLUGIN = {
    "name": "notify-failures",
    "abi": "1.0",
    "description": "a message when a service fails",
    "priority": 90,
}

QUIET_S = 60.0
SEND_LIMIT_S = 10.0

waiting: "queue.Queue[str]" = queue.Queue(maxsize=20)
told_at: dict[tuple[str, str], float] = {}


def on_exit(project: str, service: str, reason: str, expected: bool) -> None:
    if not expected:
        tell(project, service, reason or "it has ended")


def post_stop(project: str, service: str, reason: str, unhealthy: bool) -> None:
    if unhealthy:
        tell(project, service, f"was unhealthy and is started again: {reason}")


def tell(project: str, service: str, reason: str) -> None:
    """Have a message sent, unless there was one about this service a moment ago."""
    now = time.monotonic()
    if now - told_at.get((project, service), -QUIET_S) < QUIET_S:
        return
    told_at[project, service] = now
    try:
        waiting.put_nowait(f"{project}: {service} {reason}")
    except queue.Full:
        print(f"dropped: {project}: {service} {reason}")  # to the plugin's log


def send_all() -> None:
    while True:
        text = waiting.get()
        for send in (to_desktop, to_webhook):
            try:
                send(text)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                print(f"not sent: {error}")


def to_desktop(text: str) -> None:
    if program := shutil.which("notify-send"):
        subprocess.run([program, "--app-name=nexsock", "nexsock", text], check=True, timeout=SEND_LIMIT_S)


def to_webhook(text: str) -> None:
    address = os.environ.get("NEXSOCK_NOTIFY_WEBHOOK", "")
    if not address.startswith(("https://", "http://")):
        return
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=SEND_LIMIT_S).close()


threading.Thread(target=send_all, daemon=True).start()
