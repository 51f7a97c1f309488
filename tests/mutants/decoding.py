"""Plausible answers to lab decoding: wrong ones that hidden tests must catch, right ones they must accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- temperature
_TEMP = """\
def temperature(logits, T):
    if T == 0:
        best = logits.max(dim=-1, keepdim=True).values
        hit = (logits == best).to(logits.dtype)
        return hit / hit.sum(dim=-1, keepdim=True)
    return torch.softmax(logits / T, dim=-1)
"""
_TEMP_BY_HAND = """\
def temperature(logits, T):
    gap = logits - logits.max(-1, keepdim=True).values
    heights = (gap / T).exp() if T > 0 else torch.where(gap == 0, 1.0, 0.0).to(logits.dtype)
    return heights / heights.sum(-1, keepdim=True)
"""
_TEMP_ROWS = """\
def temperature(logits, T):
    rows = []
    for z in logits:
        if T > 0:
            logs = z.div(T)
            rows.append(torch.exp(logs - torch.logsumexp(logs, 0)))
        else:
            p = torch.zeros_like(z)
            places = (z == z.max()).nonzero()[:, 0]
            p[places] = 1 / len(places)
            rows.append(p)
    return torch.stack(rows)
"""

# ---------------------------------------------------------------- greedy
_GREEDY = """\
def greedy(step, eos, limit):
    said = []
    while len(said) < limit:
        logits = step(torch.tensor([said], dtype=torch.long))
        token = int(logits[0].argmax())
        said.append(token)
        if token == eos:
            break
    return said
"""
_GREEDY_RECURSIVE = """\
def greedy(step, eos, limit, said=()):
    if len(said) == limit or (said and said[-1] == eos):
        return list(said)
    z = step(torch.tensor(said, dtype=torch.int64).reshape(1, -1))
    return greedy(step, eos, limit, (*said, z.max(dim=-1).indices.item()))
"""
_GREEDY_BUFFER = """\
def greedy(step, eos, limit):
    buffer = torch.zeros(1, limit, dtype=torch.long)
    for t in range(limit):
        buffer[0, t] = step(buffer[:, :t]).softmax(-1).topk(1).indices[0, 0]
        if buffer[0, t] == eos:
            return buffer[0, : t + 1].tolist()
    return buffer[0].tolist()
"""

# ---------------------------------------------------------------- top_k
_TOP_K = """\
def top_k(probs, k):
    k = min(k, probs.size(-1))
    floor = torch.sort(probs, dim=-1, descending=True).values[:, k - 1 : k]
    kept = torch.where(probs >= floor, probs, torch.zeros_like(probs))
    return kept / kept.sum(dim=-1, keepdim=True)
"""
_TOP_K_RANKS = """\
def top_k(probs, k):
    above = (probs[:, None, :] > probs[:, :, None]).sum(-1)
    kept = probs * (above < k)
    return kept / kept.sum(1, keepdim=True)
"""
_TOP_K_LISTS = """\
def top_k(probs, k):
    out = torch.zeros_like(probs)
    for b in range(probs.shape[0]):
        row = probs[b].tolist()
        floor = sorted(row)[-min(k, len(row))]
        for i, value in enumerate(row):
            if value >= floor:
                out[b, i] = probs[b, i]
        out[b] = out[b] / out[b].sum()
    return out
"""

# ---------------------------------------------------------------- top_p
_TOP_P = """\
def top_p(probs, p):
    values, place = torch.sort(probs, dim=-1, descending=True)
    sums = torch.cumsum(values, dim=-1)
    drop = sums - values >= p
    drop[:, 0] = False
    values = values.masked_fill(drop, 0.0)
    kept = torch.zeros_like(probs).scatter(-1, place, values)
    return kept / kept.sum(-1, keepdim=True)
"""
_TOP_P_COUNT = """\
def top_p(probs, p):
    order = probs.argsort(dim=1, descending=True)
    sums = probs.gather(1, order).cumsum(1)
    number = (sums < p).sum(1, keepdim=True) + 1
    rank = order.argsort(dim=1)
    kept = probs * (rank < number)
    return kept / kept.sum(1, keepdim=True)
