"""The file: services in it, what they need, and changes of both."""

from nexsock.model.edit import Definition, EditStatus, ListedDependency
from nexsock.protocol import api
from nexsock.web.call import Call


async def add(call: Call) -> EditStatus:
    asked = call.body
    return await call.api.add_service(
        api.AddServiceRequest(project=call.project, service=asked.service, fields=asked.fields, apply=asked.apply)
    )


async def remove(call: Call) -> EditStatus:
    asked = call.body
    return await call.api.remove_service(
        api.RemoveServiceRequest(project=call.project, service=call.service, force=asked.force, apply=asked.apply)
    )


async def config(call: Call) -> Definition:
    return await call.api.get_config(api.ServiceRequest(project=call.project, service=call.service))


async def update(call: Call) -> EditStatus:
    asked = call.body
    return await call.api.update_config(
        api.UpdateConfigRequest(
            project=call.project,
            service=call.service,
            fields=asked.fields,
            unset=asked.unset,
            digest=asked.digest,
            apply=asked.apply,
        )
    )


async def all_dependencies(call: Call) -> tuple[ListedDependency, ...]:
    return await call.api.list_dependencies(api.ServicesRequest(project=call.project, services=()))


async def dependencies(call: Call) -> tuple[ListedDependency, ...]:
    return await call.api.list_dependencies(api.ServicesRequest(project=call.project, services=(call.service,)))


async def add_dependency(call: Call) -> EditStatus:
    asked = call.body
    return await call.api.add_dependency(
        api.DependencyRequest(
            project=call.project, service=call.service, others=asked.on, fields=asked.fields, apply=asked.apply
        )
    )


async def remove_dependency(call: Call) -> EditStatus:
    return await call.api.remove_dependency(
        api.DependencyRequest(project=call.project, service=call.service, others=(call.path["on"],))
    )
