"""A plan for people: what will be done, why, where that stands in the file, and which field changes how."""

from nexsock.model.plan import FieldChange, Hold, Plan, Skip, Step
from nexsock.model.status import PlanStatus
from nexsock.views import diff, hooked, problems, style, table

SIGNS = {
    "start": ("+", "green"),
    "run": ("+", "green"),
    "adopt": ("=", "cyan"),
    "update": ("~", "cyan"),
    "signal": ("!", "cyan"),
    "restart": ("±", "yellow"),
    "stop": ("-", "red"),
    "forget": ("-", "dim"),
}


def render(status: PlanStatus, *, colour: bool) -> str:
    """Warnings, steps with their fields, holds, skips, what plugins would do and say, and a last line that counts."""
    warnings = problems.render(status.warnings, colour=colour)
    lines = entries(status.plan, colour=colour)
    below = hooked.foreseen(status.plugins, colour=colour) + hooked.notes(status.notes, colour=colour)
    if not status.plan.steps and not status.plan.holds:
        return f"{warnings}{lines}{below}Nothing to do: everything is as the file says.\n"
    return f"{warnings}{lines}{below}\n{totals(status.plan)}\n"


def entries(plan: Plan, *, colour: bool) -> str:
    """One line a step, a hold and a skip, in columns; the changed fields of a step below it. "" when there is none."""
    rows = [_step(step, colour) for step in plan.steps]
    rows += [_hold(hold, colour) for hold in plan.holds]
    rows += [_skip(skip, colour) for skip in plan.skips]
    if not rows:
        return ""
    lines = table.render(("", "", "", ""), rows, colour=colour).splitlines(keepends=True)
    below = [_fields(step.fields, colour) for step in plan.steps] + ["" for _ in (*plan.holds, *plan.skips)]
    return "".join(line + fields for line, fields in zip(lines, below, strict=True))


def _step(step: Step, colour: bool) -> list[str]:
    sign, look = SIGNS[step.action]
    signal = f" ({step.signal})" if step.action == "signal" and step.signal else ""
    return [
        style.paint(f"{sign} {step.action}", look, colour),
        style.paint(step.service, "bold", colour),
        style.one_line(step.reason) + signal,
        style.paint(step.origin or "", "dim", colour),
    ]


def _hold(hold: Hold, colour: bool) -> list[str]:
    because = f" ({hold.because})" if hold.because else ""
    return [
        style.paint(". hold", "red" if hold.failed else "yellow", colour),
        style.paint(hold.service, "bold", colour),
        style.one_line(f"waits for {hold.waits_for}{because}"),
        style.paint(hold.origin or "", "dim", colour),
    ]


def _skip(skip: Skip, colour: bool) -> list[str]:
    return [
        style.paint("= skip", "dim", colour),
        style.paint(skip.service, "bold", colour),
        style.one_line(skip.reason),
        style.paint(skip.origin or "", "dim", colour),
    ]


def _fields(fields: tuple[FieldChange, ...], colour: bool) -> str:
    return "".join(f"      {diff.change(field, colour)}\n" for field in fields)


def totals(plan: Plan) -> str:
    """ "2 changes, 1 on hold"."""
    held = f", {len(plan.holds)} on hold" if plan.holds else ""
    return style.plural(plan.changes, "change") + held
