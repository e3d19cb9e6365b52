-- wrk's part of bench_server.py: sends the calls of a folder in turn, and prints what came back.

function setup(thread)
  worker = thread -- the only one: wrk runs with -t1
end

function init(arguments)
  requests, expected = {}, {}
  statuses, sent = {}, {}
  for line in io.lines(arguments[1] .. "/calls") do
    local number, target, kind, status = line:match("^(%d+)\t(%S+)\t([^\t]+)\t(%d+)$")
    local file = assert(io.open(arguments[1] .. "/" .. number, "rb"))
    local body = file:read("*a")
    file:close()
    local headers = { ["Content-Type"] = kind, ["Content-Length"] = #body }
    requests[#requests + 1] = wrk.format("POST", target, headers, body)
    expected[#requests] = status
    wrk.method, wrk.path, wrk.headers["Content-Type"], wrk.body = "POST", target, kind, body
  end
  turn = 0
  if #requests > 1 then -- a single one wrk sends by itself, and spends less of the server's cores
    request, response = take_turn, count_status
  end
end

function take_turn()
  turn = turn % #requests + 1
  local status = expected[turn]
  sent[status] = (sent[status] or 0) + 1
  return requests[turn]
end

function count_status(status)
  local key = tostring(status)
  statuses[key] = (statuses[key] or 0) + 1
end

local function format_counts(counts)
  local parts = {}
  for name, count in pairs(counts) do
    parts[#parts + 1] = string.format('"%s": %d', name, count)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

function done(summary, latency)
  local errors = summary.errors
  local answered = worker:get("statuses")
  if next(answered) == nil then -- wrk itself knows whether it was 2xx or 3xx
    answered = { ["200"] = summary.requests - errors.status, ["0"] = errors.status }
  end
  print(string.format(
    '{"per_s": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "statuses": %s, "sent": %s, "errors": %s}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    format_counts(answered), format_counts(worker:get("sent")),
    format_counts({ connect = errors.connect, read = errors.read, write = errors.write, timeout = errors.timeout })
  ))
end