"""
_TOP_P_LOOP = """\
def top_p(probs, p):
    out = torch.zeros_like(probs)
    for b, row in enumerate(probs):
        total = 0.0
        for i in row.argsort(descending=True).tolist():
            out[b, i] = row[i]
            total += float(row[i])
            if total >= p:
                break
    return out / out.sum(dim=1, keepdim=True)
"""
# Smallest first: what may be dropped are the rarest tokens that together are at most 1 − p.
_TOP_P_TAIL = """\
def top_p(probs, p):
    values, place = probs.sort(dim=-1)
    tail = values.cumsum(-1)
    drop = values.sum(-1, keepdim=True) - tail >= p
    drop[:, -1] = False
    values = torch.where(drop, torch.zeros_like(values), values)
    kept = values.gather(-1, place.argsort(-1))
    return kept / kept.sum(-1, keepdim=True)
"""

# ---------------------------------------------------------------- sample
_SAMPLE = """\
def sample(probs, generator):
    ends = probs.cumsum(dim=-1)
    u = torch.rand(probs.shape[0], 1, generator=generator) * ends[:, -1:]
    return (ends <= u).sum(-1)
"""
_SAMPLE_GUMBEL = """\
def sample(probs, generator):
    u = torch.rand(probs.shape, generator=generator, dtype=torch.float64).clamp(min=1e-300)
    return (probs.log() - torch.log(-torch.log(u))).argmax(dim=-1)
"""
_SAMPLE_RACE = """\
def sample(probs, generator):
    times = torch.empty(probs.shape, dtype=torch.float64).exponential_(generator=generator)
    return (times / probs).argmin(1)
"""
_SAMPLE_LOOP = """\
def sample(probs, generator):
    points = torch.rand(len(probs), generator=generator).tolist()
    drawn = []
    for row, u in zip(probs.tolist(), points):
        total = 0.0
        for i, p in enumerate(row):
            total += p
            if u < total:
                break
        drawn.append(i)
    return torch.tensor(drawn)
"""

# ---------------------------------------------------------------- beam_search
_BEAM = """\
def beam_search(step, K, eos, alpha, limit):
    alive, done = [((), 0.0)], []
    while alive:
        logits = step(torch.tensor([past for past, _ in alive], dtype=torch.long))
        logs = torch.log_softmax(logits, dim=-1).tolist()
        longer = []
        for (past, total), row in zip(alive, logs):
            for token, value in enumerate(row):
                longer.append((past + (token,), total + value))
        longer.sort(key=lambda pair: pair[1], reverse=True)
        alive = []
        for text, total in longer[: K - len(done)]:
            if text[-1] == eos or len(text) == limit:
                done.append((text, total))
            else:
                alive.append((text, total))
    ranked = [(list(text), total / len(text) ** alpha) for text, total in done]
    ranked.sort(key=lambda pair: pair[1], reverse=True)
    return ranked
"""
_BEAM_TENSORS = """\
def beam_search(step, K, eos, alpha, limit):
    tokens = torch.zeros((1, 0), dtype=torch.int64)
    logp = torch.zeros(1, dtype=torch.float64)
    texts, scores = [], []
    for t in range(1, limit + 1):
        table = step(tokens).double().log_softmax(-1) + logp.unsqueeze(1)
        V = table.size(1)
        order = table.reshape(-1).argsort(descending=True)[: K - len(texts)]
        logp = table.reshape(-1)[order]
        parent, token = torch.div(order, V, rounding_mode="floor"), order.remainder(V)
        tokens = torch.hstack([tokens[parent], token.unsqueeze(1)])
        over = token.eq(eos) if t < limit else torch.ones_like(token, dtype=torch.bool)
        texts.extend(tokens[over].tolist())
        scores.extend((logp[over] / t**alpha).tolist())
        tokens, logp = tokens[~over], logp[~over]
        if tokens.size(0) == 0:
            break
    order = sorted(range(len(texts)), key=lambda i: scores[i], reverse=True)
    return [(texts[i], scores[i]) for i in order]
