-- The world in which a script of a plugin runs, made from nothing before a line of the script is read.
--
-- Takes read and packed of lua_plain.lua; returns two functions, load_script and ask, that take a number and bytes and
-- return bytes. No value of Python comes in and none of Lua's goes out. What a script may exchange (string.find, pairs)
-- is used here through locals that were taken before it came.

local read, packed = ...

local MAX_REPEATED = 1024 * 1024 -- bytes that string.rep makes at once
local MAX_STORED = 64 * 1024     -- bytes of a storage, packed
local MAX_KEY = 200              -- bytes of a key of a storage
local MAX_LINES = 100            -- lines that one call logs
local MAX_LOGGED = 32 * 1024     -- bytes of them, which a pipe takes at once
local MAX_LINE = 2000            -- bytes of a line, and of an error
local CHECK_EVERY = 1000         -- instructions between two looks at the budget

local assert, error, ipairs, load, pairs, pcall, select = assert, error, ipairs, load, pairs, pcall, select
local getmetatable, next, rawget, setmetatable, tonumber, tostring, type =
  getmetatable, next, rawget, setmetatable, tonumber, tostring, type
local close, create, resume, status = coroutine.close, coroutine.create, coroutine.resume, coroutine.status
local sethook = debug.sethook
local find, gmatch, rep, sub = string.find, string.gmatch, string.rep, string.sub
local concat, is_utf8, sort = table.concat, utf8.len, table.sort

-- Limits ----------------------------------------------------------------------------------------------------------------

local STOP = {}                  -- is thrown when the script has had enough; it never gets hold of it
local budget, spent, ended = 0, 0, nil

local function count()
  spent = spent + CHECK_EVERY
  if ended or spent > budget then
    sethook(count, "", 1)        -- whatever catches this is stopped at its next instruction
    ended = ended or "ran for more than " .. budget .. " instructions"
    error(STOP, 0)
  end
end

-- An error of the script's own is handed to it. One that says that a limit is reached goes on up instead: recursion that
-- catches what it meets would leave no room for the hook, and never end.
local function note_limit(reason)
  if ended or type(reason) ~= "string" then return end
  if find(reason, "stack overflow", 1, true) then ended = "called itself too deeply" end
  if find(reason, "not enough memory", 1, true) then ended = "needed more memory than a plugin may have" end
end

local function caught(ok, ...)
  if not ok then note_limit(...) end
  if ended then error(STOP, 0) end
  return ok, ...
end

-- Libraries -------------------------------------------------------------------------------------------------------------

local function some_of(library, names)
  local chosen = {}
  for name in gmatch(names, "%S+") do chosen[name] = assert(library[name], name) end
  return chosen
end

local world = some_of(_G, "assert error ipairs next pairs rawequal rawget rawlen rawset select tonumber tostring type")
world._G = world
world._VERSION = _VERSION
world.coroutine = some_of(coroutine, "isyieldable running status yield")
world.math = some_of(math, [[
  abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random randomseed
  sin sqrt tan tointeger type ult
]])
world.os = some_of(os, "clock date time")
world.table = some_of(table, "pack")
world.utf8 = some_of(utf8, "char charpattern codepoint codes len offset")

-- Methods, as in ("x"):rep(9), are looked up in this very table, so it is cut and not copied.
world.string = string
string.dump = nil
getmetatable("").__metatable = false

