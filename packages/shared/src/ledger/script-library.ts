// The ledger's scripts. Each is one change that is seen whole or not at all.
//
// Job hash: spec s(tatus) a(ttempt) r(ank) w(orker) step audio done err res started fin upd told b(atches) mt cl(ass) out,
// and of the spec what scripts look at: t(enant) at (time of creation) wh (URL of its webhook).
// Batch hash: spec status c:<status> items cursor audio done compute err started fin cancel dup
// Backlog hash, by model and tier: <mt>|q queued, |r running, |a open audio seconds of known length, |u open jobs of
// unknown length, |fj |fs |cs jobs, audio seconds and compute seconds that are finished.
//
// A script that changes a job loads its fields, changes them, and saves: counts, indexes and sums follow from what
// differs.

/** Largest rank inside a class of priority; three classes fit below BullMQ's largest priority (2^21). */
export const MAX_RANK = 600_000;

const library = `
local tag = KEYS[1]
local function K(...) return tag .. ':' .. table.concat({...}, ':') end
local function num(v) return tonumber(v) or 0 end
local batchParts = {'batch', 'batch-jobs', 'batch-refused', 'batch-failures', 'batch-dup'}
local function jobkey(id) return K('job', id) end
local function isOpen(s) return s == 'queued' or s == 'running' end
local function given(v) return v ~= '' and v or nil end

local function emit(e)
  redis.call('XADD', K('events'), 'MAXLEN', '~', '20000', '*', 'e', cjson.encode(e))
end

local function notice(url, tenant, subject, e)
  redis.call('XADD', K('notices'), '*', 'event', cjson.encode(e), 'url', url, 'tenant', tenant, 'subject', subject)
end

local function addto(key, field, amount)
  if amount ~= 0 then redis.call('HINCRBYFLOAT', key, field, string.format('%.3f', amount)) end
end

local function endBatch(b, now, retention)
  local key = K('batch', b)
  local f = redis.call('HMGET', key, 'status', 'c:queued', 'c:running', 'cancel')
  if f[1] ~= 'running' or num(f[2]) + num(f[3]) > 0 then return end
  local status = f[4] and 'cancelled' or 'finished'
  redis.call('HSET', key, 'status', status, 'fin', now)
  for _, name in ipairs(batchParts) do
    redis.call('PEXPIRE', K(name, b), retention)
  end
  local spec = cjson.decode(redis.call('HGET', key, 'spec'))
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

-- Which quota of a tenant leaves no room for one more job.
local function usedUp(tenant, maxOpen, maxSeconds, day)
  local usage = redis.call('HMGET', K('usage', tenant), 'open', 'seconds:' .. day)
  if maxOpen ~= '' and num(usage[1]) >= num(maxOpen) then return 'jobs' end
  if maxSeconds ~= '' and num(usage[2]) >= num(maxSeconds) then return 'audio' end
  return nil
end

-- A batch's jobs are a flow, and so are a tenant's single ones. Each flow's next job comes one step after its last, but not before what has
-- already begun: flows take turns.
local function takeRank(mt, cl, batch, tenant)
  local flow = given(batch) or ('t|' .. tenant)
  local fair = K('fair', mt, cl)
  local f = redis.call('HMGET', fair, 'v', 'f|' .. flow)
  local rank = math.min(math.max(num(f[1]), num(f[2])) + 1, ${MAX_RANK - 1})
  redis.call('HSET', fair, 'f|' .. flow, rank)
  redis.call('HINCRBY', fair, 'n', 1)
  return num(cl) * ${MAX_RANK} + rank
end

-- How long, as a hash keeps it.
local function seconds(v) return string.format('%.3f', num(v)) end

-- The last two are written, but not looked at: they are long.
local fields = {'s', 'a', 'r', 'w', 'step', 'audio', 'done', 'err', 'started', 'fin', 'told', 'b', 'mt', 'cl', 't', 'at', 'wh',
  'out', 'spec', 'res'}

-- A job's fields, and in 'was' what they were; nil where there is none.
local function load(id)
  local values = redis.call('HMGET', jobkey(id), unpack(fields, 1, #fields - 2))
  if not values[1] then return nil end
  local j = {id = id, was = {}}
  for n, value in ipairs(values) do
    if value then
      j[fields[n]] = value
      j.was[fields[n]] = value
    end
  end
  return j
end

-- A job that is not there yet, of the arguments that create and restore begin with.
local function newJob()
  local id, text, tenant, at, batch, mt, cl, wh, out = unpack(ARGV)
  return {id = id, was = {}, spec = text, t = tenant, at = at, mt = mt, cl = cl, wh = given(wh), out = given(out)}
end

local function batches(j)
  if j.list then return j.list end
  j.list = {}
  for b in string.gmatch(j.b or '', '[^,]+') do
    if redis.call('EXISTS', K('batch', b)) == 1 then j.list[#j.list + 1] = b end
  end
  return j.list
end

-- What a batch counts of a job, by what differs.
local function count(b, was, j)
  local key = K('batch', b)
  if was.s ~= j.s then
    if was.s then redis.call('HINCRBY', key, 'c:' .. was.s, -1) end
    redis.call('HINCRBY', key, 'c:' .. j.s, 1)
    if was.s == 'failed' and was.err then countFailure(b, j.id, cjson.decode(was.err).code, -1) end
    if j.s == 'failed' and j.err then countFailure(b, j.id, cjson.decode(j.err).code, 1) end
  end
  addto(key, 'audio', num(j.audio) - num(was.audio))
  addto(key, 'done', num(j.done) - num(was.done))
end

-- What the backlog counts of a job: the audio it still has to do, or itself where its length is unknown.
local function weigh(j)
  if not isOpen(j.s) then return 0, 0 end
  if not j.audio then return 0, 1 end
  return math.max(0, num(j.audio) - num(j.done)), 0
end

local function write(j, now)
  local set, gone = {'upd', now}, {}
  for _, field in ipairs(fields) do
    local value, was = j[field], j.was[field]
    if value == nil then
      if was then gone[#gone + 1] = field end
    elseif value ~= was then
      set[#set + 1] = field
      set[#set + 1] = value
    end
  end
  redis.call('HSET', jobkey(j.id), unpack(set))
  if #gone > 0 then redis.call('HDEL', jobkey(j.id), unpack(gone)) end
end

-- Writes what has become of a job, with all that hangs on it.
local function save(j, now, retention)
  local was, id, mt, backlog = j.was, j.id, j.mt, K('backlog')
  local open, wasOpen = isOpen(j.s), isOpen(was.s)
  write(j, now)
  if open then redis.call('ZADD', K('open'), now, id) end
  if j.s ~= was.s then
    if was.s then
      redis.call('ZREM', K('index', j.t, was.s), id)
    else
      redis.call('ZADD', K('index', j.t, 'all'), j.at, id)
    end
    redis.call('ZADD', K('index', j.t, j.s), j.at, id)
    local short = {queued = '|q', running = '|r'}
    if wasOpen then redis.call('HINCRBY', backlog, mt .. short[was.s], -1) end
    if open then
      redis.call('HINCRBY', backlog, mt .. short[j.s], 1)
    else
      redis.call('ZADD', K('expiry'), num(now) + num(retention), id)
    end
  end
  if open and not wasOpen then
    redis.call('ZREM', K('expiry'), id)
    redis.call('HINCRBY', K('usage', j.t), 'open', 1)
  elseif wasOpen and not open then
    redis.call('ZREM', K('open'), id)
    redis.call('DEL', K('chunks', id))
    redis.call('HINCRBY', K('usage', j.t), 'open', -1)
    local fair = K('fair', mt, j.cl)
    if redis.call('HINCRBY', fair, 'n', -1) <= 0 then redis.call('DEL', fair) end
  end
  local left, unknown = weigh(j)
  local wasLeft, wasUnknown = weigh(was)
  addto(backlog, mt .. '|a', left - wasLeft)
  if unknown ~= wasUnknown then redis.call('HINCRBY', backlog, mt .. '|u', unknown - wasUnknown) end
  for _, b in ipairs(batches(j)) do count(b, was, j) end
end

-- An event of a job: once for each of its batches.
local function emitOf(j, e)
  for _, b in ipairs(batches(j)) do
    e.batch = b
    emit(e)
  end
  if not e.batch then emit(e) end
end

-- Tells what a job has become since it was loaded.
local function tell(j, now, retention, code)
  local e = {type = 'job.' .. j.s, tenant = j.t, job = j.id, status = j.s, code = code, atMs = num(now),
    doneSeconds = num(j.done), audioSeconds = j.audio and num(j.audio)}
  emitOf(j, e)
  for _, b in ipairs(batches(j)) do
    if j.s == 'running' then redis.call('HSETNX', K('batch', b), 'started', now) end
    if not isOpen(j.s) then endBatch(b, now, retention) elseif not isOpen(j.was.s) then reopenBatch(b) end
  end
  if j.wh and not isOpen(j.s) then notice(j.wh, j.t, j.id, e) end
end

-- To another status, and told.
local function move(j, status, now, retention, code)
  j.s = status
  if not isOpen(status) then j.fin, j.step, j.w = now, nil, nil end
  save(j, now, retention)
  tell(j, now, retention, code)
end

-- token: attempt, or attempt@life, where the life is the record's time of creation.
local function standing(j, token)
  -- Only final jobs are removed: who still works on one was overtaken, and has nothing to take away.
  if not j or not j.s then return 'superseded' end
  local attempt, life = string.match(token, '^(%d*)@?(%d*)$')
  if life ~= '' and life ~= j.at then return 'superseded' end
  if j.s == 'cancelled' then return 'cancelled' end
  if j.s ~= 'running' then return 'superseded' end
  if attempt ~= '' and j.a ~= attempt then return 'superseded' end
  return 'current'
end

-- Makes a job one of a batch's; one that is there under another item is a duplicate.
local function link(j, b, item)
  local jobs = K('batch-jobs', b)
  local known = redis.call('ZSCORE', jobs, j.id)
  if known then
    if num(known) ~= num(item) then
      if redis.call('HSETNX', K('batch-dup', b), item, j.id) == 1 then redis.call('HINCRBY', K('batch', b), 'dup', 1) end
    end
    return
  end
  redis.call('ZADD', jobs, item, j.id)
  redis.call('HSET', jobkey(j.id), 'b', j.b and (j.b .. ',' .. b) or b)
  count(b, {}, j)
end

local function removeJob(id)
  local j = load(id)
  if not j then redis.call('ZREM', K('expiry'), id) return 0 end
  if isOpen(j.s) then return 0 end
  redis.call('ZREM', K('index', j.t, 'all'), id)
  redis.call('ZREM', K('index', j.t, j.s), id)
  redis.call('ZREM', K('expiry'), id)
  for _, b in ipairs(batches(j)) do redis.call('ZREM', K('batch-jobs', b), id) end
  if j.out and redis.call('GET', K('output', j.out)) == id then redis.call('DEL', K('output', j.out)) end
  redis.call('DEL', jobkey(id), K('chunks', id), K('deliveries', id))
  return 1
end
`;

/** A script's own lines behind the functions that all share. */
export const withLibrary = (body: string) => library + body;
