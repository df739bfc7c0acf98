-- Requests for wrk: GET of random paths from a file with one path a line.
-- usage: wrk ... -s read.lua URL -- PATHS_FILE

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("thread_number", threads)
end

-- Written once, so that wrk spends the cores on sending and not on writing requests.
local requests = {}

function init(args)
  math.randomseed(thread_number)
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  return requests[math.random(#requests)]
end
