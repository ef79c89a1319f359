"""The templates: escaping always on, what is undefined is an error, and the few words that all of them use."""

import os
from datetime import UTC, datetime, tzinfo

import jinja2

import nexsock
from nexsock import units
from nexsock.views import style, times
from nexsock.web.assets import Assets

FOLDER = os.path.join(os.path.dirname(__file__), "templates")


DONE = {
    "add_service": "Added to the file",
    "remove_service": "Removed from the file",
    "start_service": "Starting",
    "stop_service": "Stopping",
    "restart_service": "Restarting",
    "kill_service": "Signal sent",
    "update_config": "Saved and applied",
    "add_dependency": "Dependency added",
    "remove_dependency": "Dependency removed",
    "git_clone": "Cloned",
    "git_fetch": "Fetched",
    "git_pull": "Pulled",
    "git_checkout": "Checked out",
    "apply": "The plan is being carried out",
    "down": "Everything stops",
    "watch": "Watching has changed",
}
"""What a page says after a form has done its work, by the name of the form's route."""


def _zone(at: float) -> tzinfo:
    """The zone of this machine, which is also that of the person before it."""
    return datetime.fromtimestamp(at, UTC).astimezone().tzinfo or UTC


def environment(assets: Assets) -> jinja2.Environment:
    """`asset(name)` is where a file of static/ is served, `has_asset(name)` whether there is one; see also the filters
    below."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(asset=assets.url, has_asset=assets.has, version=nexsock.__version__, done_words=DONE)
    made.filters.update(
        duration=units.format_duration,
        size=units.format_size,
        ago=times.ago,
        rfc3339=times.rfc3339,
        plural=style.plural,
        clock=lambda at: times.clock(at, _zone(at)),
        day=lambda at: times.day(at, _zone(at)),
        span=times.span,
    )
    return made
