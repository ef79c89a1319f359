"""What the user sees when a command could not do its work."""

from nexsock import errors
from nexsock.cli.session import Session
from nexsock.views import hot


def report(session: Session, error: errors.NexsockError) -> int:
    """Tell it on standard error, and with --json as a document on standard output; returns the exit status."""
    return session.show(hot.render_error(error, session.look))
