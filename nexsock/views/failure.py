"""An error as people and programs read it."""

from nexsock.errors import NexsockError
from nexsock.model.problem import Problem
from nexsock.views import document, problems, style


def render(error: NexsockError, *, json: bool, colour: bool) -> tuple[str, str]:
    """Text for the two streams: (out, err). With `json`, out is the error document; err is always for people."""
    return (document.text(document.error(error)) if json else "", sentences(error, colour=colour))


def sentences(error: NexsockError, *, colour: bool) -> str:
    """`error: ` and the sentence; a broken configuration shows its problems first, and the sentence counts them."""
    listed = [problem for problem in getattr(error, "problems", ()) if isinstance(problem, Problem)]
    head = style.paint("error:", "red", colour)
    if not listed:
        return f"{head} {style.lines(str(error))}\n"
    advice = f"; {error.hint}" if error.hint else ""
    return f"{problems.render(listed, colour=colour)}{head} {problems.summary(listed)}{advice}\n"
