// The ledger's scripts. Each is one change that is seen whole or not at all.
//
// Job hash: spec s(tatus) a(ttempt) r(ank) w(orker) step audio done err res started fin upd told b(atches) mt cl(ass)
// Batch hash: spec status c:<status> items cursor audio done compute err started fin cancel dup
// Backlog hash, by model and tier: <mt>|q queued, |r running, |a open audio seconds of known length, |u open jobs of
// unknown length, |fj |fs |cs jobs, audio seconds and compute seconds that are finished.

/** Largest rank inside a class of priority; three classes fit below BullMQ's largest priority (2^21). */
export const MAX_RANK = 600_000;

const library = `
local tag = KEYS[1]
local function K(...) return tag .. ':' .. table.concat({...}, ':') end
local function num(v) return tonumber(v) or 0 end
local batchParts = {'batch', 'batch-jobs', 'batch-refused', 'batch-failures', 'batch-dup'}
local function jobkey(id) return K('job', id) end
local function final(s) return s == 'done' or s == 'partial' or s == 'failed' or s == 'cancelled' end

local function emit(e)
  redis.call('XADD', K('events'), 'MAXLEN', '~', '20000', '*', 'e', cjson.encode(e))
end

local function notice(url, tenant, subject, e)
  redis.call('XADD', K('notices'), '*', 'event', cjson.encode(e), 'url', url, 'tenant', tenant, 'subject', subject)
end

local function addto(key, field, amount)
  if amount ~= 0 then redis.call('HINCRBYFLOAT', key, field, string.format('%.3f', amount)) end
end

local function batches(id)
  local list = {}
  for b in string.gmatch(redis.call('HGET', jobkey(id), 'b') or '', '[^,]+') do
    if redis.call('EXISTS', K('batch', b)) == 1 then list[#list + 1] = b end
  end
  return list
end

local function endBatch(b, now, retention)
  local key = K('batch', b)
  local f = redis.call('HMGET', key, 'status', 'c:queued', 'c:running', 'cancel', 'spec')
  if f[1] ~= 'running' or num(f[2]) + num(f[3]) > 0 then return end
  local status = f[4] and 'cancelled' or 'finished'
  redis.call('HSET', key, 'status', status, 'fin', now)
  for _, name in ipairs(batchParts) do
    redis.call('PEXPIRE', K(name, b), retention)
  end
  local spec = cjson.decode(f[5])
  local e = {type = 'batch.' .. status, tenant = spec.tenant, batch = b, atMs = num(now)}
  emit(e)
  if spec.request.webhook then notice(spec.request.webhook.url, spec.tenant, b, e) end
end

local function reopenBatch(b)
  local key = K('batch', b)
  local status = redis.call('HGET', key, 'status')
  if status == 'finished' or status == 'cancelled' then
    redis.call('HSET', key, 'status', 'running')
    redis.call('HDEL', key, 'fin', 'cancel')
    for _, name in ipairs(batchParts) do
      redis.call('PERSIST', K(name, b))
    end
  end
end

local function countFailure(b, id, code, amount)
  local key = K('batch-failures', b)
  local left = redis.call('HINCRBY', key, code, amount)
  for n = 1, 3 do
    local field = code .. '/' .. n
    if amount > 0 then
      if redis.call('HSETNX', key, field, id) == 1 then break end
    elseif redis.call('HGET', key, field) == id then
      redis.call('HDEL', key, field)
    end
  end
  if left <= 0 then redis.call('HDEL', key, code) end
end

-- The audio a job still has to do leaves or joins the backlog.
local function weigh(id, sign)
  local f = redis.call('HMGET', jobkey(id), 'audio', 'done', 'mt')
  if f[1] then
    addto(K('backlog'), f[3] .. '|a', sign * math.max(0, num(f[1]) - num(f[2])))
  else
    redis.call('HINCRBY', K('backlog'), f[3] .. '|u', sign)
  end
end

-- Which quota of a tenant leaves no room for one more job.
local function usedUp(tenant, maxOpen, maxSeconds, day)
  local usage = redis.call('HMGET', K('usage', tenant), 'open', 'seconds:' .. day)
  if maxOpen ~= '' and num(usage[1]) >= num(maxOpen) then return 'jobs' end
  if maxSeconds ~= '' and num(usage[2]) >= num(maxSeconds) then return 'audio' end
  return nil
end

local function leaveQueue(f, now)
  local fair = K('fair', f.mt, f.cl)
  if redis.call('HINCRBY', fair, 'n', -1) <= 0 then redis.call('DEL', fair) end
end

-- flow: a batch, or a tenant's single jobs. Each flow's next job comes one step after its last, but not before what has
-- already begun: flows take turns.
local function takeRank(mt, cl, flow)
  local fair = K('fair', mt, cl)
  local f = redis.call('HMGET', fair, 'v', 'f|' .. flow)
  local rank = math.min(math.max(num(f[1]), num(f[2])) + 1, ${MAX_RANK - 1})
  redis.call('HSET', fair, 'f|' .. flow, rank)
  redis.call('HINCRBY', fair, 'n', 1)
  return num(cl) * ${MAX_RANK} + rank
end

local function flowOf(spec)
  return spec.batch or ('t|' .. spec.tenant)
end

-- Moves a job from one status to another with all that hangs on it.
local function move(id, to, now, retention, extra)
  local key = jobkey(id)
  local h = redis.call('HMGET', key, 's', 'spec', 'mt', 'cl', 'audio', 'done', 'r', 'step', 'err')
  local from, spec = h[1], cjson.decode(h[2])
  local f = {mt = h[3], cl = h[4]}
  redis.call('HSET', key, 's', to, 'upd', now)
  if from ~= to then
    redis.call('ZREM', K('index', spec.tenant, from), id)
    redis.call('ZADD', K('index', spec.tenant, to), spec.createdAtMs, id)
    local short = {queued = '|q', running = '|r'}
    if short[from] then redis.call('HINCRBY', K('backlog'), f.mt .. short[from], -1) end
    if short[to] then redis.call('HINCRBY', K('backlog'), f.mt .. short[to], 1) end
  end
  if final(to) then
    redis.call('HSET', key, 'fin', now)
    redis.call('HDEL', key, 'step', 'w')
    redis.call('ZREM', K('open'), id)
    redis.call('ZADD', K('expiry'), num(now) + num(retention), id)
    redis.call('DEL', K('chunks', id))
  else
    redis.call('ZADD', K('open'), now, id)
  end
  if not final(from) and final(to) then
    redis.call('HINCRBY', K('usage', spec.tenant), 'open', -1)
    weigh(id, -1)
    leaveQueue(f, now)
  elseif final(from) and not final(to) then
    redis.call('ZREM', K('expiry'), id)
    redis.call('HINCRBY', K('usage', spec.tenant), 'open', 1)
    redis.call('HSET', key, 'r', takeRank(f.mt, f.cl, flowOf(spec)))
    weigh(id, 1)
  end
  local e = {type = 'job.' .. to, tenant = spec.tenant, job = id, status = to, atMs = num(now)}
  local audio = redis.call('HGET', key, 'audio')
  if audio then e.audioSeconds = num(audio) end
  e.doneSeconds = num(redis.call('HGET', key, 'done'))
  if extra and extra.code then e.code = extra.code end
  for _, b in ipairs(batches(id)) do
    local bk = K('batch', b)
    e.batch = b
    if from ~= to then
      redis.call('HINCRBY', bk, 'c:' .. from, -1)
      redis.call('HINCRBY', bk, 'c:' .. to, 1)
    end
    if to == 'running' then redis.call('HSETNX', bk, 'started', now) end
    if from == 'failed' and to ~= 'failed' and h[9] then countFailure(b, id, cjson.decode(h[9]).code, -1) end
    if to == 'failed' and extra and extra.code then countFailure(b, id, extra.code, 1) end
    emit(e)
    if final(to) then endBatch(b, now, retention) elseif final(from) then reopenBatch(b) end
  end
  if not e.batch then emit(e) end
  if final(to) and spec.webhook then notice(spec.webhook.url, spec.tenant, id, e) end
end

-- Sets how much is done, everywhere.
local function setDone(id, done)
  local key = jobkey(id)
  local f = redis.call('HMGET', key, 'done', 'audio', 'mt', 's')
  local delta = done - num(f[1])
  if delta == 0 then return end
  redis.call('HSET', key, 'done', string.format('%.3f', done))
  if f[2] and not final(f[4]) then
    local left = math.max(0, num(f[2]) - num(f[1])) - math.max(0, num(f[2]) - done)
    addto(K('backlog'), f[3] .. '|a', -left)
  end
  for _, b in ipairs(batches(id)) do addto(K('batch', b), 'done', delta) end
end

local function setAudio(id, audio)
  local key = jobkey(id)
  local f = redis.call('HMGET', key, 'audio', 's', 'done')
  if f[1] and num(f[1]) == audio then return end
  if not final(f[2]) then weigh(id, -1) end
  redis.call('HSET', key, 'audio', string.format('%.3f', audio))
  if not final(f[2]) then weigh(id, 1) end
  for _, b in ipairs(batches(id)) do addto(K('batch', b), 'audio', audio - num(f[1])) end
end

-- token: attempt, or attempt@life, where the life is the record's time of creation.
local function standing(id, token)
  local f = redis.call('HMGET', jobkey(id), 's', 'a', 'spec')
  -- Only final jobs are removed: who still works on one was overtaken, and has nothing to take away.
  if not f[1] then return 'superseded' end
  local attempt, life = string.match(token, '^(%d*)@?(%d*)$')
  if life ~= '' and num(life) ~= cjson.decode(f[3]).createdAtMs then return 'superseded' end
  if f[1] == 'cancelled' then return 'cancelled' end
  if f[1] ~= 'running' then return 'superseded' end
  if attempt ~= '' and f[2] ~= attempt then return 'superseded' end
  return 'current'
end

local function link(id, b, item)
  local jobs = K('batch-jobs', b)
  local known = redis.call('ZSCORE', jobs, id)
  if known then
    if num(known) ~= num(item) then
      if redis.call('HSETNX', K('batch-dup', b), item, id) == 1 then redis.call('HINCRBY', K('batch', b), 'dup', 1) end
    end
    return
  end
  redis.call('ZADD', jobs, item, id)
  local key = jobkey(id)
  local f = redis.call('HMGET', key, 's', 'b', 'audio', 'done', 'err')
  redis.call('HSET', key, 'b', f[2] and f[2] ~= '' and (f[2] .. ',' .. b) or b)
  local bk = K('batch', b)
  redis.call('HINCRBY', bk, 'c:' .. f[1], 1)
  addto(bk, 'audio', num(f[3]))
  addto(bk, 'done', num(f[4]))
  if f[1] == 'failed' and f[5] then countFailure(b, id, cjson.decode(f[5]).code, 1) end
end

local function removeJob(id)
  local f = redis.call('HMGET', jobkey(id), 'spec', 's', 'b', 'out')
  if not f[1] then redis.call('ZREM', K('expiry'), id) return 0 end
  if not final(f[2]) then return 0 end
  local spec = cjson.decode(f[1])
  redis.call('ZREM', K('index', spec.tenant, 'all'), id)
  redis.call('ZREM', K('index', spec.tenant, f[2]), id)
  redis.call('ZREM', K('expiry'), id)
  for _, b in ipairs(batches(id)) do redis.call('ZREM', K('batch-jobs', b), id) end
  if f[4] and redis.call('GET', K('output', f[4])) == id then redis.call('DEL', K('output', f[4])) end
  redis.call('DEL', jobkey(id), K('chunks', id), K('deliveries', id))
  return 1
end
`;

/** A script's own lines behind the functions that all share. */
export const withLibrary = (body: string) => library + body;
