import { withLibrary } from './script-library.js';

// Above each script: its arguments.

export const batchScripts = {
  // id spec now
  create: withLibrary(`
local id, text, now = unpack(ARGV)
local key = K('batch', id)
if redis.call('EXISTS', key) == 1 then return 'existing' end
redis.call('HSET', key, 'spec', text, 'status', 'expanding')
redis.call('ZADD', K('batches', cjson.decode(text).tenant), now, id)
return 'created'
`),
  // id items cursor refused…
  advance: withLibrary(`
local key = K('batch', ARGV[1])
if redis.call('EXISTS', key) == 0 then return 0 end
-- A page that is told again after a crash must not count its refusals again.
local last = num(redis.call('HGET', key, 'refusedItem'))
for n = 4, #ARGV do
  local refused = cjson.decode(ARGV[n])
  local item = refused.item
  if item > last then
    -- A manifest of nothing but wrong lines may not fill the memory: the first of them tell enough.
    if redis.call('LLEN', K('batch-refused', ARGV[1])) < 10000 then
      redis.call('RPUSH', K('batch-refused', ARGV[1]), ARGV[n])
    end
    redis.call('HINCRBY', key, 'c:refused', 1)
    countFailure(ARGV[1], refused.source ~= '' and refused.source or 'item ' .. item, refused.error.code, 1)
    redis.call('HSET', key, 'refusedItem', item)
  end
end
redis.call('HSET', key, 'items', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', key, 'cursor', ARGV[3]) end
return 1
`),
  // id error code now retention
  complete: withLibrary(`
local id, err, now, retention = unpack(ARGV)
local key = K('batch', id)
local status = redis.call('HGET', key, 'status')
if status ~= 'expanding' then return 0 end
redis.call('HDEL', key, 'cursor')
if err ~= '' then
  redis.call('HSET', key, 'status', 'failed', 'err', err, 'fin', now)
  for _, name in ipairs(batchParts) do redis.call('PEXPIRE', K(name, id), retention) end
  local spec = cjson.decode(redis.call('HGET', key, 'spec'))
  local e = {type = 'batch.failed', tenant = spec.tenant, batch = id, atMs = num(now)}
  emit(e)
  if spec.request.webhook then notice(spec.request.webhook.url, spec.tenant, id, e) end
else
  redis.call('HSET', key, 'status', 'running')
  endBatch(id, now, retention)
end
return 1
`),
  // id now retention
  cancel: withLibrary(`
local id, now, retention = unpack(ARGV)
local key = K('batch', id)
local status = redis.call('HGET', key, 'status')
if not status then return 0 end
if status == 'expanding' or status == 'running' then
  redis.call('HSET', key, 'status', 'running', 'cancel', '1')
  endBatch(id, now, retention)
end
return 1
`),
  // id tenant
  remove: withLibrary(`
local id = ARGV[1]
redis.call('ZREM', K('batches', ARGV[2]), id)
local gone = redis.call('DEL', K('batch', id))
redis.call('DEL', K('batch-jobs', id), K('batch-refused', id), K('batch-failures', id), K('batch-dup', id), K('deliveries', id))
return gone
`),
};
