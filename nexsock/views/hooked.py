"""What plugins change, refuse and say, in the pages of others: below a plan, a run, an outcome."""

from collections.abc import Iterable

from nexsock.model.plan import FieldChange
from nexsock.model.plugin import PluginChange, PluginNote
from nexsock.model.status import Foreseen
from nexsock.views import diff, style


def foreseen(found: Iterable[Foreseen], *, colour: bool) -> str:
    """What they would do to starts: a line a change and a refusal."""
    lines = []
    for start in found:
        name = style.paint(start.service, "bold", colour)
        lines += [f"{name}: {change(one, colour=colour)}\n" for one in start.changes]
        if start.denied is not None:
            lines.append(f"{name}: {style.paint(style.one_line(str(start.denied)), 'red', colour)}\n")
    return "".join(lines)


def notes(found: Iterable[PluginNote], *, colour: bool) -> str:
    """What they have to say about a plan, a line each."""
    return "".join(
        f"{style.paint('note:', 'cyan', colour)} plugin '{note.plugin}': {style.one_line(note.text)}\n"
        for note in found
    )


def altered(changes: Iterable[PluginChange], *, colour: bool = False) -> str:
    """What they have made different in a run, a line each, indented."""
    return "".join(f"  {change(one, colour=colour)}\n" for one in changes)


def change(one: PluginChange, *, colour: bool) -> str:
    """`plugin 'database' sets environment.DATABASE_URL: postgres://…`."""
    field = FieldChange(path=one.field, old=one.old, new=one.new)
    return f"plugin '{one.plugin}' changes {diff.change(field, colour)}"
