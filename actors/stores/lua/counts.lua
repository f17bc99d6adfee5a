#!lua flags=no-writes
-- How many records there are of each status, at one instant, in the order of WORDS.

local counts = {}
for status = 1, #WORDS do
  counts[status] = call('ZCARD', shelf(status))
end
return counts
