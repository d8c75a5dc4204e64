-- For wrk: phones that boot, each with its own MAC and User-Agent, three files each.
-- Arguments: how many phones; "close" for a connection to each file.

local threads = 0

function setup(thread)
  thread:set("offset", threads)
  threads = threads + 1
end

function init(args)
  phones = tonumber(args[1])
  close = args[2] == "close"
  asked = offset * math.floor(phones / 2) * 3
end

function request()
  local phone = math.floor(asked / 3) % phones + 1
  local which = asked % 3
  asked = asked + 1
  local high, middle, low = math.floor(phone / 65536), math.floor(phone / 256) % 256, phone % 256
  local path = "/aastra.cfg"
  if which == 1 then path = "/6753i.cfg" end
  if which == 2 then path = string.format("/00085D%06X.cfg", phone) end
  local headers = {}
  headers["User-Agent"] =
    string.format("Aastra53i MAC:00-08-5D-%02X-%02X-%02X V:3.3.1.4365-SIP", high, middle, low)
  if close then headers["Connection"] = "close" end
  return wrk.format("GET", path, headers)
end

function done(summary, latency, _requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, failed,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
