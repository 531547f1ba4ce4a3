import { MAX_RANK, withLibrary } from './script-library.js';

// Above each script: its arguments.

export const jobScripts = {
  // id spec now class item maxOpen maxSeconds day outputDigest
  create: withLibrary(`
local id, text, now, cl, item, maxOpen, maxSeconds, day, out = unpack(ARGV)
local spec = cjson.decode(text)
local key = jobkey(id)
if redis.call('EXISTS', key) == 1 then
  if spec.batch then link(id, spec.batch, item) end
  return {'existing', redis.call('HGETALL', key)}
end
local limit = usedUp(spec.tenant, maxOpen, maxSeconds, day)
if limit then return {'quota', limit} end
if out ~= '' then
  local holder = redis.call('GET', K('output', out))
  if holder and holder ~= id then
    local h = redis.call('HMGET', jobkey(holder), 's', 'spec')
    local s = h[1]
    -- A prefix may be shared by tenants: what another one has published there is not this one's to replace.
    local replaces = spec.output.overwrite and h[2] and cjson.decode(h[2]).tenant == spec.tenant
    local free = not s or s == 'failed' or s == 'cancelled' or (final(s) and replaces)
    if not free then return {'output-taken', holder} end
  end
  redis.call('SET', K('output', out), id)
end
local mt = spec.plan.model .. '~' .. spec.plan.tier
redis.call('HSET', key, 'spec', text, 's', 'queued', 'mt', mt, 'cl', cl, 'upd', now,
  'r', takeRank(mt, cl, flowOf(spec)))
if out ~= '' then redis.call('HSET', key, 'out', out) end
redis.call('ZADD', K('index', spec.tenant, 'all'), spec.createdAtMs, id)
redis.call('ZADD', K('index', spec.tenant, 'queued'), spec.createdAtMs, id)
redis.call('ZADD', K('open'), now, id)
redis.call('HINCRBY', K('usage', spec.tenant), 'open', 1)
redis.call('HINCRBY', K('backlog'), mt .. '|q', 1)
redis.call('HINCRBY', K('backlog'), mt .. '|u', 1)
if spec.batch then
  link(id, spec.batch, item)
else
  emit({type = 'job.queued', tenant = spec.tenant, job = id, status = 'queued', atMs = num(now)})
end
return {'created', redis.call('HGETALL', key)}
`),
  // id spec status now retention class audio done attempt result started finished item outputDigest
  restore: withLibrary(`
local id, text, status, now, retention, cl, audio, done, attempt, result, started, fin, item, out = unpack(ARGV)
local spec = cjson.decode(text)
local key = jobkey(id)
if redis.call('EXISTS', key) == 0 then
  redis.call('HSET', key, 'spec', text, 's', status, 'mt', spec.plan.model .. '~' .. spec.plan.tier, 'cl', cl,
    'upd', now, 'r', '1', 'audio', audio, 'done', done, 'a', attempt, 'res', result)
  if started ~= '' then redis.call('HSET', key, 'started', started) end
  if fin ~= '' then redis.call('HSET', key, 'fin', fin) end
  if out ~= '' then
    redis.call('HSET', key, 'out', out)
    redis.call('SET', K('output', out), id, 'NX')
  end
  redis.call('ZADD', K('index', spec.tenant, 'all'), spec.createdAtMs, id)
  redis.call('ZADD', K('index', spec.tenant, status), spec.createdAtMs, id)
  redis.call('ZADD', K('expiry'), num(now) + num(retention), id)
end
if spec.batch then link(id, spec.batch, item) end
return 1
`),
  // id host now retention
  start: withLibrary(`
local id, host, now, retention = unpack(ARGV)
local key = jobkey(id)
local f = redis.call('HMGET', key, 's', 'mt', 'cl', 'r')
if not f[1] or final(f[1]) then return false end
redis.call('HINCRBY', key, 'a', 1)
redis.call('HSET', key, 'w', host)
redis.call('HSETNX', key, 'started', now)
local fair = K('fair', f[2], f[3])
local rank = num(f[4]) - num(f[3]) * ${MAX_RANK}
if rank > num(redis.call('HGET', fair, 'v')) then redis.call('HSET', fair, 'v', rank) end
move(id, 'running', now, retention)
return redis.call('HGETALL', key)
`),
  // id attempt
  standing: withLibrary(`return standing(ARGV[1], ARGV[2])`),
  // id attempt step audio now
  step: withLibrary(`
local id, attempt, step, audio, now = unpack(ARGV)
local state = standing(id, attempt)
if state ~= 'current' then return state end
redis.call('HSET', jobkey(id), 'step', step, 'upd', now)
redis.call('ZADD', K('open'), now, id)
if audio ~= '' then setAudio(id, num(audio)) end
return state
`),
  // id index done now
  chunk: withLibrary(`
local id, index, done, now = unpack(ARGV)
local key = jobkey(id)
local s = redis.call('HGET', key, 's')
if not s or final(s) then return 'cancelled' end
redis.call('ZADD', K('open'), now, id)
local before = num(redis.call('HGET', K('chunks', id), index))
if num(done) > before then
  redis.call('HSET', K('chunks', id), index, done)
  local f = redis.call('HMGET', key, 'done', 'told', 'spec', 'audio', 'step')
  local total = num(f[1]) + num(done) - before
  if f[4] then total = math.min(total, num(f[4])) end
  setDone(id, total)
  if num(now) - num(f[2]) >= 1000 then
    redis.call('HSET', key, 'told', now)
    local spec = cjson.decode(f[3])
    local e = {type = 'job.progress', tenant = spec.tenant, job = id, status = s, doneSeconds = total, atMs = num(now)}
    if f[4] then e.audioSeconds = num(f[4]) end
    if f[5] then e.step = f[5] end
    local list = batches(id)
    for _, b in ipairs(list) do e.batch = b emit(e) end
    if #list == 0 then emit(e) end
  end
end
return 'current'
`),
  // id index
  crash: withLibrary(`return redis.call('HINCRBY', jobkey(ARGV[1]), 'crash:' .. ARGV[2], 1)`),
  // id
  clearCrashes: withLibrary(`
for _, field in ipairs(redis.call('HKEYS', jobkey(ARGV[1]))) do
  if string.sub(field, 1, 6) == 'crash:' then redis.call('HDEL', jobkey(ARGV[1]), field) end
end
return 1
`),
  // id attempt status result error code now retention audio compute day
  finish: withLibrary(`
local id, attempt, status, result, err, code, now, retention, audio, compute, day = unpack(ARGV)
local state = standing(id, attempt)
if state ~= 'current' then return state end
local key = jobkey(id)
redis.call('HDEL', key, 'err')
if audio ~= '' then
  setAudio(id, num(audio))
  if status == 'done' then setDone(id, num(audio)) end
end
if result ~= '' then redis.call('HSET', key, 'res', result) end
local f = redis.call('HMGET', key, 'mt', 'spec')
if result ~= '' then
  local tenant = cjson.decode(f[2]).tenant
  addto(K('usage', tenant), 'seconds:' .. day, num(audio))
  redis.call('HINCRBY', K('backlog'), f[1] .. '|fj', 1)
  addto(K('backlog'), f[1] .. '|fs', num(audio))
  addto(K('backlog'), f[1] .. '|cs', num(compute))
  for _, b in ipairs(batches(id)) do addto(K('batch', b), 'compute', num(compute)) end
end
move(id, status, now, retention, {code = code ~= '' and code or nil})
if err ~= '' then redis.call('HSET', key, 'err', err) end
return state
`),
  // id attempt error now retention
  handBack: withLibrary(`
local id, attempt, err, now, retention = unpack(ARGV)
local state = standing(id, attempt)
if state ~= 'current' then return state end
redis.call('HDEL', jobkey(id), 'w', 'step')
if err ~= '' then redis.call('HSET', jobkey(id), 'err', err) end
move(id, 'queued', now, retention)
return state
`),
  // id status error code now retention: what ends a job without an attempt
  end: withLibrary(`
local id, status, err, code, now, retention = unpack(ARGV)
local key = jobkey(id)
local s = redis.call('HGET', key, 's')
if not s then return false end
if not final(s) then
  if err ~= '' then redis.call('HSET', key, 'err', err) end
  move(id, status, now, retention, {code = code ~= '' and code or nil})
  if status == 'cancelled' then redis.call('PUBLISH', K('cancel'), id) end
end
return redis.call('HGETALL', key)
`),
  // id now retention maxOpen maxSeconds day
  requeue: withLibrary(`
local id, now, retention, maxOpen, maxSeconds, day = unpack(ARGV)
local key = jobkey(id)
local f = redis.call('HMGET', key, 's', 'spec')
local s = f[1]
if s ~= 'failed' and s ~= 'partial' and s ~= 'cancelled' then return false end
local limit = usedUp(cjson.decode(f[2]).tenant, maxOpen, maxSeconds, day)
if limit then return {'quota', limit} end
setDone(id, 0)
move(id, 'queued', now, retention)
redis.call('HDEL', key, 'err', 'res', 'fin', 'started')
return {'queued', redis.call('HGETALL', key)}
`),
  // id
  remove: withLibrary(`return removeJob(ARGV[1])`),
  // now limit
  expire: withLibrary(`
local gone = 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', K('expiry'), '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  gone = gone + removeJob(id)
end
return gone
`),
  // before now limit: each id is looked at once per round
  quiet: withLibrary(`
local ids = redis.call('ZRANGEBYSCORE', K('open'), '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do redis.call('ZADD', K('open'), ARGV[2], id) end
return ids
`),
};
