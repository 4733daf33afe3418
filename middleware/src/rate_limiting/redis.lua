-- Decides and counts in one step, by the clock of the Redis. It is `state.rs` once more.
-- KEYS[1]: what is remembered of a key. ARGV: the algorithm, the limit, the period in microseconds, the refill.
-- Returns whether it is allowed, how many remain, and the microseconds until one more and until all.
local key, algorithm = KEYS[1], ARGV[1]
local limit, period, refill = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- A number of Lua has no form that is sure to come back.
local function whole(number) return string.format('%.0f', number) end
local allowed, remaining, retry, reset = 0, 0, 0, 0

if algorithm == 'fixed' then
    local kept = redis.call('HMGET', key, 'start', 'count')
    local start, count = tonumber(kept[1]) or now, tonumber(kept[2]) or 0
    if now - start >= period then start, count = now, 0 end
    if count < limit then allowed, count = 1, count + 1 end
    remaining = limit - count
    reset = start + period - math.max(now, start)
    retry = reset
    redis.call('HSET', key, 'start', whole(start), 'count', whole(count))
elseif algorithm == 'sliding' then
    local width = math.ceil(period / 8)
    local kept = redis.call('HMGET', key, 'segment', '0', '1', '2', '3', '4', '5', '6', '7', '8')
    local last, counts, used = tonumber(kept[1]), {}, 0
    local segment = math.max(math.floor(now / width), last or 0)
    for place = 0, 8 do counts[place] = tonumber(kept[place + 2]) or 0 end
    if last then
        for number = last + 1, math.min(segment, last + 9) do counts[number % 9] = 0 end
    end
    for place = 0, 8 do used = used + counts[place] end
    if used < limit then
        allowed, used = 1, used + 1
        counts[segment % 9] = counts[segment % 9] + 1
    end
    remaining = limit - used
    local newest, oldest
    for age = 0, 8 do
        if counts[(segment - age) % 9] > 0 then
            newest, oldest = newest or age, age
        end
    end
    reset = math.max((segment + 9 - newest) * width - now, 0)
    retry = math.max((segment + 9 - oldest) * width - now, 0)
    redis.call('HSET', key, 'segment', whole(segment), '0', counts[0], '1', counts[1], '2', counts[2], '3', counts[3],
        '4', counts[4], '5', counts[5], '6', counts[6], '7', counts[7], '8', counts[8])
else
    local capacity = limit * period
    local kept = redis.call('HMGET', key, 'level', 'at')
    local level, at = tonumber(kept[1]) or capacity, tonumber(kept[2]) or now
    level = math.min(level + math.max(now - at, 0) * refill, capacity)
    at = math.max(now, at)
    if level >= period then allowed, level = 1, level - period end
    remaining = math.floor(level / period)
    retry = math.ceil(math.max(period - level, 0) / refill)
    reset = math.ceil((capacity - level) / refill)
    redis.call('HSET', key, 'level', whole(level), 'at', whole(at))
end

-- Whole again is as good as new.
redis.call('PEXPIRE', key, whole(math.ceil(reset / 1000) + 1))
return { allowed, whole(remaining), whole(retry), whole(reset) }