"""
# One candidate at a time, and a heap instead of a sort.
_BEAM_HEAP = """\
def beam_search(step, K, eos, alpha, limit):
    import heapq

    seats, finished = [(0.0, [])], []
    while seats:
        heap = []
        for total, past in seats:
            row = step(torch.tensor([past]).long())[0]
            row = row - row.logsumexp(0)
            for token in range(len(row)):
                heapq.heappush(heap, (-(total + row[token].item()), past + [token]))
        free, seats = K - len(finished), []
        while heap and free:
            minus, text = heapq.heappop(heap)
            free -= 1
            if text[-1] == eos or len(text) >= limit:
                finished.append((text, -minus / pow(len(text), alpha)))
            else:
                seats.append((-minus, text))
    return sorted(finished, key=lambda found: found[1])[::-1]
"""

# ---------------------------------------------------------------- sequence_logprob
_LOGP = """\
def sequence_logprob(logits, tokens, eos):
    B, T = tokens.shape
    out = []
    for b in range(B):
        total = torch.zeros((), dtype=logits.dtype)
        for t in range(T):
            token = int(tokens[b, t])
            total = total + logits[b, t].log_softmax(-1)[token]
            if token == eos:
                break
        out.append(total)
    return torch.stack(out)
"""
_LOGP_WHERE = """\
def sequence_logprob(logits, tokens, eos):
    hit = tokens.eq(eos)
    past = torch.zeros_like(hit)
    past[:, 1:] = hit[:, :-1].cumsum(1) > 0
    z = logits.masked_fill(past[..., None], 0.0)
    logp = z.log_softmax(2).gather(2, tokens[..., None]).squeeze(2)
    return logp.masked_fill(past, 0.0).sum(dim=1)
"""
_LOGP_LENGTHS = """\
def sequence_logprob(logits, tokens, eos):
    T = tokens.size(1)
    place = torch.arange(T)
    last = torch.where(tokens == eos, place, T).min(dim=1).values
    rows = []
    for b, n in enumerate(last.tolist()):
        z, y = logits[b, : n + 1], tokens[b, : n + 1]
        rows.append((z[torch.arange(len(y)), y] - z.logsumexp(1)).sum())
    return torch.stack(rows)
"""

MUTANTS: dict[str, dict[str, str]] = {
    "temperature": {
        "after_softmax": slip(
            _TEMP, "torch.softmax(logits / T, dim=-1)", "torch.softmax(logits.softmax(-1) / T, -1)"
        ),
        "divides_probabilities": slip(
            _TEMP,
            "return torch.softmax(logits / T, dim=-1)",
            "p = torch.softmax(logits, dim=-1) / T\n    return p / p.sum(-1, keepdim=True)",
        ),
        "multiplies": slip(_TEMP, "logits / T", "logits * T"),
        "wrong_axis": slip(_TEMP, "logits / T, dim=-1", "logits / T, dim=0"),
        "whole_batch": slip(
            _TEMP,
            "torch.softmax(logits / T, dim=-1)",
            "torch.softmax((logits / T).flatten(), 0).reshape(logits.shape)",
        ),
        "no_limit": slip(_TEMP, "if T == 0:", "if False:"),
        "first_of_equals": slip(
            _TEMP,
            "hit = (logits == best).to(logits.dtype)",
            "hit = torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), 1.0)",
        ),
        "ties_not_shared": slip(_TEMP, "hit / hit.sum(dim=-1, keepdim=True)", "hit"),
        "a_small_T_for_zero": slip(_TEMP, "if T == 0:", "T = max(T, 0.05)\n    if T == 0:"),
        "exp_overflows": slip(
            _TEMP,
            "return torch.softmax(logits / T, dim=-1)",
            "e = torch.exp(logits / T)\n    return e / e.sum(-1, keepdim=True)",
        ),
        "power_of_the_wrong_side": slip(
            _TEMP,
            "return torch.softmax(logits / T, dim=-1)",
            "p = logits.softmax(-1) ** T\n    return p / p.sum(-1, keepdim=True)",
        ),
        "in_place": slip(_TEMP, "logits / T,", "logits.div_(T),"),
    },
    "greedy": {
        "eos_left_out": slip(
            _GREEDY,
            "        said.append(token)\n        if token == eos:\n            break\n",
            "        if token == eos:\n            break\n        said.append(token)\n",
        ),
        "never_stops": slip(_GREEDY, "if token == eos:", "if False:"),
        "zero_means_end": slip(_GREEDY, "if token == eos:", "if token == 0:"),
        "last_token_means_end": slip(
            _GREEDY, "if token == eos:", "if token == logits.shape[-1] - 1:"
        ),
        "one_too_many": slip(_GREEDY, "len(said) < limit", "len(said) <= limit"),
        "one_too_few": slip(_GREEDY, "len(said) < limit", "len(said) < limit - 1"),
        "eos_added_at_the_limit": slip(
            _GREEDY, "    return said", "    return said if eos in said else said[:-1] + [eos]"
        ),
        "forgets_the_past": slip(_GREEDY, "[said]", "[said[-1:]]"),
        "smallest": slip(_GREEDY, "argmax", "argmin"),
        "skips_eos": slip(
            _GREEDY,
            "token = int(logits[0].argmax())",
            "logits[0, eos] = -torch.inf\n        token = int(logits[0].argmax())",
        ),
        "wrong_axis": slip(_GREEDY, "logits[0].argmax()", "logits.argmax(0)[0]"),
        "asks_once_more": slip(
            _GREEDY,
            "    return said",
            "    step(torch.tensor([said], dtype=torch.long))\n    return said",
        ),
        "draws": slip(_GREEDY, "logits[0].argmax()", "torch.multinomial(logits[0].softmax(-1), 1)"),
        "largest_size": slip(_GREEDY, "logits[0].argmax()", "logits[0].abs().argmax()"),
    },
    "top_k": {
        "exactly_k": """\
