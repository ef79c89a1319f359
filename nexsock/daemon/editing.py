"""The operations that look at the file and change it: a worker edits the text, what is up takes it up at once."""

from contextlib import nullcontext

from nexsock import errors
from nexsock.daemon.operations import Operations
from nexsock.model.edit import Definition, Edit, EditStatus, ListedDependency
from nexsock.model.project import ProjectRef
from nexsock.protocol import api
from nexsock.reconcile import describe


class Editing(Operations):
    """What `nexsock add`, `remove`, `config` and `dependency` ask."""

    async def get_config(self, request: api.ServiceRequest) -> Definition:
        return await self._projects.loader.look(self._projects.placed(request.project), request.service)

    async def list_dependencies(self, request: api.ServicesRequest) -> tuple[ListedDependency, ...]:
        project = await self._projects.read(request.project)
        return describe.listed(project, project.members(request.services))

    async def add_service(self, request: api.AddServiceRequest) -> EditStatus:
        edit = Edit(action="add", service=request.service, fields=request.fields)
        return await self._edit(request.project, edit, request.apply)

    async def remove_service(self, request: api.RemoveServiceRequest) -> EditStatus:
        edit = Edit(action="remove", service=request.service, force=request.force)
        return await self._edit(request.project, edit, request.apply)

    async def update_config(self, request: api.UpdateConfigRequest) -> EditStatus:
        edit = Edit(
            action="update",
            service=request.service,
            fields=request.fields,
            unset=request.unset,
            digest=request.digest,
        )
        return await self._edit(request.project, edit, request.apply)

    async def add_dependency(self, request: api.DependencyRequest) -> EditStatus:
        edit = Edit(action="add_dependency", service=request.service, others=request.others, fields=request.fields)
        return await self._edit(request.project, edit, request.apply)

    async def remove_dependency(self, request: api.DependencyRequest) -> EditStatus:
        edit = Edit(action="remove_dependency", service=request.service, others=request.others)
        return await self._edit(request.project, edit, request.apply)

    async def _edit(self, ref: ProjectRef, edit: Edit, apply: bool) -> EditStatus:
        """Change the file; what is up takes it up before a watch hears of it, so that the answer has the plan."""
        ref = self._projects.placed(ref)
        host = self._projects.met(ref)
        async with host.changing if host is not None else nullcontext():
            edited = await self._projects.loader.edit(ref, edit)
            try:
                plan = await host.renew() if host is not None and apply and host.is_up else None
            except errors.Refused as refusal:
                said = f"the file is changed, and not applied: {refusal.message}"
                raise errors.Refused(said, hint="'nexsock up' asks again", origin=edited.origin) from refusal
        return EditStatus(
            service=edit.service, files=edited.files, origin=edited.origin, applied=plan is not None, plan=plan
        )
