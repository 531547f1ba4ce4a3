import { MAX_RANK, withLibrary } from './script-library.js';

// Above each script: its arguments. `spec…` stands for: id spec tenant createdAt batch mt class webhook outputDigest.

export const jobScripts = {
  // spec… now item maxOpen maxSeconds day overwrite
  create: withLibrary(`
local id, _, tenant, _, batch, mt, cl, _, out, now, item, maxOpen, maxSeconds, day, overwrite = unpack(ARGV)
local known = load(id)
if known then
  if batch ~= '' then link(known, batch, item) end
  return {'existing', redis.call('HGETALL', jobkey(id))}
end
local limit = usedUp(tenant, maxOpen, maxSeconds, day)
if limit then return {'quota', limit} end
if out ~= '' then
  local holder = redis.call('GET', K('output', out))
  if holder and holder ~= id then
    local h = redis.call('HMGET', jobkey(holder), 's', 't')
    -- A prefix may be shared by tenants: what another one has published there is not this one's to replace.
    local replaces = overwrite == '1' and h[2] == tenant
    local isPublished = h[1] == 'done' or h[1] == 'partial'
    if isOpen(h[1]) or (isPublished and not replaces) then return {'output-taken', holder} end
  end
  redis.call('SET', K('output', out), id)
end
local j = newJob()
j.s, j.r = 'queued', takeRank(mt, cl, batch, tenant)
save(j, now)
if batch ~= '' then link(j, batch, item) else tell(j, now) end
return {'created', j.r}
`),
  // spec… now item status retention audio done attempt result started finished
  restore: withLibrary(`
local id, _, _, _, batch, _, _, _, out, now, item, status, retention, audio, done, attempt, result, started, fin = unpack(ARGV)
local j = load(id)
if not j then
  j = newJob()
  j.s, j.r, j.a, j.res = status, 1, attempt, result
  j.audio, j.done, j.started, j.fin = seconds(audio), seconds(done), given(started), given(fin)
  save(j, now, retention)
  if out ~= '' then redis.call('SET', K('output', out), id, 'NX') end
end
if batch ~= '' then link(j, batch, item) end
return 1
`),
  // id host now retention
  start: withLibrary(`
local id, host, now, retention = unpack(ARGV)
local j = load(id)
if not j or not isOpen(j.s) then return false end
if redis.call('HDEL', jobkey(id), 'away') == 1 then redis.call('HINCRBY', jobkey(id), 'back', 1) end
j.a, j.w, j.started = num(j.a) + 1, host, j.started or now
local fair = K('fair', j.mt, j.cl)
local rank = num(j.r) - num(j.cl) * ${MAX_RANK}
if rank > num(redis.call('HGET', fair, 'v')) then redis.call('HSET', fair, 'v', rank) end
move(j, 'running', now, retention)
return redis.call('HGETALL', jobkey(id))
`),
  // id attempt
  standing: withLibrary(`
local f = redis.call('HMGET', jobkey(ARGV[1]), 's', 'a', 'at')
return standing({s = f[1], a = f[2], at = f[3]}, ARGV[2])
`),
  // id attempt
  leave: withLibrary(`
local id, attempt = unpack(ARGV)
local state = standing(load(id), attempt)
if state == 'current' then redis.call('HSET', jobkey(id), 'away', 1) end
return state
`),
  // id attempt step audio now
  step: withLibrary(`
local id, attempt, step, audio, now = unpack(ARGV)
local j = load(id)
local state = standing(j, attempt)
if state ~= 'current' then return state end
j.step = step
if audio ~= '' then j.audio = seconds(audio) end
save(j, now)
return state
`),
  // id index done now
  chunk: withLibrary(`
local id, index, done, now = unpack(ARGV)
local j = load(id)
if not j or not isOpen(j.s) then return 'cancelled' end
local before = num(redis.call('HGET', K('chunks', id), index))
local isTold = false
if num(done) > before then
  redis.call('HSET', K('chunks', id), index, done)
  local total = num(j.done) + num(done) - before
  if j.audio then total = math.min(total, num(j.audio)) end
  j.done = seconds(total)
  isTold = num(now) - num(j.told) >= 1000
  if isTold then j.told = now end
end
save(j, now)
if isTold then
  emitOf(j, {type = 'job.progress', tenant = j.t, job = id, status = j.s, step = j.step, atMs = num(now),
    doneSeconds = num(j.done), audioSeconds = j.audio and num(j.audio)})
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
local j = load(id)
local state = standing(j, attempt)
if state ~= 'current' then return state end
j.err = given(err)
if result ~= '' then
  j.res, j.audio = result, seconds(audio)
  if status == 'done' then j.done = j.audio end
  addto(K('usage', j.t), 'seconds:' .. day, num(audio))
  redis.call('HINCRBY', K('backlog'), j.mt .. '|fj', 1)
  addto(K('backlog'), j.mt .. '|fs', num(audio))
  addto(K('backlog'), j.mt .. '|cs', num(compute))
  for _, b in ipairs(batches(j)) do addto(K('batch', b), 'compute', num(compute)) end
end
move(j, status, now, retention, given(code))
return state
`),
  // id attempt error now retention
  handBack: withLibrary(`
local id, attempt, err, now, retention = unpack(ARGV)
local j = load(id)
local state = standing(j, attempt)
if state ~= 'current' then return state end
j.w, j.step, j.err = nil, nil, given(err) or j.err
if err == '' then redis.call('HSET', jobkey(id), 'away', 1) end
move(j, 'queued', now, retention)
return state
`),
  // id status error code now retention: what ends a job without an attempt
  end: withLibrary(`
local id, status, err, code, now, retention = unpack(ARGV)
local j = load(id)
if not j then return false end
if isOpen(j.s) then
  j.err = given(err) or j.err
  move(j, status, now, retention, given(code))
  if status == 'cancelled' then redis.call('PUBLISH', K('cancel'), id) end
end
return redis.call('HGETALL', jobkey(id))
`),
  // id now retention maxOpen maxSeconds day
  requeue: withLibrary(`
local id, now, retention, maxOpen, maxSeconds, day = unpack(ARGV)
local j = load(id)
if not j or isOpen(j.s) or j.s == 'done' then return false end
local limit = usedUp(j.t, maxOpen, maxSeconds, day)
if limit then return {'quota', limit} end
local spec = cjson.decode(redis.call('HGET', jobkey(id), 'spec'))
j.r = takeRank(j.mt, j.cl, spec.batch or '', j.t)
j.done, j.err, j.fin, j.started = nil, nil, nil, nil
redis.call('HDEL', jobkey(id), 'res')
move(j, 'queued', now, retention)
return {'queued', redis.call('HGETALL', jobkey(id))}
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