function string.rep(text, times, separator)
  if (#tostring(text) + #tostring(separator or "")) * (tonumber(times) or 0) > MAX_REPEATED then
    error("string.rep makes " .. MAX_REPEATED .. " bytes at most", 2)
  end
  return rep(text, times, separator)
end

-- A metatable may tell these functions a length of 2^62, and they count to it where no hook is called. (So does
-- table.move without one: it is left out.)
for _, name in ipairs { "concat", "insert", "remove", "sort", "unpack" } do
  local original = table[name]
  world.table[name] = function(list, ...)
    local meta = type(list) == "table" and getmetatable(list)
    if type(meta) == "table" and (rawget(meta, "__len") or rawget(meta, "__index") or rawget(meta, "__newindex")) then
      error("table." .. name .. " takes no table with __len, __index or __newindex", 2)
    end
    return original(list, ...)
  end
end

function world.getmetatable(value)
  if type(value) == "table" then return getmetatable(value) end
  return nil
end

function world.setmetatable(value, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then
    error("__gc is not for plugins", 2) -- it would run where no hook is called
  end
  return setmetatable(value, meta)
end

function world.pcall(...)
  return caught(pcall(...))
end

local function handled(handler, ok, ...)
  if ok then return true, ... end
  return false, handler(...)
end

function world.xpcall(called, handler, ...)
  return handled(handler, caught(pcall(called, ...)))
end

local function made(called)
  local thread = create(called)
  spent = spent + CHECK_EVERY    -- as its own count begins anew
  sethook(thread, count, "", CHECK_EVERY)
  return thread
end

world.coroutine.create = made

function world.coroutine.resume(thread, ...)
  return caught(resume(thread, ...))
end

-- Ended by an error in the hook, a coroutine runs its __close without the hook: `caught` does not let it come to that.
function world.coroutine.close(thread)
  return caught(close(thread))
end

local function passed(thread, ok, ...)
  if ok then return ... end
  if status(thread) == "dead" then caught(close(thread)) end
  error(..., 0)
end

function world.coroutine.wrap(called)
  local thread = made(called)
  return function(...) return passed(thread, caught(resume(thread, ...))) end
end

-- nexsock ---------------------------------------------------------------------------------------------------------------

local lines, logged, dropped = {}, 0, 0
local services, variables, capabilities = "\x80", {}, {}
local stored, stored_bytes, stored_changed = {}, 0, false

local function needs(capability)
  if not capabilities[capability] then error("this needs the capability '" .. capability .. "' in the manifest", 3) end
end

local function log(...)
  local words = { ... }
  for index = 1, select("#", ...) do words[index] = tostring(words[index]) end
  local line = sub(concat(words, "\t"), 1, MAX_LINE)
  if #lines == MAX_LINES or logged + #line > MAX_LOGGED then
    dropped = dropped + 1
  else
    lines[#lines + 1], logged = line, logged + #line
  end
end

-- Read anew for each who asks: what a script does to it changes nothing.
local function all_services()
  needs("services")
  return (read(services, 1))
end

local function variable(name)
  return variables[name]
end

local function bytes_of(key)
  return stored[key] and #key + #stored[key] or 0
end

local function keep(key, text)
  stored_bytes = stored_bytes - bytes_of(key) + (text and #key + #text or 0)
  stored[key], stored_changed = text, true
end

local storage = {}

function storage.get(key)
  needs("storage")
  if stored[key] == nil then return nil end
  return (read(stored[key], 1))
end

function storage.set(key, value)
  needs("storage")
  if type(key) ~= "string" or #key > MAX_KEY or not is_utf8(key) then
    error("a key of the storage is a text of " .. MAX_KEY .. " bytes at most", 2)
  end
  local ok, text = true, nil
  if value ~= nil then ok, text = caught(pcall(packed, value)) end
  if not ok then error("the storage does not take " .. text, 2) end
  if text and stored_bytes - bytes_of(key) + #key + #text > MAX_STORED then
    error("the storage is full: it takes " .. MAX_STORED .. " bytes", 2)
  end
  keep(key, text)
end

function storage.keys()
  needs("storage")
  local keys = {}
  for key in pairs(stored) do keys[#keys + 1] = key end
  sort(keys)
  return keys
end

world.print = log
world.nexsock = { log = log, services = all_services, env = variable, storage = storage }

local function all_stored()
  local all = {}
  for key, text in pairs(stored) do all[key] = (read(text, 1)) end
  return packed(all)
end

-- What Python calls -----------------------------------------------------------------------------------------------------

-- What went wrong, as the end of a sentence about the plugin. An error may be a table that answers with code of the
-- script, so of those only the kind is told.
local function described(reason)
  note_limit(reason)
  if ended then return ended end
  if type(reason) == "string" then return "raised " .. sub(reason, 1, MAX_LINE) end
  if type(reason) == "number" then return "raised " .. tostring(reason) end
  return "raised an error that is a " .. type(reason)
end

-- Call a function that returns something packed, or nil and what is wrong, within a budget of instructions; it is called
-- in a coroutine, because out here no hook may be called. Returns whether there is a result; the result, or what went
-- wrong; whether that was a limit, after which nothing more can be asked; what was logged; and the storage, if it has
-- changed. The coroutine is not closed, which would run what it left to do.
local function within(instructions, called)
  budget, spent, ended = instructions, 0, nil
  lines, logged, dropped, stored_changed = {}, 0, 0, false
  local thread = create(called)
  sethook(thread, count, "", CHECK_EVERY)
  local ok, result, problem = resume(thread)
  if not ok then problem = described(result) end
  if status(thread) == "suspended" then problem = "yields, and nobody resumes it" end
  if dropped > 0 then lines[#lines + 1] = "(" .. dropped .. " more lines)" end
  local storage = stored_changed and all_stored() or nil
  return not problem, problem or result, ended ~= nil, concat(lines, "\n"), storage
end

-- Run a script; returned are the hooks of which it has defined global functions. `given` says, packed, which hooks
-- there are, what it may do, which variables it may see, and what its storage keeps.
local function load_script(instructions, source, name, given)
  given = read(given, 1)
  variables = given.variables
  for _, capability in ipairs(given.capabilities) do capabilities[capability] = true end
  for key, value in next, given.storage do keep(key, packed(value)) end
  return within(instructions, function()
    local script, problem = load(source, "=" .. name, "t", world)
    if not script then return nil, problem end
    script()
    local defined = {}
    for _, hook in ipairs(given.hooks) do
      if type(rawget(world, hook)) == "function" then defined[#defined + 1] = hook end
    end
    return packed(defined)
  end)
end

-- Have a hook answer its packed argument, while these are the services.
local function ask(instructions, hook, argument, now)
  services = now
  return within(instructions, function()
    local answer = rawget(world, hook)
    if type(answer) ~= "function" then return nil, "has no function " .. hook end
    local value = answer((read(argument, 1)))
    local ok, text = caught(pcall(packed, value))
    if not ok then return nil, "answered with " .. text end
    return text
  end)
end

-- Should a script ever find the world behind its own, that is empty.
local behind = _G
for name in next, behind do behind[name] = nil end

return load_script, ask
