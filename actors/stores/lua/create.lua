#!lua
-- Inserts new records; one that stands already, under the id or under the idempotency key, is never overwritten.
-- ARGV: format, then for each record: bound, id, created_at, feature, owner, key, number of tags, tags..., record.
-- Replies, for each: 1 it stands now; 0 `bound` records wait already; a string: the one that stood there.

local refusal = foreign(ARGV[1])
if refusal then
  return refusal
end

local places, names, at = {}, {}, 2
while at <= #ARGV do
  places[#places + 1] = at
  names[#names + 1] = job(ARGV[at + 1])
  at = at + 8 + ARGV[at + 6]
end

local standing = values_of(names)
local waiting = call('ZCARD', shelf(QUEUED))
local arrival = tonumber(call('GET', PREFIX .. 'sequence') or 0)
local made, records, replies = {}, {}, {}
local enter, enter_all = gathering('ZADD')
local remember_key, remember_keys = gathering('HSET')
local count, count_all = tallying()
local keys = {}

local function stood(k, owner, key)
  if standing[k] or made[names[k]] or key == '' then
    return standing[k] or made[names[k]]
  end
  local other = keys[entry(owner, key)] or call('HGET', PREFIX .. 'keys', entry(owner, key))
  return other and (made[job(other)] or call('GET', job(other)))
end

local function insert(k, at, owner, key)
  local id, created, feature, tags = ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3], tonumber(ARGV[at + 6])
  arrival = arrival + 1
  waiting = waiting + 1
  made[names[k]] = struct.pack(HEADER, QUEUED, owner ~= '' and 1 or 0, 1, arrival, created) .. ARGV[at + 7 + tags]
  records[#records + 1] = names[k]
  records[#records + 1] = made[names[k]]
  count(owner, feature, QUEUED, 1)
  enter(PREFIX .. 'jobs', arrival, id)
  enter(shelf(QUEUED), arrival, id)
  enter(PREFIX .. 'jobs:feature:' .. feature, arrival, id)
  if owner ~= '' then
    enter(PREFIX .. 'jobs:owner:' .. owner, arrival, id)
  end
  for t = 1, tags do
    enter(PREFIX .. 'jobs:tag:' .. ARGV[at + 6 + t], arrival, id)
  end
  if key ~= '' then
    keys[entry(owner, key)] = id
    remember_key(PREFIX .. 'keys', entry(owner, key), id)
  end
end

for k, at in ipairs(places) do
  local owner, key = ARGV[at + 4], ARGV[at + 5]
  local former = stood(k, owner, key)
  if former then
    replies[k] = former
  elseif waiting >= tonumber(ARGV[at]) then
    replies[k] = 0
  else
    insert(k, at, owner, key)
    replies[k] = 1
  end
end

if #records > 0 then
  set_values(records)
  call('SET', PREFIX .. 'sequence', string.format('%.0f', arrival))
  enter_all()
  remember_keys()
  count_all()
end
return replies
