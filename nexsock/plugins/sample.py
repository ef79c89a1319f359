"""What `nexsock plugin new` writes: a plugin that works, does nothing yet, and says what it could do."""

from nexsock.hooks import ABI

NATIVE = '''\
"""@NAME@: say here what it is for."""

# Read before anything of this file runs, so it has to be a literal.
NEXSOCK_PLUGIN = {
    "name": "@NAME@",
    "abi": "@ABI@",
    "description": "what 'nexsock plugin list' says of it",
    "priority": 50,  # 0 to 100; the lowest is asked first
    # What it may do: deny, environment, command, grace_s, notes, services, storage.
    "capabilities": ["deny", "environment"],
    # "on_failure": "open",  # what holds when it has no answer; with "deny" it is "closed"
    # "timeout": 2.0,        # seconds for one call
}


def pre_start(service, environment, nexsock):
    """Before a service starts. Name what you want to be told; `nexsock` has log, services and storage."""
    nexsock.log(f"{service} is about to start with {len(environment)} variables")
    if environment.get("FORBIDDEN"):
        return {"deny": "FORBIDDEN is set"}  # it does not start, and the user reads why
    # return {"environment": {"GREETING": "hello"}}  # it starts with this variable
    return None  # it starts as it is


# def pre_command(command, services): ...             may deny
# def post_start(service, run, pid): ...
# def on_ready(service, took_s, ports): ...
# def on_exit(service, exit_code, reason, expected): ...
# def pre_stop(service, reason, grace_s): ...         may deny, or change grace_s
# def post_stop(service, run, reason): ...
# def on_plan(steps, holds, preview): ...             may add notes
'''

LUA = """\
-- @NAME@: say here what it is for.

-- Read before anything of this file runs, so it has to be a literal.
NEXSOCK_PLUGIN = {
  name = "@NAME@",
  abi = "@ABI@",
  description = "what 'nexsock plugin list' says of it",
  priority = 50, -- 0 to 100; the lowest is asked first
  -- What it may do: deny, environment, command, grace_s, notes, services, storage.
  capabilities = { "deny", "environment" },
  -- variables = { "HOME" }, -- of the daemon's environment, for nexsock.env(name)
  -- on_failure = "open", -- what holds when it has no answer; with "deny" it is "closed"
  -- timeout = 2.0, -- seconds for one call
}

-- Before a service starts. `call` has what the hook is told; `nexsock` has log, env, services and storage.
function pre_start(call)
  nexsock.log(call.service .. " is about to start")
  if call.environment.FORBIDDEN then
    return { deny = "FORBIDDEN is set" } -- it does not start, and the user reads why
  end
  -- return { environment = { GREETING = "hello" } } -- it starts with this variable
  return nil -- it starts as it is
end

-- function pre_command(call) end -- call.command, call.services; may deny
-- function post_start(call) end -- call.service, call.run, call.pid
-- function on_ready(call) end -- call.service, call.took_s, call.ports
-- function on_exit(call) end -- call.service, call.exit_code, call.reason, call.expected
-- function pre_stop(call) end -- call.service, call.reason, call.grace_s; may deny, or change grace_s
-- function post_stop(call) end -- call.service, call.run, call.reason
-- function on_plan(call) end -- call.steps, call.holds, call.preview; may add notes
"""


def text(name: str, *, lua: bool) -> str:
    """The file of a new plugin."""
    return (LUA if lua else NATIVE).replace("@NAME@", name).replace("@ABI@", ABI)
