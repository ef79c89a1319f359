"""What a command changed in the file, and what follows from it; what needs what, as a list."""

from collections.abc import Sequence

from msgspec.structs import replace

from nexsock.model.edit import EditStatus, ListedDependency
from nexsock.views import plan, style, table


def render(edited: EditStatus, done: str, *, colour: bool) -> str:
    """ "web: added, in /shop/nexsock.yaml (nexsock.yaml:12:3)", and the steps of the plan below it.

    Args:
        done: what was asked for, as a participle.
    """
    name = style.paint(edited.service, "bold", colour)
    if not edited.files:
        return f"{name}: the file says so already{_place(edited)}\n"
    told = f"{name}: {done}, in {_where(edited)}\n"
    if edited.plan is None:
        return told
    if not edited.plan.steps and not edited.plan.holds:
        return told + "Nothing that runs is concerned.\n"
    return told + plan.entries(replace(edited.plan, skips=()), colour=colour)


def _where(edited: EditStatus) -> str:
    """The place alone where the one file that was written says it, else the files."""
    if edited.origin and len(edited.files) == 1 and edited.files[0].endswith("/" + edited.origin.rsplit(":", 2)[0]):
        return edited.origin
    return " and ".join(edited.files)


def _place(edited: EditStatus) -> str:
    return f" ({edited.origin})" if edited.origin else ""


def dependencies(found: Sequence[ListedDependency], *, colour: bool) -> str:
    """One line a dependency, the place in the file last."""
    if not found:
        return "No dependencies.\n"
    rows = [
        [one.service, one.on, one.condition, _notes(one), style.paint(one.origin or "", "dim", colour)] for one in found
    ]
    return table.render(("SERVICE", "NEEDS", "CONDITION", "", ""), rows, colour=colour)


def _notes(one: ListedDependency) -> str:
    notes = ["" if one.required else "optional", "restart" * one.restart, "tunnel" * one.tunnel]
    return ", ".join(note for note in notes if note)