def top_k(probs, k):
    values, place = probs.topk(min(k, probs.shape[1]), dim=1)
    kept = torch.zeros_like(probs).scatter(1, place, values)
    return kept / kept.sum(1, keepdim=True)
""",
        "ties_dropped": slip(
            _TOP_K,
            "probs >= floor",
            "(probs > floor) | ((probs == floor) & ((probs == floor).sum(1, keepdim=True) == 1))",
        ),
        "above_only": slip(_TOP_K, "probs >= floor", "probs > floor"),
        "not_renormalised": slip(_TOP_K, "kept / kept.sum(dim=-1, keepdim=True)", "kept"),
        "softmax_again": slip(
            _TOP_K,
            "return kept / kept.sum(dim=-1, keepdim=True)",
            "return kept.masked_fill(kept == 0, -torch.inf).softmax(-1)",
        ),
        "one_floor_for_all": slip(_TOP_K, "[:, k - 1 : k]", "[:1, k - 1 : k]"),
        "floor_of_the_batch": slip(
            _TOP_K,
            "torch.sort(probs, dim=-1, descending=True).values[:, k - 1 : k]",
            "probs.flatten().sort(descending=True).values[k - 1]",
        ),
        "k_too_large": slip(_TOP_K, "k = min(k, probs.size(-1))", "k = int(k)"),
        "one_more": slip(_TOP_K, "min(k, ", "min(k + 1, "),
        "smallest": slip(_TOP_K, "descending=True", "descending=False"),
        "in_sorted_order": """\
def top_k(probs, k):
    kept = probs.sort(dim=-1, descending=True).values
    kept[:, k:] = 0
    return kept / kept.sum(-1, keepdim=True)
""",
        "in_place": slip(
            _TOP_K,
            "kept = torch.where(probs >= floor, probs, torch.zeros_like(probs))",
            "kept = probs.masked_fill_(probs < floor, 0.0)",
        ),
        "wrong_axis": slip(_TOP_K, "kept.sum(dim=-1", "kept.sum(dim=0"),
    },
    "top_p": {
        "crossing_token_dropped": slip(_TOP_P, "sums - values >= p", "sums > p"),
        "crossing_token_dropped_even_at_p": slip(_TOP_P, "sums - values >= p", "sums >= p"),
        "one_more_at_the_boundary": slip(_TOP_P, "sums - values >= p", "sums - values > p"),
        "in_sorted_order": slip(
            _TOP_P, "torch.zeros_like(probs).scatter(-1, place, values)", "values"
        ),
        "scattered_backwards": slip(
            _TOP_P, "torch.zeros_like(probs).scatter(-1, place, values)", "values.gather(-1, place)"
        ),
        "not_sorted": """\
