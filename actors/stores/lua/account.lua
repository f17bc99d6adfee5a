#!lua
-- Adds, changes or removes an account, so that no name and no address is ever two accounts'.
-- ARGV: format, `add`, `change` or `remove`, id, name and address in lower case, record.
-- Replies: 1 it is done; 0 there is no such account; `name` or `email`: that one is taken.

local refusal = foreign(ARGV[1])
if refusal then
  return refusal
end
local verb, id, name, email, record = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local ACCOUNTS, NAMES, EMAILS = PREFIX .. 'accounts', PREFIX .. 'accounts:names', PREFIX .. 'accounts:emails'

if verb == 'add' then
  -- One that stands under this id already came by ourselves, over a connection that was lost.
  local named, addressed = call('HGET', NAMES, name), call('HGET', EMAILS, email)
  if named and named ~= id then
    return 'name'
  end
  if addressed and addressed ~= id then
    return 'email'
  end
  call('HSET', NAMES, name, id)
  if email ~= '' then
    call('HSET', EMAILS, email, id)
  end
elseif not call('HGET', ACCOUNTS, id) then
  return 0
end
if verb == 'remove' then
  call('HDEL', ACCOUNTS, id)
  call('HDEL', NAMES, name)
  call('HDEL', EMAILS, email)
else
  call('HSET', ACCOUNTS, id, record)
end
return 1
