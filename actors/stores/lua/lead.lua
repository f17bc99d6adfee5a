#!lua flags=allow-oom
-- Makes the asker the leader, unless another one's lease runs. By this server's clock, on which all agree.
-- ARGV: format, owner, milliseconds of the lease, number to stay above, random id, milliseconds that an asker is kept.
-- Replies the new number; or the leader, its number, and the milliseconds that its lease still runs.

local refusal = foreign(ARGV[1])
if refusal then
  return refusal
end

local owner, lease, above, id, kept = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local LEADER, BROKERS = PREFIX .. 'leader', PREFIX .. 'brokers'
local now = milliseconds()
call('ZADD', BROKERS, now, owner)
call('ZREMRANGEBYSCORE', BROKERS, '-inf', now - kept)

local found = call('HMGET', LEADER, 'number', 'owner', 'until', 'lease')
local number = tonumber(found[1] or 0)
if found[1] and found[2] ~= owner then
  local ends, granted = tonumber(found[3]), tonumber(found[4])
  if ends - now > granted then
    -- The clock was set back; no lease runs for longer than it was granted.
    ends = now + granted
    call('HSET', LEADER, 'until', ends)
  end
  if now < ends then
    return {found[2], number, ends - now}
  end
end
number = math.max(number, above) + 1
call('HSET', LEADER, 'number', number, 'id', id, 'owner', owner, 'until', now + lease, 'lease', lease)
return number
