-- Give every service a DATABASE_URL that leads to the project's database.
--
-- The database is the service that is called db, postgres, postgresql, mysql or mariadb, and its port is the one that
-- it has in this checkout: also one that was chosen (`ports: auto`), which is why no file can say it. User, password
-- and name of the database come from what the service itself has in PGUSER, PGPASSWORD and PGDATABASE (or MYSQL_USER,
-- MYSQL_PASSWORD and MYSQL_DATABASE). A DATABASE_URL that is there already stays.

NEXSOCK_PLUGIN = {
  name = "database-url",
  abi = "1.0",
  description = "DATABASE_URL from the port of the database's service",
  capabilities = { "environment", "services" },
}

local kinds = {
  db = "postgres", postgres = "postgres", postgresql = "postgres",
  mysql = "mysql", mariadb = "mysql",
}
local settings = {
  postgres = { user = "PGUSER", password = "PGPASSWORD", name = "PGDATABASE", default = "postgres" },
  mysql = { user = "MYSQL_USER", password = "MYSQL_PASSWORD", name = "MYSQL_DATABASE", default = "root" },
}

local function escaped(text)
  return (text:gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- The first port of a service by name; databases have one.
local function port_of(service)
  local names = {}
  for name in pairs(service.ports or {}) do names[#names + 1] = name end
  table.sort(names)
  return service.ports and service.ports[names[1]]
end

local function url(kind, port, environment)
  local setting = settings[kind]
  local user = escaped(environment[setting.user] or setting.default)
  if environment[setting.password] then user = user .. ":" .. escaped(environment[setting.password]) end
  local name = escaped(environment[setting.name] or environment[setting.user] or setting.default)
  return ("%s://%s@127.0.0.1:%d/%s"):format(kind, user, port, name)
end

function pre_start(event)
  if event.environment.DATABASE_URL or kinds[event.service] then return end
  for _, service in ipairs(nexsock.services()) do
    local kind, port = kinds[service.name], port_of(service)
    if kind and port then
      return { environment = { DATABASE_URL = url(kind, port, event.environment) } }
    end
  end
end
