#!lua flags=allow-oom
-- Ends the lease of this generation, if it leads, and strikes it off the brokers. ARGV: generation's number and id.

if not stale(ARGV[1], ARGV[2]) then
  call('HSET', PREFIX .. 'leader', 'until', 0)
  call('ZREM', PREFIX .. 'brokers', call('HGET', PREFIX .. 'leader', 'owner'))
end
return redis.status_reply('OK')
