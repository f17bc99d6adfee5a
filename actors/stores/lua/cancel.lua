#!lua flags=allow-oom
-- Notes that a job's end is wanted, for the broker that leads next. Out of memory is no obstacle: it will give some back.
-- ARGV: format, id, reason. Replies 1, or 0 if no open record has this id.

local refusal = foreign(ARGV[1])
if refusal then
  return refusal
end

local value = call('GET', job(ARGV[2]))
if not value or struct.unpack(HEADER, value) >= FIRST_FINAL then
  return 0
end
call('HSET', PREFIX .. 'cancels', ARGV[2], ARGV[3])
return 1
