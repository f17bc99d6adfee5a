-- What every script begins with. The keys and what they hold: docs/redis.md.

local call = redis.call
local PREFIX = '3daigc:'
-- Before each record: status, 1 if it has an owner, seq, order of arrival, created_at. Big-endian.
local HEADER, HEADER_BYTES = '>BBI4I8d', 22
local WORDS = {'queued', 'processing', 'completed', 'failed', 'cancelled'}
local NUMBERS = {queued = 1, processing = 2, completed = 3, failed = 4, cancelled = 5}
local QUEUED, FIRST_FINAL = 1, 3
-- Lua's stack holds 8,000 values; unpack must stay below.
local SLICE = 1000

local function job(id)
  return PREFIX .. 'job:' .. id
end

-- The sorted set of a status, by its number.
local function shelf(status)
  return status == QUEUED and PREFIX .. 'queue:pending' or PREFIX .. 'jobs:' .. WORDS[status]
end

-- Under what an idempotency key is entered; the length keeps two owners from meeting.
local function entry(owner, key)
  return #owner .. ':' .. owner .. ':' .. key
end

local function slices(list)
  local from = 1 - SLICE
  return function()
    from = from + SLICE
    if from <= #list then
      return from, math.min(from + SLICE - 1, #list)
    end
  end
end

-- What stands under so many names; false where nothing does.
local function values_of(names)
  local values = {}
  for from, to in slices(names) do
    local found = call('MGET', unpack(names, from, to))
    for i = 1, #found do
      values[from + i - 1] = found[i]
    end
  end
  return values
end

-- Under each name the value behind it.
local function set_values(pairs_of)
  for from, to in slices(pairs_of) do
    call('MSET', unpack(pairs_of, from, to))
  end
end

-- Gathers what one command is told about each of several keys, so that a group costs a call per key, not per record.
local function gathering(command)
  local lists = {}
  local function add(key, first, second)
    local list = lists[key]
    if not list then
      list = {}
      lists[key] = list
    end
    list[#list + 1] = first
    list[#list + 1] = second
  end
  local function done()
    for key, list in pairs(lists) do
      for from, to in slices(list) do
        call(command, key, unpack(list, from, to))
      end
    end
  end
  return add, done
end

-- Keeps the numbers of jobs by status and feature, of everybody and of each owner, from which totals are told: counting
-- 100,000 members of two sets would take 60 ms.
local function tallying()
  local changes = {}
  local function add(owner, feature, status, by)
    local field = WORDS[status] .. ':' .. feature
    for _, key in ipairs({PREFIX .. 'tally', PREFIX .. 'tally:owner:' .. owner}) do
      changes[key] = changes[key] or {}
      changes[key][field] = (changes[key][field] or 0) + by
    end
  end
  local function done()
    for key, fields in pairs(changes) do
      for field, by in pairs(fields) do
        if by ~= 0 and call('HINCRBY', key, field, by) == 0 then
          call('HDEL', key, field)
        end
      end
    end
  end
  return add, done
end

local function milliseconds()
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- Nil if the records are ours to change, else what to answer. An empty store becomes ours.
local function foreign(format)
  local found = call('GET', PREFIX .. 'version')
  if not found then
    call('SET', PREFIX .. 'version', format)
  elseif found ~= format then
    return redis.error_reply('VERSION ' .. found)
  end
end

-- Nil if this generation leads, else what to answer.
local function stale(number, id)
  local leads = call('HMGET', PREFIX .. 'leader', 'number', 'id')
  if leads[1] ~= number or leads[2] ~= id then
    return redis.error_reply('STALE ' .. number .. ' ' .. (leads[1] or '0'))
  end
end