def top_p(probs, p):
    before = probs.cumsum(-1) - probs
    kept = probs.masked_fill(before >= p, 0.0)
    return kept / kept.sum(-1, keepdim=True)
""",
        "smallest_first": slip(_TOP_P, "descending=True", "descending=False"),
        "not_renormalised": slip(_TOP_P, "kept / kept.sum(-1, keepdim=True)", "kept"),
        "softmax_again": slip(
            _TOP_P,
            "return kept / kept.sum(-1, keepdim=True)",
            "return kept.masked_fill(kept == 0, -torch.inf).softmax(-1)",
        ),
        "argmax_lost_at_zero": slip(_TOP_P, "    drop[:, 0] = False\n", ""),
        "one_number_for_all": slip(_TOP_P, "drop[:, 0] = False", "drop[:] = drop[:1]"),
        "floor_instead_of_sum": slip(_TOP_P, "sums - values >= p", "values < 1 - p"),
        "p_is_a_share_of_the_tokens": slip(
            _TOP_P,
            "sums - values >= p",
            "torch.arange(values.shape[1]).expand_as(values) >= p * values.shape[1]",
        ),
        "share_of_the_largest": slip(_TOP_P, "sums - values >= p", "values < p * values[:, :1]"),
        "in_place": slip(_TOP_P, "    return kept", "    probs.mul_(kept > 0)\n    return kept"),
    },
    "sample": {
        "largest": """\
def sample(probs, generator):
    torch.rand(len(probs), generator=generator)
    return probs.argmax(-1)
""",
        "uniform": """\
def sample(probs, generator):
    return torch.randint(probs.shape[1], (len(probs),), generator=generator)
""",
        "one_point_for_all": slip(_SAMPLE, "probs.shape[0], 1, gen", "1, 1, gen"),
        "global_randomness": slip(_SAMPLE, ", generator=generator", ""),
        "own_seed": slip(
            _SAMPLE, "generator=generator", "generator=torch.Generator().manual_seed(0)"
        ),
        "same_every_time": slip(
            _SAMPLE,
            "generator=generator",
            "generator=torch.Generator().manual_seed(generator.initial_seed())",
        ),
        "no_cumulation": slip(_SAMPLE, "probs.cumsum(dim=-1)", "probs"),
        "cumulates_over_rows": slip(_SAMPLE, "probs.cumsum(dim=-1)", "probs.cumsum(dim=0)"),
        "off_by_one": slip(
            _SAMPLE, "(ends <= u).sum(-1)", "((ends <= u).sum(-1) - 1).clamp(min=0)"
        ),
        "next_token": slip(
            _SAMPLE,
            "(ends <= u).sum(-1)",
            "((ends <= u).sum(-1) + 1).clamp(max=probs.shape[1] - 1)",
        ),
        "softmax_first": slip(_SAMPLE, "probs.cumsum", "probs.softmax(-1).cumsum"),
        "first_row_for_all": slip(_SAMPLE, "(ends <= u)", "(ends[:1] <= u)"),
        "keeps_the_axis": slip(_SAMPLE, ".sum(-1)", ".sum(-1, keepdim=True)"),
        "noise_on_probabilities": """\
def sample(probs, generator):
    u = torch.rand(probs.shape, generator=generator)
    return (probs * u).argmax(-1)
""",
        "gumbel_without_log": """\
def sample(probs, generator):
    u = torch.rand(probs.shape, generator=generator, dtype=torch.float64)
    return (probs - torch.log(-torch.log(u))).argmax(-1)
