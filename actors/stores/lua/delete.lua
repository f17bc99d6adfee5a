#!lua flags=allow-oom
-- Removes records and every mention of them. ARGV: format, generation's number and id, then ids.

local refusal = stale(ARGV[2], ARGV[3]) or foreign(ARGV[1])
if refusal then
  return refusal
end

local names = {}
for at = 4, #ARGV do
  names[#names + 1] = job(ARGV[at])
end
local standing = values_of(names)
local leave, leave_all = gathering('ZREM')
local forget, forget_all = gathering('HDEL')
local count, count_all = tallying()

for k, name in ipairs(names) do
  if standing[k] then
    local id = ARGV[3 + k]
    local status = struct.unpack(HEADER, standing[k])
    local record = cmsgpack.unpack(string.sub(standing[k], HEADER_BYTES + 1))
    count(record.owner or '', record.feature, status, -1)
    leave(PREFIX .. 'jobs', id)
    leave(shelf(status), id)
    leave(PREFIX .. 'jobs:feature:' .. record.feature, id)
    if record.owner then
      leave(PREFIX .. 'jobs:owner:' .. record.owner, id)
    end
    for _, tag in ipairs(record.tags or {}) do
      leave(PREFIX .. 'jobs:tag:' .. tag, id)
    end
    if status >= FIRST_FINAL then
      leave(PREFIX .. 'finished:' .. WORDS[status], id)
    end
    forget(PREFIX .. 'cancels', id)
    if record.idempotency_key then
      forget(PREFIX .. 'keys', entry(record.owner or '', record.idempotency_key))
    end
  end
end

leave_all()
forget_all()
count_all()
for from, to in slices(names) do
  call('DEL', unpack(names, from, to))
end
return redis.status_reply('OK')
