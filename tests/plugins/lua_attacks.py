"""What hostile scripts try, and what comes of it.

Each is the body of a hook, or with `whole` a whole script; `comes` is part of what is told of it: `answered ...` with
what it answered, the problem, or `ended` when only the end of its process could stop it. @FILE@, @PORT@ and @SECRET@
stand for the canaries of the test.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """A script and what comes of it."""

    comes: str
    body: str
    whole: bool = False

    @property
    def script(self) -> str:
        return self.body if self.whole else f"function pre_start(event)\n{self.body}\nend"


INSTRUCTIONS = "ran for more than"
MEMORY = "needed more memory"
DEPTH = "called itself too deeply"
NOTHING = "answered None"
ENDED = "ended"

PYTHON = {
    "eval": Attack("global 'python'", 'return python.eval(\'open("@FILE@", "w")\')'),
    "builtins (CVE-2026-34444)": Attack(
        "global 'python'", "return python.builtins.getattr(nexsock.log, '__globals__')['__builtins__']"
    ),
    "getattr (CVE-2026-34444)": Attack("global 'getattr'", "return getattr(nexsock.log, '__globals__')"),
    "globals of a function": Attack("index a function value", "return nexsock.log.__globals__"),
    "class of a function": Attack("index a function value", "return nexsock.services.__class__.__mro__"),
    "closure of a function": Attack("index a function value", "return nexsock.storage.set.__closure__[1]"),
    "class of what was handed in": Attack("nil value (field '__class__')", "return event.__class__.__subclasses__()"),
    "class of a text": Attack("nil value (field '__class__')", "return event.service.__class__.__base__"),
    "init of a list": Attack("nil value (field '__init__')", "return nexsock.services().__init__.__globals__"),
    "metatable of what was handed in": Attack(
        NOTHING, "return getmetatable(event) or getmetatable(nexsock.services())"
    ),
    "metatable of a function": Attack(NOTHING, "return getmetatable(nexsock.log) or getmetatable(print)"),
    "userdata anywhere": Attack(
        "answered 0",
        """
        local seen, found = {}, 0
        local function walk(value)
          if type(value) == "userdata" then found = found + 1 end
          if type(value) ~= "table" or seen[value] then return end
          seen[value] = true
          for key, item in next, value do walk(key) walk(item) end
        end
        walk(_G) walk(event) walk(nexsock.services())
        return found
        """,
    ),
    "import": Attack("global 'require'", "return require('lupa')"),
    "python in the loaded packages": Attack("global 'package'", "return package.loaded.python"),
}

LIBRARIES = {
    "os.execute": Attack("field 'execute'", "return os.execute('touch @FILE@')"),
    "os.getenv": Attack("field 'getenv'", "return os.getenv('NEXSOCK_CANARY')"),
    "os.remove": Attack("field 'remove'", "return os.remove('@FILE@')"),
    "os.rename": Attack("field 'rename'", "return os.rename('@FILE@', '@FILE@.gone')"),
    "os.exit": Attack("field 'exit'", "os.exit(0)"),
    "os.tmpname": Attack("field 'tmpname'", "return os.tmpname()"),
    "os.setlocale": Attack("field 'setlocale'", "return os.setlocale('C')"),
    "io.open": Attack("global 'io'", "return io.open('@FILE@'):read('a')"),
    "io.popen": Attack("global 'io'", "return io.popen('touch @FILE@.made')"),
    "io.lines": Attack("global 'io'", "for line in io.lines('/proc/self/environ') do return line end"),
    "package.loadlib": Attack("global 'package'", "return package.loadlib('libc.so.6', 'system')('touch @FILE@.made')"),
    "a socket library": Attack("global 'require'", "return require('socket').connect('127.0.0.1', @PORT@)"),
    "dofile": Attack("global 'dofile'", "return dofile('@FILE@')"),
    "loadfile": Attack("global 'loadfile'", "return loadfile('@FILE@')"),
    "load of text": Attack("global 'load'", "return load('return 1')()"),
    "load of bytecode": Attack("global 'load'", r"return load('\27Lua\84\0\25\147')()"),
    "string.dump": Attack("field 'dump'", "return string.dump(function() end)"),
    "string.dump as a method": Attack("method 'dump'", "return (''):dump()"),
    "a script of bytecode": Attack("attempt to load a binary chunk", "\x1bLuaT\0\x19\x93\r\n", whole=True),
    "debug.getregistry": Attack("global 'debug'", "return debug.getregistry()"),
    "debug.sethook": Attack("global 'debug'", "debug.sethook() while true do end"),
    "debug.getupvalue": Attack("global 'debug'", "return debug.getupvalue(pcall, 1)"),
    "debug.setmetatable": Attack("global 'debug'", "return debug.setmetatable(0, {})"),
    "collectgarbage": Attack("global 'collectgarbage'", "collectgarbage('stop')"),
    "getfenv": Attack("global 'getfenv'", "return getfenv(0)"),
    "the world behind the world": Attack(NOTHING, "return rawget(_G, 'io') or _ENV.io or _G._G._G.package"),
    "an environment of its own": Attack("answered 'none'", "local _ENV = {} return io or os or 'none'"),
    "warn": Attack("global 'warn'", "warn('@on')"),
    "the address of the interpreter by ffi": Attack("global 'require'", "return require('ffi')"),
}

METATABLES = {
    "metatable of texts": Attack("answered False", "return getmetatable('') == nil and false"),
    "a metatable for texts": Attack("table expected", "setmetatable('', {__index = function() return 'mine' end})"),
    "finalizer that spins": Attack(
        "__gc is not for plugins", "setmetatable({}, {__gc = function() while true do end end})"
    ),
    "finalizer that comes later": Attack(
        NOTHING,
        """
        local meta = {}
        for _ = 1, 100 do setmetatable({}, meta) end
        meta.__gc = function() while true do end end
        for _ = 1, 100000 do local garbage = {} end
        """,
    ),
    "finalizer behind a metatable": Attack(
        NOTHING,
        """
        local meta = setmetatable({}, {__index = function() return function() while true do end end end})
        for _ = 1, 100000 do local garbage = setmetatable({}, meta) end
        """,
    ),
    "__close that spins": Attack(
        INSTRUCTIONS, "local x <close> = setmetatable({}, {__close = function() while true do end end})"
    ),
    "__close after the limit": Attack(
        INSTRUCTIONS,
        "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
    ),
    "__close of a coroutine after the limit": Attack(
        INSTRUCTIONS,
        """
        coroutine.wrap(function()
          local x <close> = setmetatable({}, {__close = function() while true do end end})
          while true do end
        end)()
        """,
    ),
    "__close of a coroutine that is closed": Attack(
        INSTRUCTIONS,
        """
        local thread = coroutine.create(function()
          local x <close> = setmetatable({}, {__close = function() while true do end end})
          coroutine.yield()
        end)
        coroutine.resume(thread)
        coroutine.close(thread)
        """,
    ),
    "__index that calls itself": Attack(
        DEPTH, "local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x"
    ),
    "__index in a circle": Attack(
        "possible loop", "local t = {} setmetatable(t, {__index = t, __newindex = t}) return t.x"
    ),
    "__eq that spins": Attack(
        INSTRUCTIONS,
        "local m = {__eq = function() while true do end end} return setmetatable({}, m) == setmetatable({}, m)",
    ),
    "__concat that spins": Attack(
        INSTRUCTIONS, "return setmetatable({}, {__concat = function() while true do end end}) .. ''"
    ),
    "__pairs that never ends": Attack(
        INSTRUCTIONS,
        "for _ in pairs(setmetatable({}, {__pairs = function() return function() return 1 end end})) do end",
    ),
    "answer with a metatable": Attack(
        "answered {'kept': 1}",
        """
        return setmetatable({kept = 1}, {__index = error, __pairs = error, __len = error, __metatable = 'mine'})
        """,
    ),
    "libraries that were exchanged": Attack(
        "answered {'fine': True}",
        """
        local pairs, rawset, error, world = pairs, rawset, error, _G
        for _, library in pairs({string, table, math, utf8, coroutine, os, nexsock.storage}) do
          for name in pairs(library) do rawset(library, name, error) end
        end
        for name in pairs(world) do if name ~= "pre_start" then rawset(world, name, nil) end end
        return {fine = true}
        """,
    ),
}

LOOPS = {
    "while": Attack(INSTRUCTIONS, "while true do end"),
    "at the load": Attack(INSTRUCTIONS, "while true do end", whole=True),
    "goto": Attack(INSTRUCTIONS, "::again:: goto again"),
    "repeat": Attack(INSTRUCTIONS, "repeat until false"),
    "for": Attack(INSTRUCTIONS, "for i = 1, math.huge do end"),
    "an iterator without an end": Attack(INSTRUCTIONS, "for _ in function() return 1 end do end"),
    "tail calls": Attack(INSTRUCTIONS, "local function f() return f() end return f()"),
    "that catches its end": Attack(INSTRUCTIONS, "while true do pcall(function() while true do end end) end"),
    "that catches itself": Attack(DEPTH, "local function f() pcall(f) pcall(f) end f()"),
    "that catches itself in two ways": Attack(DEPTH, "local function f() xpcall(f, f) f() end f()"),
    "in the handler of an error": Attack(INSTRUCTIONS, "xpcall(error, function() while true do end end)"),
    "in a coroutine": Attack(INSTRUCTIONS, "coroutine.resume(coroutine.create(function() while true do end end))"),
    "in a wrapped coroutine": Attack(INSTRUCTIONS, "coroutine.wrap(function() while true do end end)()"),
    "of coroutines that spin": Attack(
        INSTRUCTIONS,
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    ),
    "of short coroutines": Attack(
        INSTRUCTIONS, "while true do coroutine.wrap(function() for i = 1, 900 do end end)() end"
    ),
    "of coroutines in coroutines": Attack(DEPTH, "local function f() return coroutine.wrap(f)() end return f()"),
    "in a coroutine by an exchanged create": Attack(
        INSTRUCTIONS,
        """
        local create = coroutine.create
        coroutine.create = function(f) return create(function() while true do pcall(f) end end) end
        coroutine.wrap(function() end)()
        coroutine.resume(coroutine.create(function() end))
        """,
    ),
    "in a comparison of sort": Attack(INSTRUCTIONS, "table.sort({3, 2, 1}, function() while true do end end)"),
    "in a replacement of gsub": Attack(INSTRUCTIONS, "('a'):gsub('a', function() while true do end end)"),
    "left in a yield": Attack("yields, and nobody resumes it", "coroutine.yield()"),
    "of two coroutines": Attack(
        INSTRUCTIONS,
        "local thread = coroutine.wrap(function() while true do coroutine.yield() end end) while true do thread() end",
    ),
    "recursion": Attack(MEMORY, "local function f() return 1 + f() end return f()"),
    "an order that is none": Attack(
        "answered",
        "local t = {} for i = 1, 200 do t[i] = i % 7 end pcall(table.sort, t, function() return true end) return 1",
    ),
}

IN_C = {
    "pattern bomb": Attack(ENDED, "return (('a'):rep(40)):find(('a*'):rep(20) .. 'b')"),
    "lazy pattern bomb": Attack(ENDED, "return (('a'):rep(20000)):find('.-.-.-.-b')"),
    "gmatch bomb": Attack(ENDED, "for _ in (('a'):rep(40)):gmatch(('a*'):rep(20) .. 'b') do end"),
    "plain search": Attack(
        ENDED, "return (('a'):rep(1000000)):find(('a'):rep(500000) .. 'b', 1, true), pre_start(event)"
    ),
    "a list with a hostile length": Attack(
        "takes no table with", "table.insert(setmetatable({}, {__len = function() return 1 << 50 end}), 1, 'x')"
    ),
    "a text of a hostile list": Attack(
        "takes no table with", "table.concat(setmetatable({}, {__len = function() return 1 << 50 end}))"
    ),
    "table.move": Attack("field 'move'", "table.move({}, 1, 1 << 50, 2)"),
    "a text of nothing": Attack("invalid value (nil) at index 1", "return table.concat({}, '', 1, 1 << 50)"),
    "values of nothing": Attack("too many results", "return table.unpack({}, 1, 1 << 40)"),
    "insertion at the front": Attack(
        ENDED,
        "local t = {} for i = 1, 1000000 do t[i] = i end while true do table.insert(t, 1, 0) end",
    ),
    "ephemerons": Attack(
        ENDED,
        """
        while true do
          local weak, key = setmetatable({}, {__mode = 'k'}), {}
          local first = key
          for i = 1, 20000 do local next = {} weak[next] = key key = next end
        end
        """,
    ),
}

MEMORIES = {
    "string.rep": Attack("makes 1048576 bytes", "return string.rep('x', 1 << 30)"),
    "string.rep of a number in a text": Attack("makes 1048576 bytes", "return ('x'):rep('1073741824')"),
    "string.rep of a separator": Attack("makes 1048576 bytes", "return ('x'):rep(1025, ('y'):rep(1024))"),
    "a text that doubles": Attack(MEMORY, "local s = 'x' while true do s = s .. s end"),
    "a text that doubles in gsub": Attack(MEMORY, "local s = 'x' while true do s = s:gsub('x', 'xxxx') end"),
    "a text that doubles in format": Attack(MEMORY, "local s = 'x' while true do s = ('%s%s'):format(s, s) end"),
    "a list": Attack(MEMORY, "local t = {} for i = 1, 1e9 do t[i] = i end"),
    "a list that catches": Attack(
        MEMORY, "local t = {} while true do pcall(function() t[#t + 1] = ('x'):rep(1e6) .. #t end) end"
    ),
    "tables": Attack(MEMORY, "local t for i = 1, 1e9 do t = {t} end"),
    "functions": Attack(MEMORY, "local t = {} for i = 1, 1e9 do t[i] = function() return i end end"),
    "coroutines": Attack("more", "local t = {} for i = 1, 1e6 do t[i] = coroutine.create(print) end"),
    "string.pack": Attack("out of limits", "return string.pack('!1 i99999', 1)"),
    "format with a wide field": Attack("invalid conversion", "return ('%99999d'):format(1)"),
    "a chunk that nests": Attack("stack overflow", "return " + "(" * 10000 + ")" * 10000, whole=True),
    "a chunk that is large": Attack("larger than 128 KiB", "-- " + "x" * 300_000, whole=True),
    "a chunk of many locals": Attack("too many local variables", "local a\n" * 300, whole=True),
}

ANSWERS = {
    "in a circle": Attack("nested deeper than 16", "local t = {} t.t = t return t"),
    "nested": Attack("nested deeper than 16", "local t = {} for _ = 1, 100 do t = {t = t} end return t"),
    "not a number": Attack("not finite", "return 0 / 0"),
    "infinity": Attack("not finite", "return {x = -math.huge}"),
    "the largest integer": Attack("answered 9223372036854775807", "return math.maxinteger"),
    "the smallest integer": Attack("answered -9223372036854775808", "return math.mininteger"),
    "a text that is no text": Attack("not UTF-8", r"return '\xff\xfe'"),
    "a surrogate": Attack("not UTF-8", r"return '\xed\xa0\x80'"),
    "a key that is no text": Attack("not UTF-8", r"return {['\xff'] = 1}"),
    "a large text": Attack("more than 262144 bytes", "return ('x'):rep(1000000)"),
    "many large texts": Attack(
        "more than 262144 bytes", "local s, t = ('x'):rep(1e6), {} for i = 1, 1e4 do t[i] = s end return t"
    ),
    "many values": Attack("more than 262144 bytes", "local t = {} for i = 1, 300000 do t[i] = true end return t"),
    "a function": Attack("answered with a function", "return print"),
    "a coroutine": Attack("answered with a thread", "return {x = coroutine.running()}"),
    "keys of all kinds": Attack("keys are neither", "return {[1] = 1, [true] = 2, [1.5] = 3}"),
    "a list with a hole": Attack("keys are neither", "return {1, nil, 3}"),
    "an error that spins": Attack(
        "an error that is a table", "error(setmetatable({}, {__tostring = function() while true do end end}))"
    ),
    "an error that is nothing": Attack("an error that is a nil", "error(nil)"),
    "an error that is a coroutine": Attack("an error that is a thread", "error((coroutine.running()))"),
    "an error that is long": Attack("x" * 100, "error(('x'):rep(1000000))"),
    "an error that is no text": Attack("\N{REPLACEMENT CHARACTER}", r"error('\xff')"),
    "an error with a name": Attack(
        "an error that is a table", "error(setmetatable({}, {__name = ('x'):rep(1000000)}))"
    ),
    "a hook that is none": Attack(
        "has no function pre_start", "pre_start = setmetatable({}, {__call = print})", whole=True
    ),
    "a hook that is not there": Attack(
        "has no function pre_start", "setmetatable(_G, {__index = function() return print end})", whole=True
    ),
}

HOST = {
    "log flood": Attack(NOTHING, "for i = 1, 100000 do nexsock.log(i) end"),
    "log of long lines": Attack(NOTHING, "local s = ('x'):rep(1000000) for i = 1, 100 do nexsock.log(s) end"),
    "log that spins": Attack(
        INSTRUCTIONS, "nexsock.log(setmetatable({}, {__tostring = function() while true do end end}))"
    ),
    "log that is no text": Attack(NOTHING, r"nexsock.log('\xff\0\27[31m')"),
    "print flood": Attack(NOTHING, "for i = 1, 100000 do print(i) end"),
    "a variable that was not declared": Attack(NOTHING, "return nexsock.env('NEXSOCK_CANARY') or nexsock.env('HOME')"),
    "all variables": Attack(
        NOTHING, "return nexsock.env('*') or nexsock.env(nil) or nexsock.env({}) or nexsock.env('__index')"
    ),
    "services that are changed": Attack(
        "answered 'db'",
        "nexsock.services()[1].name = 'mine' nexsock.services()[9] = {} return nexsock.services()[1].name",
    ),
    "the storage overflows": Attack(
        "the storage is full", "for i = 1, 1e6 do nexsock.storage.set('k' .. i, ('x'):rep(1000)) end"
    ),
    "the storage overflows, caught": Attack(
        NOTHING, "for i = 1, 1000 do pcall(nexsock.storage.set, 'k' .. i, ('x'):rep(1000)) end"
    ),
    "a large value in the storage": Attack("the storage is full", "nexsock.storage.set('k', ('x'):rep(100000))"),
    "a function in the storage": Attack("does not take a function", "nexsock.storage.set('k', print)"),
    "a circle in the storage": Attack("nested deeper", "local t = {} t.t = t nexsock.storage.set('k', t)"),
    "a long key": Attack("200 bytes at most", "nexsock.storage.set(('k'):rep(1000), 1)"),
    "a key that is a path": Attack(
        NOTHING, "nexsock.storage.set('../other', 1) return nexsock.storage.get('../../canary')"
    ),
    "the storage of another": Attack(
        "answered ['mine']", "nexsock.storage.set('mine', 1) return nexsock.storage.keys()"
    ),
    "a value that is changed in place": Attack(
        "answered {'a': 1}",
        "local t, s = {a = 1}, nexsock.storage s.set('k', t) t.a = 2 s.get('k').a = 3 return s.get('k')",
    ),
    "times that are none": Attack("answered", "return pcall(os.date, '%Ez', 1 << 62) and 1 or 2"),
    "a date in a format that is none": Attack("invalid conversion specifier", "return os.date('%Q')"),
}

ATTACKS = {
    f"{group}: {name}": attack
    for group, attacks in {
        "python": PYTHON,
        "libraries": LIBRARIES,
        "metatables": METATABLES,
        "loop": LOOPS,
        "in C": IN_C,
        "memory": MEMORIES,
        "answer": ANSWERS,
        "host": HOST,
    }.items()
    for name, attack in attacks.items()
}