""",
    },
    "beam_search": {
        "raw_logits": slip(_BEAM, "torch.log_softmax(logits, dim=-1)", "logits"),
        "products_of_probabilities": slip(
            slip(_BEAM, "torch.log_softmax(logits, dim=-1)", "torch.softmax(logits, dim=-1)"),
            "total + value",
            "(total or 1.0) * value",
        ),
        "finished_extended": slip(_BEAM, "text[-1] == eos or len(text)", "len(text)"),
        "finished_extended_and_kept": slip(
            _BEAM,
            "                done.append((text, total))\n            else:\n                alive",
            "                done.append((text, total))\n            if len(text) < limit:\n"
            "                alive",
        ),
        "no_length_normalisation": slip(_BEAM, "total / len(text) ** alpha", "total"),
        "divides_by_alpha_times_length": slip(
            _BEAM, "len(text) ** alpha", "max(alpha * len(text), 1)"
        ),
        "eos_not_counted": slip(
            _BEAM,
            "len(text) ** alpha)",
            "max(len(text) - (text[-1] == eos), 1) ** alpha)",
        ),
        "multiplies_by_length": slip(_BEAM, "total / len(text)", "total * len(text)"),
        "K_empty_texts": slip(_BEAM, "[((), 0.0)]", "[((), 0.0)] * K"),
        "each_keeps_its_best": slip(
            _BEAM,
            "        longer.sort(key=lambda pair: pair[1], reverse=True)\n",
            "        if len(alive) > 1:\n"
            "            V = len(logs[0])\n"
            "            groups = [longer[i : i + V] for i in range(0, len(longer), V)]\n"
            "            longer = [max(group, key=lambda pair: pair[1]) for group in groups]\n"
            "        longer.sort(key=lambda pair: pair[1], reverse=True)\n",
        ),
        "finished_take_no_seat": slip(_BEAM, "longer[: K - len(done)]", "longer[:K]"),
        "finished_thrown_away": slip(
            _BEAM,
            "if text[-1] == eos or len(text) == limit:\n                done.append",
            "if text[-1] == eos:\n                continue\n"
            "            if len(text) == limit:\n                done.append",
        ),
        "unfinished_thrown_away": slip(
            _BEAM,
            "                done.append((text, total))\n",
            "                if text[-1] == eos:\n                    done.append((text, total))\n",
        ),
        "stops_at_the_first_end": slip(
            _BEAM, "    ranked = [", "        if done:\n            break\n    ranked = ["
        ),
        "greedy_only": slip(_BEAM, "longer[: K - len(done)]", "longer[: 1 - len(done)]"),
        "never_below_greedy": slip(
            _BEAM,
            "    ranked.sort(",
            "    if K > 1:\n"
            "        ranked += beam_search(step, 1, eos, alpha, limit)\n"
            "        ranked = [(list(t), s) for t, s in {tuple(t): s for t, s in ranked}.items()]\n"
            "    ranked.sort(",
        ),
        "worst_first": slip(
            _BEAM,
            "    ranked.sort(key=lambda pair: pair[1], reverse=True)",
            "    ranked.sort(key=lambda pair: pair[1])",
        ),
        "sorted_before_dividing": slip(
            _BEAM,
            "    ranked.sort(key=lambda pair: pair[1], reverse=True)",
            "    ranked.sort(key=lambda pair: pair[1] * len(pair[0]) ** alpha, reverse=True)",
        ),
        "one_step_too_many": slip(_BEAM, "len(text) == limit", "len(text) == limit + 1"),
        "last_token_means_end": slip(_BEAM, "text[-1] == eos", "text[-1] == len(logs[0]) - 1"),
        "forgets_the_sum": slip(_BEAM, "total + value", "value"),
        "keeps_the_worst": slip(
            _BEAM,
            "        longer.sort(key=lambda pair: pair[1], reverse=True)",
            "        longer.sort(key=lambda pair: pair[1])",
        ),
        "wrong_parent": slip(
            slip(
                _BEAM_TENSORS,
                'torch.div(order, V, rounding_mode="floor"), order.remainder(V)',
                "order.remainder(tokens.size(0)), order.remainder(V)",
            ),
            "tokens = torch.zeros((1, 0)",
            "tokens = torch.zeros((1, 0)",
        ),
        "normalised_over_the_candidates": slip(
            _BEAM, "torch.log_softmax(logits, dim=-1)", "torch.log_softmax(logits, dim=0)"
        ),
    },
    "sequence_logprob": {
        "mean": slip(
            _LOGP_WHERE,
            "logp.masked_fill(past, 0.0).sum(dim=1)",
            "logp.masked_fill(past, 0.0).sum(dim=1) / (~past).sum(1)",
        ),
        "eos_not_counted": slip(
            _LOGP,
            "            total = total + logits[b, t].log_softmax(-1)[token]\n"
            "            if token == eos:\n                break\n",
            "            if token == eos:\n                break\n"
            "            total = total + logits[b, t].log_softmax(-1)[token]\n",
        ),
        "counts_all": slip(_LOGP, "if token == eos:", "if False:"),
        "every_eos_counted": """\
