#!lua flags=no-writes
-- Finds records, the latest arrival first; looks at no more than some hundred, so that nobody waits for it.
-- ARGV: begin below this arrival ('+inf', '(7'), matches to skip, matches wanted, created from and to ('' for any),
-- '1' if only those without an owner, then the sorted sets that it must be in.
-- Replies: the arrival to go on below ('' where there are no more), matches met, then arrival and record of each wanted.

local BATCH = 500
local below, skip, wanted = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local from, to, ownerless = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local looks_inside = from or to or ownerless

-- Walked along is the smallest set; the others are asked about each member.
local walked, others, smallest = nil, {}, math.huge
for at = 7, #ARGV do
  local size = call('ZCARD', ARGV[at])
  if size < smallest then
    others[#others + 1] = walked
    walked, smallest = ARGV[at], size
  else
    others[#others + 1] = ARGV[at]
  end
end

local function fits(id)
  if not looks_inside then
    return true
  end
  local header = call('GETRANGE', job(id), 0, HEADER_BYTES - 1)
  if header == '' then
    return false
  end
  local _, owned, _, _, created = struct.unpack(HEADER, header)
  return not (from and created < from) and not (to and created >= to) and not (ownerless and owned == 1)
end

-- The arrivals are asked for afterwards: to print a score takes Redis longer than to find a member.
local function reply(next_below, met, ids)
  local names, found = {}, {next_below, met}
  for k, id in ipairs(ids) do
    names[k] = job(id)
  end
  for k, value in ipairs(values_of(names)) do
    if value then
      found[#found + 1] = call('ZSCORE', walked, ids[k])
      found[#found + 1] = value
    end
  end
  return found
end

if #others == 0 and not looks_inside then
  if below == '+inf' then
    return reply('', 0, call('ZRANGE', walked, skip, skip + wanted - 1, 'REV'))
  end
  return reply('', 0, call('ZRANGE', walked, below, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, wanted))
end

local members = call('ZRANGE', walked, below, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, BATCH)
if #members == 0 then
  return {'', 0}
end
local elsewhere = {}
for k, set in ipairs(others) do
  elsewhere[k] = call('ZMSCORE', set, unpack(members))
end

local ids, met = {}, 0
for k, id in ipairs(members) do
  local is_in = true
  for _, found in ipairs(elsewhere) do
    is_in = is_in and found[k]
  end
  if is_in and fits(id) then
    met = met + 1
    if met > skip and #ids < wanted then
      ids[#ids + 1] = id
    end
  end
end
return reply(#members == BATCH and call('ZSCORE', walked, members[BATCH]) or '', met, ids)
