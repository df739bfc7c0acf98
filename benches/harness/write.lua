-- Requests for wrk: POST of a JSON body in which @UNIQUE@ is another text each time.
-- usage: wrk ... -s write.lua URL -- PATH BODY_FILE UNIQUE_PREFIX [TOKEN]

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("thread_number", threads)
end

local path, prefix
local pieces = {}
local count = 0

function init(args)
  path = args[1]
  local file = assert(io.open(args[2]))
  local body = file:read("*a") .. "@UNIQUE@"
  file:close()
  for piece in body:gmatch("(.-)@UNIQUE@") do
    pieces[#pieces + 1] = piece
  end
  prefix = args[3] .. "-" .. thread_number .. "-"
  wrk.headers["Content-Type"] = "application/json"
  if args[4] then
    wrk.headers["Authorization"] = "Bearer " .. args[4]
  end
end

function request()
  count = count + 1
  return wrk.format("POST", path, nil, table.concat(pieces, prefix .. count))
end