def sequence_logprob(logits, tokens, eos):
    hit = tokens == eos
    after = hit.cumsum(1) > 0
    counts = ~after | hit
    z = torch.where(counts[..., None] & ~logits.isnan(), logits, torch.zeros_like(logits))
    logp = z.log_softmax(2).gather(2, tokens[..., None]).squeeze(2)
    return torch.where(counts, logp, torch.zeros_like(logp)).sum(1)
""",
        "raw_logits": slip(_LOGP, "logits[b, t].log_softmax(-1)[token]", "logits[b, t, token]"),
        "log_of_product": slip(
            slip(
                slip(_LOGP, "torch.zeros((), dtype", "torch.ones((), dtype"),
                "total + logits[b, t].log_softmax(-1)[token]",
                "total * logits[b, t].softmax(-1)[token]",
            ),
            "out.append(total)",
            "out.append(total.log())",
        ),
        "log_of_softmax": slip(_LOGP, "log_softmax(-1)[token]", "softmax(-1)[token].log()"),
        "log_with_a_floor": slip(
            _LOGP, "log_softmax(-1)[token]", "softmax(-1)[token].add(1e-12).log()"
        ),
        "shifted": slip(
            _LOGP_WHERE,
            "    hit = tokens.eq(eos)\n",
            "    if tokens.shape[1] > 1:\n"
            "        logits, tokens = logits[:, :-1], tokens[:, 1:]\n    hit = tokens.eq(eos)\n",
        ),
        "zero_times_nan": slip(
            slip(_LOGP_WHERE, "logits.masked_fill(past[..., None], 0.0)", "logits"),
            "logp.masked_fill(past, 0.0)",
            "(logp * ~past)",
        ),
        "zero_means_end": slip(_LOGP, "token == eos", "token == 0"),
        "of_the_best_token": slip(_LOGP, "log_softmax(-1)[token]", "log_softmax(-1).max()"),
        "negative": slip(_LOGP, "total + logits", "total - logits"),
        "batch_total": slip(_LOGP, "torch.stack(out)", "torch.stack(out).sum().expand(B).clone()"),
        "wrong_axis": slip(_LOGP_WHERE, "z.log_softmax(2)", "z.log_softmax(1)"),
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "temperature": {"softmax": _TEMP, "by_hand": _TEMP_BY_HAND, "rows": _TEMP_ROWS},
    "greedy": {"list": _GREEDY, "recursive": _GREEDY_RECURSIVE, "buffer": _GREEDY_BUFFER},
    "top_k": {"sorted": _TOP_K, "ranks": _TOP_K_RANKS, "lists": _TOP_K_LISTS},
    "top_p": {
        "scatter": _TOP_P,
        "count": _TOP_P_COUNT,
        "loop": _TOP_P_LOOP,
        "tail": _TOP_P_TAIL,
    },
    "sample": {
        "ends": _SAMPLE,
        "gumbel": _SAMPLE_GUMBEL,
        "race": _SAMPLE_RACE,
        "loop": _SAMPLE_LOOP,
    },
    "beam_search": {"lists": _BEAM, "tensors": _BEAM_TENSORS, "heap": _BEAM_HEAP},
    "sequence_logprob": {"loop": _LOGP, "where": _LOGP_WHERE, "lengths": _LOGP_LENGTHS},
}
