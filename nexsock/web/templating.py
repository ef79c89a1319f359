"""The templates: escaping always on, what is undefined is an error, and the few words that all of them use."""

import os

import jinja2

import nexsock
from nexsock import units
from nexsock.views import style, times
from nexsock.web.assets import Assets

FOLDER = os.path.join(os.path.dirname(__file__), "templates")


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
    made.globals.update(asset=assets.url, has_asset=assets.has, version=nexsock.__version__)
    made.filters.update(
        duration=units.format_duration,
        size=units.format_size,
        ago=times.ago,
        rfc3339=times.rfc3339,
        plural=style.plural,
    )
    return made
