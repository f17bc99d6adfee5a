#!lua
-- Takes a drop of each bucket, if each has one, or puts one back into each.
-- ARGV: format, `take` or `give`, then for each bucket its key, drops a minute, and how many it holds.
-- Replies: 1 if they were taken, else 0; then what is in each now, as text. A full bucket is no key.

local refusal = foreign(ARGV[1])
if refusal then
  return refusal
end
local now, change = milliseconds(), ARGV[2] == 'take' and -1 or 1
local keys, held, allowed = {}, {}, 1

for i = 3, #ARGV, 3 do
  local key, per_minute, burst = PREFIX .. 'bucket:' .. ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local drops = burst
  local found = call('GET', key)
  if found then
    local kept, at = string.match(found, '^(%S+) (%S+)$')
    drops = math.min(burst, kept + math.max(0, now - at) * per_minute / 60000)
  end
  keys[#keys + 1], held[#held + 1] = key, drops
  if change < 0 and drops < 1 then
    allowed = 0
  end
end

local reply = {allowed}
for i, key in ipairs(keys) do
  local per_minute, burst = tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  if allowed == 1 then
    held[i] = math.min(burst, held[i] + change)
    local full_ms = math.ceil((burst - held[i]) * 60000 / per_minute)
    call('SET', key, string.format('%.6f %d', held[i], now), 'PX', math.max(1, full_ms))
  end
  reply[i + 1] = string.format('%.6f', held[i])
end
return reply
