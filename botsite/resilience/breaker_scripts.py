"""The Lua of the shared circuits: COMMON before one of the operations LOOK, REPORT and FORCE.

KEYS: the circuit, its counts, the names. ARGV: name, seconds to keep it, window, steps of the window; the
seven values of the circuit as the caller knows it; then the operation's own. The answer is
{generation, open, age, ms to retry, openings, ms of lease left, by, granted, was (or -1), calls, failures}.
"""

# Times are the server's milliseconds; those that come and go are relative, for every process has its clock.
COMMON = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local circuit_key, counts_key, names_key, name, kept = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
local stored = redis.call('HMGET', circuit_key,
    'generation', 'open', 'since', 'retry_at', 'openings', 'leased_until', 'by', 'window')
local window, slots = tonumber(ARGV[3]), tonumber(ARGV[4])
if window == 0 then window = tonumber(stored[8] or 1000) end  -- whoever only reads does not know
local c = {
    generation = tonumber(stored[1] or 0), open = tonumber(stored[2] or 0), since = tonumber(stored[3] or 0),
    retry_at = tonumber(stored[4] or 0), openings = tonumber(stored[5] or 0),
    leased_until = tonumber(stored[6] or 0), by = stored[7] or '',
}
local was = -1

local function save()
    redis.call('HSET', circuit_key, 'generation', c.generation, 'open', c.open, 'since', c.since,
        'retry_at', c.retry_at, 'openings', c.openings, 'leased_until', c.leased_until, 'by', c.by)
end

local function start_counting_anew()
    redis.call('DEL', counts_key)
    redis.call('HSET', circuit_key, 'failed_in_row', 0)
end

local function touch()
    redis.call('ZADD', names_key, now, name)
    redis.call('HSET', circuit_key, 'window', window)
    if c.by == '' then
        redis.call('EXPIRE', circuit_key, kept)
    else
        redis.call('PERSIST', circuit_key)
    end
end

local function state()
    if c.open == 0 then return 0 end
    if c.by ~= '' or now < c.retry_at then return 2 end
    return 1
end

-- Calls and failures of the window; fields of the hash are <slot>:ok and <slot>:failed.
local function totals()
    local oldest, calls, failures = math.floor(now * slots / window) - slots, 0, 0
    local fields = redis.call('HGETALL', counts_key)
    for i = 1, #fields, 2 do
        local slot, outcome = string.match(fields[i], '(%d+):(%a+)')
        if tonumber(slot) <= oldest then
            redis.call('HDEL', counts_key, fields[i])
        else
            calls = calls + fields[i + 1]
            if outcome == 'failed' then failures = failures + fields[i + 1] end
        end
    end
    return calls, failures
end

local function answer(granted)
    local calls, failures = totals()
    return {c.generation, c.open, now - c.since, c.retry_at - now, c.openings, c.leased_until - now, c.by,
        granted, was, calls, failures}
end

if tonumber(ARGV[5]) > c.generation then
    c = {
        generation = tonumber(ARGV[5]), open = tonumber(ARGV[6]), since = now - ARGV[7],
        retry_at = now + ARGV[8], openings = tonumber(ARGV[9]), leased_until = now + ARGV[10], by = ARGV[11],
    }
    start_counting_anew()
    save()
    touch()
end
"""

LOOK = """
local take_probe, lease = ARGV[12] == '1', ARGV[13]
if take_probe and state() == 1 and c.leased_until <= now then
    c.generation = c.generation + 1
    c.leased_until = now + lease
    save()
    touch()
    return answer(1)
end
return answer(0)
"""

REPORT = """
local generation, outcome = tonumber(ARGV[12]), ARGV[13]
local least_calls, failure_rate, in_row = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
local recovery, longest, times = tonumber(ARGV[17]), tonumber(ARGV[18]), tonumber(ARGV[19])

local function open_it(openings)
    was = state()
    if c.open == 0 then c.since = now end
    c.generation, c.open, c.openings, c.leased_until = c.generation + 1, 1, openings, 0
    c.retry_at = now + math.min(recovery * 2 ^ math.min(openings - 1, 16), longest)
    save()
end

touch()
if generation ~= c.generation then return answer(0) end
if c.open == 1 then
    if outcome == 'failed' then
        open_it(c.openings + 1)
    elseif outcome == 'ok' then
        was = state()
        c = {generation = c.generation + 1, open = 0, since = now, retry_at = 0, openings = 0,
            leased_until = 0, by = ''}
        start_counting_anew()
        save()
    else
        c.leased_until = 0
        save()
    end
    return answer(0)
end
redis.call('HINCRBY', counts_key, math.floor(now * slots / window) .. ':' .. outcome, times)
redis.call('PEXPIRE', counts_key, window)
local failed_in_row = 0
if outcome == 'failed' then
    failed_in_row = redis.call('HINCRBY', circuit_key, 'failed_in_row', times)
else
    redis.call('HSET', circuit_key, 'failed_in_row', 0)
end
local calls, failures = totals()
if failed_in_row >= in_row or (calls >= least_calls and failures >= calls * failure_rate) then
    open_it(1)
end
return answer(0)
"""

FORCE = """
local open, by = tonumber(ARGV[12]), ARGV[13]
if c.open == open and (open == 0 or c.by ~= '') then
    touch()  -- nobody reports to a circuit that is held open
    return answer(0)
end
was = state()
if c.open == 0 or open == 0 then c.since = now end
c.generation, c.open, c.by = c.generation + 1, open, by
c.retry_at, c.openings, c.leased_until = 0, 0, 0
if open == 0 then start_counting_anew() end
save()
touch()
return answer(0)
"""
