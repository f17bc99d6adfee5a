#!lua flags=allow-oom
-- Replaces records, all or none. Out of memory is no obstacle: what runs must be able to end.
-- ARGV: format, generation's number and id, then for each record: id, status, seq, finished_at or '', owner, feature,
-- record.
-- Replies the ids that were left as they are: no record, an ended one that would begin again, or a later one. A later
-- one stands where a server that was stopped carries out what we gave up waiting for, after what we sent instead.

local refusal = stale(ARGV[2], ARGV[3]) or foreign(ARGV[1])
if refusal then
  return refusal
end

local names = {}
for at = 4, #ARGV, 7 do
  names[#names + 1] = job(ARGV[at])
end
local standing = values_of(names)
local before, after, left = {}, {}, {}

for k, name in ipairs(names) do
  local at = 7 * k - 3
  local id, status, seq = ARGV[at], NUMBERS[ARGV[at + 1]], tonumber(ARGV[at + 2])
  local value = after[name] and after[name].value or standing[k]
  local was, owned, was_seq, arrival, created
  if value then
    was, owned, was_seq, arrival, created = struct.unpack(HEADER, value)
  end
  if not value or was_seq > seq or (was >= FIRST_FINAL and status < FIRST_FINAL) then
    left[#left + 1] = id
  else
    before[name] = before[name] or was
    value = struct.pack(HEADER, status, owned, seq, arrival, created) .. ARGV[at + 6]
    after[name] = {
      id = id, value = value, status = status, arrival = arrival,
      finished = ARGV[at + 3], owner = ARGV[at + 4], feature = ARGV[at + 5],
    }
  end
end

local records = {}
local enter, enter_all = gathering('ZADD')
local leave, leave_all = gathering('ZREM')
local unwish, unwish_all = gathering('HDEL')
local count, count_all = tallying()
for name, now in pairs(after) do
  records[#records + 1] = name
  records[#records + 1] = now.value
  if now.status >= FIRST_FINAL then
    unwish(PREFIX .. 'cancels', now.id)
  end
  local was = before[name]
  if was ~= now.status then
    leave(shelf(was), now.id)
    enter(shelf(now.status), now.arrival, now.id)
    count(now.owner, now.feature, was, -1)
    count(now.owner, now.feature, now.status, 1)
    if was >= FIRST_FINAL then
      leave(PREFIX .. 'finished:' .. WORDS[was], now.id)
    end
  end
  if now.finished ~= '' then
    enter(PREFIX .. 'finished:' .. WORDS[now.status], now.finished, now.id)
  end
end
set_values(records)
leave_all()
enter_all()
unwish_all()
count_all()
return left
