#!lua
-- Inserts new records; one that stands already, under the id or under the idempotency key, is never overwritten.
-- ARGV: format, then for each record: bound, the owner's bound (0: none), id, created_at, feature, owner, key, number of
-- tags, tags..., record.
-- Replies, for each: 1 it stands now; 0 `bound` records wait already; -1 the owner has as many open ones as it may;
-- a string: the one that stood there.

local refusal = foreign(ARGV[1])
if refusal then
  return refusal
end

local places, names, at = {}, {}, 2
while at <= #ARGV do
  places[#places + 1] = at
  names[#names + 1] = job(ARGV[at + 2])
  at = at + 9 + ARGV[at + 7]
end

local standing = values_of(names)
local waiting = call('ZCARD', shelf(QUEUED))
local arrival = tonumber(call('GET', PREFIX .. 'sequence') or 0)
local made, records, replies = {}, {}, {}
local enter, enter_all = gathering('ZADD')
local remember_key, remember_keys = gathering('HSET')
local count, count_all = tallying()
local keys = {}
local open = {}

-- How many records of the owner wait or run, those of this group included.
local function open_of(owner)
  if not open[owner] then
    local flat = call('HGETALL', PREFIX .. 'tally:owner:' .. owner)
    open[owner] = 0
    for i = 1, #flat, 2 do
      local status = flat[i]:match('^%a+')
      if NUMBERS[status] and NUMBERS[status] < FIRST_FINAL then
        open[owner] = open[owner] + flat[i + 1]
      end
    end
  end
  return open[owner]
end

local function stood(k, owner, key)
  if standing[k] or made[names[k]] or key == '' then
    return standing[k] or made[names[k]]
  end
  local other = keys[entry(owner, key)] or call('HGET', PREFIX .. 'keys', entry(owner, key))
  return other and (made[job(other)] or call('GET', job(other)))
end

local function insert(k, at, owner, key)
  local id, created, feature, tags = ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4], tonumber(ARGV[at + 7])
  arrival = arrival + 1
  waiting = waiting + 1
  made[names[k]] = struct.pack(HEADER, QUEUED, owner ~= '' and 1 or 0, 1, arrival, created) .. ARGV[at + 8 + tags]
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
    enter(PREFIX .. 'jobs:tag:' .. ARGV[at + 7 + t], arrival, id)
  end
  if key ~= '' then
    keys[entry(owner, key)] = id
    remember_key(PREFIX .. 'keys', entry(owner, key), id)
  end
end

for k, at in ipairs(places) do
  local owner, key, most = ARGV[at + 5], ARGV[at + 6], tonumber(ARGV[at + 1])
  local former = stood(k, owner, key)
  if former then
    replies[k] = former
  elseif waiting >= tonumber(ARGV[at]) then
    replies[k] = 0
  elseif most > 0 and owner ~= '' and open_of(owner) >= most then
    replies[k] = -1
  else
    insert(k, at, owner, key)
    if open[owner] then
      open[owner] = open[owner] + 1
    end
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
