"""What `up` would do, to be looked at before it is ordered."""

from typing import Any

from nexsock.web.api import gather
from nexsock.web.frame import Frame, Page

LOOKS = {"start": "good", "run": "good", "stop": "bad", "restart": "wait", "forget": "bad"}


def show(frame: Frame, found: gather.Plan) -> dict[str, Any]:
    """`steps` with the class of their look, `holds`, `skips`, and what an order must send back."""
    status = found.preview
    return {
        "project": found.status.project,
        "steps": [{"step": step, "kind": LOOKS.get(step.action, "move")} for step in status.plan.steps],
        "holds": status.plan.holds,
        "skips": status.plan.skips,
        "warnings": status.warnings,
        "digest": status.digest,
        "refused": frame.error,
        "forced": frame.parameters.get("force_restart", "") in ("true", "on", "1"),
        "names": [one.name for one in found.status.services],
        "chosen": frame.parameters.get("services", ""),
    }


PAGE = Page(template="plan.html", show=show, ask=gather.plan)
