"""A plan as stable text: one line a step, hold or skip, its fields below it. Golden tests compare it."""

from nexsock.model.plan import FieldChange, Hold, Plan, Skip, Step

EMPTY = "nothing to do"


def render(plan: Plan) -> str:
    """The plan, steps first, without a final newline."""
    lines = [line for step in plan.steps for line in step_lines(step)]
    lines += [hold_line(hold) for hold in plan.holds]
    lines += [skip_line(skip) for skip in plan.skips]
    return "\n".join(lines) or EMPTY


def step_lines(step: Step) -> list[str]:
    """The step and its changed fields, each field indented by two."""
    action = f"{step.action} {step.signal}" if step.action == "signal" else step.action
    place = f" ({step.origin})" if step.origin and not step.fields else ""
    return [f"{action:<7} {step.service}: {step.reason}{place}", *(f"  {field_line(change)}" for change in step.fields)]


def field_line(change: FieldChange) -> str:
    """`environment.PORT: "3000" → "3001" (nexsock.yaml:14:13)`."""
    place = f" ({change.origin})" if change.origin else ""
    if change.old is None:
        return f"{change.path}: {change.new} added{place}"
    if change.new is None:
        return f"{change.path}: {change.old} removed{place}"
    return f"{change.path}: {change.old} → {change.new}{place}"


def hold_line(hold: Hold) -> str:
    """`hold    web: waits for its next try at 100.5 (exited with 1)`."""
    until = f" at {hold.until:g}" if hold.until is not None else ""
    because = f" ({hold.because})" if hold.because else ""
    return f"hold    {hold.service}: waits for {hold.waits_for}{until}{because}"


def skip_line(skip: Skip) -> str:
    """`skip    migrate: inputs unchanged since run 3`."""
    return f"skip    {skip.service}: {skip.reason}"
