-- Plain data as msgpack, in both directions: what crosses between a script and the daemon is this and nothing else.
--
-- Returns read and packed. Values are taken as they lie there: no metatable is asked, and no library is looked up later
-- than now, so a script can neither answer for its tables nor exchange what this is made of.

local MAX_DEPTH = 16             -- tables in tables
local MAX_BYTES = 256 * 1024     -- of one value, packed

local error, next, rawget, rawlen, type = error, next, rawget, rawlen, type
local concat, math_type, huge, is_utf8 = table.concat, math.type, math.huge, utf8.len
local pack, sub, unpack = string.pack, string.sub, string.unpack

-- In --------------------------------------------------------------------------------------------------------------------

local read

local function read_list(text, at, size)
  local list = {}
  for index = 1, size do list[index], at = read(text, at) end
  return list, at
end

local function read_map(text, at, size)
  local map = {}
  for _ = 1, size do
    local key, value
    key, at = read(text, at)
    value, at = read(text, at)
    map[key] = value
  end
  return map, at
end

local SCALARS = {
  [0xca] = ">f", [0xcb] = ">d",
  [0xcc] = ">I1", [0xcd] = ">I2", [0xce] = ">I4", [0xcf] = ">I8",
  [0xd0] = ">i1", [0xd1] = ">i2", [0xd2] = ">i4", [0xd3] = ">i8",
  [0xc4] = ">s1", [0xc5] = ">s2", [0xc6] = ">s4", [0xd9] = ">s1", [0xda] = ">s2", [0xdb] = ">s4",
}
local SIZES = { [0xdc] = ">I2", [0xdd] = ">I4", [0xde] = ">I2", [0xdf] = ">I4" }

-- The value that begins at a place of a text, and the place after it.
function read(text, at)
  local tag = unpack("B", text, at)
  at = at + 1
  if tag < 0x80 then return tag, at end
  if tag < 0x90 then return read_map(text, at, tag & 0x0f) end
  if tag < 0xa0 then return read_list(text, at, tag & 0x0f) end
  if tag < 0xc0 then return sub(text, at, at + (tag & 0x1f) - 1), at + (tag & 0x1f) end
  if tag >= 0xe0 then return tag - 0x100, at end
  if tag == 0xc0 then return nil, at end
  if tag == 0xc2 or tag == 0xc3 then return tag == 0xc3, at end
  if SCALARS[tag] then return unpack(SCALARS[tag], text, at) end
  local size, after = unpack(SIZES[tag], text, at)
  if tag <= 0xdd then return read_list(text, after, size) end
  return read_map(text, after, size)
end

-- Out -------------------------------------------------------------------------------------------------------------------

local write

local function add(out, piece)
  out.size = out.size + #piece
  if out.size > MAX_BYTES then error("more than " .. MAX_BYTES .. " bytes", 0) end
  out[#out + 1] = piece
end

local function add_text(out, text)
  if not is_utf8(text) then error("a text that is not UTF-8", 0) end
  add(out, pack(">Bs4", 0xdb, text))
end

local function add_number(out, number)
  if math_type(number) == "integer" then return add(out, pack(">Bi8", 0xd3, number)) end
  if number ~= number or number == huge or number == -huge then error("a number that is not finite", 0) end
  return add(out, pack(">Bd", 0xcb, number))
end

local function add_table(out, value, depth)
  if depth == MAX_DEPTH then error("tables nested deeper than " .. MAX_DEPTH .. ", or in themselves", 0) end
  local size, length = 0, rawlen(value)
  for _ in next, value do size = size + 1 end
  local is_list = size > 0 and size == length
  add(out, pack(">BI4", is_list and 0xdd or 0xdf, size))
  if is_list then
    for index = 1, size do write(out, rawget(value, index), depth + 1) end
    return
  end
  for key, item in next, value do
    if type(key) ~= "string" then error("a table whose keys are neither all texts nor 1, 2, 3 and so on", 0) end
    add_text(out, key)
    write(out, item, depth + 1)
  end
end

function write(out, value, depth)
  local kind = type(value)
  if kind == "nil" then return add(out, "\xc0") end
  if kind == "boolean" then return add(out, value and "\xc3" or "\xc2") end
  if kind == "number" then return add_number(out, value) end
  if kind == "string" then return add_text(out, value) end
  if kind == "table" then return add_table(out, value, depth) end
  return error("a " .. kind, 0)
end

-- A value as msgpack. An error says what it has in it that is not plain.
local function packed(value)
  local out = { size = 0 }
  write(out, value, 0)
  return concat(out)
end

return read, packed
