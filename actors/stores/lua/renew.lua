#!lua flags=allow-oom
-- Makes the leader's lease run from now on. ARGV: format, generation's number and id, milliseconds of the lease.

local refusal = stale(ARGV[2], ARGV[3]) or foreign(ARGV[1])
if refusal then
  return refusal
end

local now, lease = milliseconds(), tonumber(ARGV[4])
call('HSET', PREFIX .. 'leader', 'until', now + lease, 'lease', lease)
call('ZADD', PREFIX .. 'brokers', now, call('HGET', PREFIX .. 'leader', 'owner'))
return redis.status_reply('OK')
