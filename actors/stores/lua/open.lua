#!lua flags=no-writes
-- Which records wait or run, in their order of arrival. ARGV: begin above this arrival ('-inf', '(7'), how many.
-- Replies two lists of ids and arrivals, from one instant: a record that moves between the two is in one of them.

local function first_of(set)
  return call('ZRANGE', set, ARGV[1], '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
end

return {first_of(shelf(QUEUED)), first_of(shelf(2))}
