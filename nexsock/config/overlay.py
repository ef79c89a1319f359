"""The steps that lay documents over each other, in the order in which `load` takes them.

extend           within a file: services get what their bases have         extends.py
include          other files' services, configs and secrets come in        include.py
merge            the next file goes on top of the ones before              merging.py
apply_defaults   `defaults` go below every service, merge tags are done
select_profiles  which services are active                                 profiles.py
"""

from dataclasses import replace

from nexsock.config import extends, merging, profiles
from nexsock.config import include as including
from nexsock.config.node import Node

extend = extends.extend
include = including.include
merge = merging.merge
select_profiles = profiles.select


def apply_defaults(document: Node) -> Node:
    """The finished document: every service has the `defaults` below its own fields, and no merge tag is left."""
    defaults, services = document.mapping.get("defaults"), document.mapping.get("services")
    if (
        defaults is None
        or services is None
        or not (isinstance(services.value, dict) and isinstance(defaults.value, dict))
    ):
        return merging.settle(document)
    served = {
        name: merging.merge(defaults, service, merging.SERVICE) if isinstance(service.value, dict) else service
        for name, service in services.value.items()
    }
    fields = {key: child for key, child in document.mapping.items() if key != "defaults"}
    return merging.settle(replace(document, value={**fields, "services": replace(services, value=served)}))
