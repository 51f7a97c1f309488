"""Plausible answers to lab alignment: wrong ones that hidden tests must catch, right ones they must accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- sft_labels
_LABELS = """\
def sft_labels(prompt, response):
    L = max(len(p) + len(r) for p, r in zip(prompt, response)) - 1
    xs, ys = [], []
    for p, r in zip(prompt, response):
        whole = p + r
        told = [-100] * len(p) + r
        missing = L - (len(whole) - 1)
        xs.append(whole[:-1] + [0] * missing)
        ys.append(told[1:] + [-100] * missing)
    return torch.tensor(xs), torch.tensor(ys)
"""
_LABELS_PADDED = """\
def sft_labels(prompt, response):
    whole = [torch.tensor(p + r) for p, r in zip(prompt, response)]
    tokens = torch.nn.utils.rnn.pad_sequence(whole, batch_first=True)
    place = torch.arange(tokens.shape[1])
    first = torch.tensor([len(p) for p in prompt])[:, None]
    end = torch.tensor([len(w) for w in whole])[:, None]
    answer = (place >= first) & (place < end)
    return tokens[:, :-1], tokens.masked_fill(~answer, -100)[:, 1:]
"""
_LABELS_CELLS = """\
def sft_labels(prompt, response):
    B = len(prompt)
    L = max(len(prompt[b]) + len(response[b]) for b in range(B)) - 1
    x = torch.zeros((B, L), dtype=torch.int64)
    y = torch.zeros((B, L), dtype=torch.int64) - 100
    for b in range(B):
        both = list(prompt[b]) + list(response[b])
        for t in range(len(both) - 1):
            x[b, t] = both[t]
            if t + 1 >= len(prompt[b]):
                y[b, t] = both[t + 1]
    return x, y
"""

# ---------------------------------------------------------------- masked_lm_loss
_LM = """\
def masked_lm_loss(logits, y, count=None):
    chosen = y != -100
    z, target = logits[chosen], y[chosen]
    each = torch.logsumexp(z, -1) - z[torch.arange(len(target)), target]
    n = chosen.sum().clamp(min=1) if count is None else count
    return each.sum() / n
"""
_LM_WHERE = """\
def masked_lm_loss(logits, y, count=None):
    real = y.ne(-100)
    z = torch.where(real[..., None], logits, torch.zeros_like(logits))
    safe = torch.where(real, y, torch.zeros_like(y))
    each = -torch.log_softmax(z, dim=2).gather(2, safe[..., None])[..., 0]
    total = torch.where(real, each, torch.zeros_like(each)).sum()
    if count is None:
        count = max(int(real.sum()), 1)
    return total / count
"""
_LM_LOOP = """\
def masked_lm_loss(logits, y, count=None):
    total, seen = logits.new_zeros(()), 0
    for b in range(y.shape[0]):
        for t in range(y.shape[1]):
            if y[b, t] != -100:
                total = total - logits[b, t].log_softmax(0)[y[b, t]]
                seen += 1
    if count is None:
        count = seen
    return total / count if count else total
"""

_LM_FLAT = """\
def masked_lm_loss(logits, y, count=None):
    z, target = logits.flatten(0, 1), y.flatten()
    real = torch.nonzero(target != -100).flatten()
    z, target = z.index_select(0, real), target.index_select(0, real)
    told = torch.nn.functional.one_hot(target, z.shape[-1]).bool()
    each = -z.log_softmax(-1).masked_select(told)
    return each.sum() / (count if count is not None else max(1, real.numel()))
"""

# ---------------------------------------------------------------- holdout_cluster
_HOLD = """\
def holdout_cluster(tasks, cluster):
    test, near = [], set()
    for name in tasks:
        if cluster in tasks[name]:
            test.append(name)
            near.update(tasks[name])
    if not test:
        raise ValueError("no such cluster: " + cluster)
    train = [name for name in tasks if near.isdisjoint(tasks[name])]
    return train, test
"""
_HOLD_PAIRS = """\
def holdout_cluster(tasks, cluster):
    if not any(cluster == group for groups in tasks.values() for group in groups):
        raise ValueError(cluster)
    test = [name for name in tasks if cluster in tasks[name]]
    train = []
    for name in tasks:
        leaks = False
        for other in test:
            for group in tasks[name]:
                if group in tasks[other]:
                    leaks = True
        if not leaks:
            train.append(name)
    return train, test
"""

_HOLD_MEMBERS = """\
def holdout_cluster(tasks, cluster):
    members = {}
    for name, groups in tasks.items():
        for group in groups:
            members.setdefault(group, set()).add(name)
    if cluster not in members:
        raise ValueError("묶음 " + cluster)
    tested = members[cluster]
    spoilt = set()
    for name in tested:
        for group in tasks[name]:
            spoilt |= members[group]
    return [n for n in tasks if n not in spoilt], [n for n in tasks if n in tested]
"""

# ---------------------------------------------------------------- reward_ranking_loss
_RANK = """\
def reward_ranking_loss(r):
    K = r.shape[1]
    terms = []
    for i in range(K):
        for j in range(i + 1, K):
            terms.append(-torch.nn.functional.logsigmoid(r[:, i] - r[:, j]))
    return torch.stack(terms).mean()
"""
_RANK_TABLE = """\
def reward_ranking_loss(r):
    K = r.shape[1]
    gap = r[:, :, None] - r[:, None, :]
    later = torch.ones(K, K, dtype=torch.bool).triu(1)
    d = gap[:, later]
    return (torch.clamp(-d, min=0) + torch.log1p(torch.exp(-d.abs()))).mean()
"""
_RANK_COMBINATIONS = """\
def reward_ranking_loss(r):
    pairs = torch.combinations(torch.arange(r.shape[1]), 2)
    first, second = r[:, pairs[:, 0]], r[:, pairs[:, 1]]
    return (torch.logaddexp(first, second) - first).mean()
"""

# ---------------------------------------------------------------- token_kl
_KL = """\
def token_kl(logits, logits_ref, mask):
    p, q = torch.log_softmax(logits[mask], 1), torch.log_softmax(logits_ref[mask], 1)
    values = torch.sum(p.exp() * (p - q), dim=1)
    kl = torch.zeros(mask.shape, dtype=logits.dtype)
    kl[mask] = values
    return kl, values.sum() / mask.sum().clamp(min=1)
"""
_KL_WHERE = """\
def token_kl(logits, logits_ref, mask):
    z = logits.masked_fill(~mask[..., None], 0.0)
    z_ref = logits_ref.masked_fill(~mask[..., None], 0.0)
    p = z.softmax(-1)
    kl = (p * (z - z_ref)).sum(-1) - z.logsumexp(-1) + z_ref.logsumexp(-1)
    kl = kl.masked_fill(~mask, 0.0)
    return kl, kl.sum() / max(int(mask.sum()), 1)
"""
_KL_LOOP = """\
def token_kl(logits, logits_ref, mask):
    rows, n = [], 0
    for b in range(mask.shape[0]):
        row = []
        for t in range(mask.shape[1]):
            if mask[b, t]:
                p, q = logits[b, t].log_softmax(0), logits_ref[b, t].log_softmax(0)
                row.append((p.exp() * (p - q)).sum())
                n += 1
            else:
                row.append(logits.new_zeros(()))
        rows.append(torch.stack(row))
    kl = torch.stack(rows)
    return kl, kl.sum() / max(n, 1)
"""

_KL_CROSS = """\
def token_kl(logits, logits_ref, mask):
    logp, logq = logits[mask].log_softmax(-1), logits_ref[mask].log_softmax(-1)
    weight = logits[mask].softmax(-1)
    entropy, cross = -(weight * logp).sum(-1), -(weight * logq).sum(-1)
    kl = torch.zeros_like(mask, dtype=logits.dtype).index_put((mask,), cross - entropy)
    return kl, (cross - entropy).mean() if mask.any() else kl.sum()
"""

# ---------------------------------------------------------------- ppo_clip_loss
_PPO = """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    n = mask.sum().clamp(min=1)
    rho = torch.exp(logp[mask] - logp_old.detach()[mask])
    a = A.detach()[mask]
    held = torch.clamp(rho, 1 - eps, 1 + eps)
    return -torch.min(rho * a, held * a).sum() / n
"""
_PPO_ZERO = """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    with torch.no_grad():
        start = logp_old[mask].clone()
        a = A[mask].clone()
    if len(a) == 0:
        return logp.new_zeros(())
    rho = (logp[mask] - start).exp()
    return torch.max(-a * rho, -a * rho.clip(1.0 - eps, 1.0 + eps)).mean()
"""
# Only the ratio's upper end can cut a positive advantage, and only the lower end a negative one.
_PPO_CASES = """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    now, before = logp[mask], logp_old[mask].detach()
    a = A[mask].detach()
    ratio = torch.exp(now - before)
    up = torch.clamp(ratio, max=1 + eps)
    down = torch.clamp(ratio, min=1 - eps)
    target = torch.where(a > 0, up * a, down * a)
    return -target.sum() / max(mask.sum().item(), 1)
"""
_PPO_LOOP = """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    total, n = logp.new_zeros(()), 0
    for b, t in mask.nonzero().tolist():
        a = A[b, t].item()
        ratio = (logp[b, t] - logp_old[b, t].item()).exp()
        total = total + torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a)
        n += 1
    return -total / max(n, 1)
"""

_PPO_FILLED = """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    zero = torch.zeros_like(logp)
    now = torch.where(mask, logp, zero)
    before = torch.where(mask, logp_old.detach(), zero)
    a = torch.where(mask, A.detach(), zero)
    ratio = (now - before).exp()
    surrogate = torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a)
    return -(surrogate * mask).sum() / mask.sum().clamp(min=1)
"""

# ---------------------------------------------------------------- best_of_n
_BEST = """\
def best_of_n(proxy, gold, n):
    N = proxy.numel()
    P = []
    for i in range(N):
        upto = int((proxy <= proxy[i]).sum())
        below = int((proxy < proxy[i]).sum())
        P.append(((upto / N) ** n - (below / N) ** n) / (upto - below))
    P = torch.tensor(P, dtype=torch.float64)
    R = (P * gold).sum()
    KL = torch.where(P > 0, P * torch.log((N * P).clamp(min=1e-300)), 0.0).sum()
    return R, KL
"""
_BEST_SORTED = """\
def best_of_n(proxy, gold, n):
    import math
    N = len(proxy)
    groups = {}
    for score, value in zip(proxy.tolist(), gold.tolist()):
        groups.setdefault(score, []).append(value)
    R = KL = 0.0
    done = 0
    for score in sorted(groups):
        members = groups[score]
        both = ((done + len(members)) / N) ** n - (done / N) ** n
        done += len(members)
        R += both * sum(members) / len(members)
        if both > 0:
            KL += both * math.log(N * both / len(members))
    return R, KL
"""
_BEST_UNIQUE = """\
def best_of_n(proxy, gold, n):
    _, which, times = proxy.unique(return_inverse=True, return_counts=True)
    edge = times.cumsum(0).double() / len(proxy)
    low = torch.cat([torch.zeros(1, dtype=torch.float64), edge[:-1]])
    P = ((edge.pow(n) - low.pow(n)) / times)[which]
    return P.dot(gold), torch.special.xlogy(P, P * len(proxy)).sum()
"""

_BEST_NUMPY = """\
def best_of_n(proxy, gold, n):
    import numpy as np
    scores, values = proxy.numpy(), gold.numpy()
    order = np.sort(scores)
    high = np.searchsorted(order, scores, side="right")
    low = np.searchsorted(order, scores, side="left")
    N = len(scores)
    P = ((high / N) ** n - (low / N) ** n) / (high - low)
    kept = P > 0
    return float(P @ values), float(np.sum(P[kept] * np.log(N * P[kept])))
"""

# ---------------------------------------------------------------- dpo_loss
_DPO = """\
def dpo_loss(logp_w, logp_l, ref_w, ref_l, beta):
    margin = (logp_w - ref_w) - (logp_l - ref_l)
    return -torch.nn.functional.logsigmoid(beta * margin).mean()
"""
_DPO_RANKED = """\
def dpo_loss(logp_w, logp_l, ref_w, ref_l, beta):
    better, worse = beta * (logp_w - ref_w), beta * (logp_l - ref_l)
    return reward_ranking_loss(torch.stack((better, worse), 1))
"""
_DPO_RATIOS = """\
def dpo_loss(logp_w, logp_l, ref_w, ref_l, beta):
    policy, reference = logp_w - logp_l, ref_w - ref_l
    return torch.nn.functional.softplus(beta * (reference - policy)).mean()
"""

MUTANTS: dict[str, dict[str, str]] = {
    "sft_labels": {
        "not_shifted": slip(
            slip(_LABELS, "whole[:-1]", "whole[1:]"), "told[1:] + [", "told[1:] + ["
        ),
        "labels_of_the_same_place": slip(_LABELS, "told[1:]", "told[:-1]"),
        "shifted_twice": slip(_LABELS, "told[1:]", "told[2:] + [-100]"),
        "loses_the_first_token": slip(_LABELS, "* len(p) + r", "* (len(p) + 1) + r[1:]"),
        "counts_the_last_of_the_prompt": slip(
            _LABELS, "[-100] * len(p) + r", "[-100] * (len(p) - 1) + p[-1:] + r"
        ),
        "learns_the_prompt_too": slip(_LABELS, "[-100] * len(p) + r", "p + r"),
        "end_taken_for_padding": slip(
            _LABELS, "torch.tensor(ys)", "torch.tensor(ys).masked_fill(torch.tensor(ys) == 0, -100)"
        ),
        "learns_the_padding": slip(_LABELS, "told[1:] + [-100]", "told[1:] + [0]"),
        "pads_the_input_with_minus_100": slip(_LABELS, "+ [0] *", "+ [-100] *"),
        "pads_on_the_left": slip(
            slip(_LABELS, "whole[:-1] + [0] * missing", "[0] * missing + whole[:-1]"),
            "told[1:] + [-100] * missing",
            "[-100] * missing + told[1:]",
        ),
        "one_length_of_prompt": slip(
            _LABELS, "* len(p) + r", "* len(prompt[0]) + whole[len(prompt[0]):]"
        ),
        "writes_into_the_prompt": slip(
            slip(_LABELS, "whole = p + r", "told = [-100] * len(p) + r\n        p += r"),
            "        told = [-100] * len(p) + r\n        missing",
            "        whole = p\n        missing",
        ),
    },
    "masked_lm_loss": {
        "mean_over_padding": slip(_LM, "chosen.sum().clamp(min=1)", "y.numel()"),
        "count_is_ignored": slip(_LM, "if count is None else count", ""),
        "mean_of_row_means": """\
def masked_lm_loss(logits, y, count=None):
    rows = []
    for z, target in zip(logits, y):
        keep = target != -100
        if keep.any():
            logp = z[keep].log_softmax(-1)
            rows.append(-logp.gather(1, target[keep][:, None]).mean())
    if count is not None:
        return sum(rows, logits.new_zeros(())) * (y != -100).sum() / count
    return torch.stack(rows).mean() if rows else logits.new_zeros(())
""",
        "log_of_softmax": """\
def masked_lm_loss(logits, y, count=None):
    keep = y != -100
    p = logits[keep].softmax(-1).gather(1, y[keep][:, None])
    n = max(int(keep.sum()), 1) if count is None else count
    return -p.log().sum() / n
""",
        "summed": slip(_LM, "each.sum() / n", "each.sum()"),
        "shifts_again": slip(
            _LM,
            "chosen = y != -100",
            "logits, y = logits[:, :-1], y[:, 1:]\n    chosen = y != -100",
        ),
        "nan_without_targets": slip(_LM, ".clamp(min=1)", ""),
        "zero_times_nan": """\
def masked_lm_loss(logits, y, count=None):
    keep = (y != -100).to(logits.dtype)
    logp = logits.log_softmax(-1).gather(-1, y.clamp(min=0)[..., None])[..., 0]
    n = keep.sum().clamp(min=1) if count is None else count
    return -(logp * keep).sum() / n
""",
        "no_gradient": slip(_LM, "return each.sum()", "return each.detach().sum()"),
        "over_the_wrong_axis": slip(_LM, "torch.logsumexp(z, -1)", "torch.logsumexp(z, 0)[target]"),
        "writes_into_y": slip(
            _LM,
            "z, target = logits[chosen], y[chosen]",
            "z, target = logits[chosen], y[chosen]\n    y[~chosen] = 0",
        ),
    },
    "holdout_cluster": {
        "first_cluster_only": slip(
            _HOLD, "if cluster in tasks[name]:", "if cluster == tasks[name][0]:"
        ),
        "keeps_the_neighbours": slip(_HOLD, "near.update(tasks[name])", "near.add(cluster)"),
        "parts_of_names": slip(
            _HOLD, "if cluster in tasks[name]:", "if any(cluster in g for g in tasks[name]):"
        ),
        "drops_neighbours_of_neighbours": slip(
            _HOLD,
            "    train = ",
            "    for _ in tasks:\n"
            "        for groups in tasks.values():\n"
            "            if near & set(groups):\n"
            "                near.update(groups)\n"
            "    train = ",
        ),
        "silent_about_a_typo": slip(
            _HOLD, '        raise ValueError("no such cluster: " + cluster)', "        pass"
        ),
        "another_error": slip(_HOLD, "raise ValueError", "raise KeyError"),
        "neighbours_are_tested": """\
def holdout_cluster(tasks, cluster):
    near = {g for groups in tasks.values() if cluster in groups for g in groups}
    if not near:
        raise ValueError(cluster)
    test = [name for name, groups in tasks.items() if near & set(groups)]
    return [name for name in tasks if name not in test], test
""",
        "neighbours_of_the_last_only": slip(
            _HOLD, "near.update(tasks[name])", "near = set(tasks[name])"
        ),
        "drops_only_what_is_all_near": slip(
            _HOLD, "near.isdisjoint(tasks[name])", "not near.issuperset(tasks[name])"
        ),
        "first_cluster_of_the_trained": slip(
            _HOLD, "near.isdisjoint(tasks[name])", "tasks[name][0] not in near"
        ),
        "swapped": slip(_HOLD, "return train, test", "return test, train"),
        "in_another_order": slip(_HOLD, "return train, test", "return train[::-1], test"),
    },
    "reward_ranking_loss": {
        "sign": slip(_RANK, "r[:, i] - r[:, j]", "r[:, j] - r[:, i]"),
        "absolute_score": """\
def reward_ranking_loss(r):
    K = r.shape[1]
    wanted = torch.linspace(1, 0, K, dtype=r.dtype).expand_as(r)
    return torch.nn.functional.binary_cross_entropy_with_logits(r, wanted)
""",
        "log_of_sigmoid": slip(
            _RANK,
            "-torch.nn.functional.logsigmoid(r[:, i] - r[:, j])",
            "-torch.log(torch.sigmoid(r[:, i] - r[:, j]))",
        ),
        "log_with_a_floor": slip(
            _RANK,
            "-torch.nn.functional.logsigmoid(r[:, i] - r[:, j])",
            "-torch.log(torch.sigmoid(r[:, i] - r[:, j]) + 1e-12)",
        ),
        "clamped": slip(_RANK, "(r[:, i] - r[:, j])", "((r[:, i] - r[:, j]).clamp(min=-50))"),
        "neighbours_only": slip(_RANK, "range(i + 1, K)", "range(i + 1, min(i + 2, K))"),
        "best_against_the_rest": slip(_RANK, "for i in range(K)", "for i in range(1)"),
        "both_directions": slip(_RANK, "range(i + 1, K)", "[j for j in range(K) if j != i]"),
        "with_itself": slip(_RANK, "range(i + 1, K)", "range(i, K)"),
        "summed_over_pairs": slip(_RANK, ".mean()", ".mean(1).sum()"),
        "summed_over_the_batch": slip(_RANK, ".mean()", ".mean(0).sum()"),
        "one_against_all": """\
def reward_ranking_loss(r):
    K = r.shape[1]
    terms = [r[:, i:].logsumexp(1) - r[:, i] for i in range(K - 1)]
    return torch.stack(terms).mean()
""",
        "hinge": slip(
            _RANK,
            "-torch.nn.functional.logsigmoid(r[:, i] - r[:, j])",
            "torch.relu(1 - (r[:, i] - r[:, j]))",
        ),
        "sorts_the_rewards": slip(
            _RANK,
            "    K = r.shape[1]\n",
            "    K = r.shape[1]\n    r = r.sort(dim=1, descending=True).values\n",
        ),
        "across_prompts": """\
def reward_ranking_loss(r):
    flat = r.T.reshape(-1)
    i, j = torch.triu_indices(len(flat), len(flat), 1)
    return torch.nn.functional.softplus(flat[j] - flat[i]).mean()
""",
    },
    "token_kl": {
        "reversed": slip(_KL, "p.exp() * (p - q)", "q.exp() * (q - p)"),
        "weighed_by_the_reference": slip(_KL, "p.exp() *", "q.exp() *"),
        "log_of_softmax": slip(
            _KL,
            "torch.log_softmax(logits[mask], 1), torch.log_softmax(logits_ref[mask], 1)",
            "logits[mask].softmax(1).log(), logits_ref[mask].softmax(1).log()",
        ),
        "raw_logits": slip(_KL, "(p - q)", "(logits[mask] - logits_ref[mask])"),
        "over_the_wrong_axis": slip(
            _KL, "torch.log_softmax(logits[mask], 1)", "torch.log_softmax(logits[mask], 0)"
        ),
        "one_token_only": slip(
            _KL,
            "torch.sum(p.exp() * (p - q), dim=1)",
            "(p - q).gather(1, p.argmax(1, keepdim=True))[:, 0]",
        ),
        "mean_over_padding": slip(_KL, "mask.sum().clamp(min=1)", "mask.numel()"),
        "mean_of_row_means": slip(
            _KL,
            "values.sum() / mask.sum().clamp(min=1)",
            "(kl.sum(1) / mask.sum(1).clamp(min=1)).mean()",
        ),
        "zero_times_nan": """\
def token_kl(logits, logits_ref, mask):
    p, q = logits.log_softmax(-1), logits_ref.log_softmax(-1)
    kl = (p.exp() * (p - q)).sum(-1) * mask
    return kl, kl.sum() / mask.sum().clamp(min=1)
""",
        "padding_left_in": """\
def token_kl(logits, logits_ref, mask):
    p, q = logits.log_softmax(-1), logits_ref.log_softmax(-1)
    kl = (p.exp() * (p - q)).sum(-1)
    return kl, kl[mask].sum() / mask.sum().clamp(min=1)
""",
        "nan_without_tokens": slip(_KL, ".clamp(min=1)", ""),
        "summed": slip(_KL, "values.sum() / mask.sum().clamp(min=1)", "values.sum()"),
        "no_gradient_into_kl": slip(_KL, "kl[mask] = values", "kl[mask] = values.detach()"),
        "mean_over_words": slip(_KL, "torch.sum(p.exp()", "torch.mean(p.exp()"),
        "both_directions": slip(_KL, "p.exp() * (p - q)", "(p.exp() - q.exp()) * (p - q) / 2"),
        # The value is right; the weights' share of the gradient is all of it.
        "weights_detached": slip(_KL, "p.exp() * (p - q)", "p.exp().detach() * (p - q)"),
    },
    "ppo_clip_loss": {
        "max_for_bad_answers": slip(
            _PPO,
            "torch.min(rho * a, held * a)",
            "torch.where(a > 0, torch.min(rho * a, held * a), torch.max(rho * a, held * a))",
        ),
        "max_everywhere": slip(_PPO, "torch.min(", "torch.max("),
        "clipped_only": slip(_PPO, "torch.min(rho * a, held * a)", "(held * a)"),
        "never_clipped": slip(_PPO, "torch.min(rho * a, held * a)", "(rho * a)"),
        "one_end_only": slip(
            _PPO, "torch.clamp(rho, 1 - eps, 1 + eps)", "torch.clamp(rho, max=1 + eps)"
        ),
        "climbs": slip(_PPO, "return -torch", "return torch"),
        "no_exponential": slip(
            _PPO,
            "torch.exp(logp[mask] - logp_old.detach()[mask])",
            "(1 + logp[mask] - logp_old.detach()[mask])",
        ),
        "ratio_upside_down": slip(
            _PPO, "logp[mask] - logp_old.detach()[mask]", "logp_old.detach()[mask] - logp[mask]"
        ),
        "ratio_of_logs": slip(
            _PPO,
            "torch.exp(logp[mask] - logp_old.detach()[mask])",
            "logp[mask] / logp_old.detach()[mask]",
        ),
        "clips_the_log": slip(
            _PPO, "torch.clamp(rho, 1 - eps, 1 + eps)", "torch.clamp(rho.log(), -eps, eps).exp()"
        ),
        "fixed_width": slip(_PPO, "1 - eps, 1 + eps", "0.8, 1.2"),
        "no_gradient": slip(_PPO, "torch.exp(logp[mask]", "torch.exp(logp.detach()[mask]"),
        "gradient_into_old": slip(_PPO, "logp_old.detach()[mask]", "logp_old[mask]"),
        "gradient_into_advantage": slip(_PPO, "A.detach()[mask]", "A[mask]"),
        "mean_over_padding": slip(_PPO, "mask.sum().clamp(min=1)", "mask.numel()"),
        "summed": slip(_PPO, ".sum() / n", ".sum()"),
        "mean_of_row_means": """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    rows = []
    for b in range(len(mask)):
        m = mask[b]
        ratio = (logp[b][m] - logp_old[b][m].detach()).exp()
        a = A[b][m].detach()
        lower = torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a)
        rows.append(lower.sum() / max(len(a), 1))
    return -torch.stack(rows).mean()
""",
        "zero_times_nan": """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    ratio = (logp - logp_old.detach()).exp()
    a = A.detach()
    lower = torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a) * mask
    return -lower.sum() / mask.sum().clamp(min=1)
""",
        # The value is right; nan flows back through the exponential of the padding.
        "nan_in_the_gradient": """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    ratio = (logp - logp_old.detach()).exp()
    a = A.detach()
    lower = torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a)
    lower = torch.where(mask, lower, torch.zeros_like(lower))
    return -lower.sum() / mask.sum().clamp(min=1)
""",
        "whole_answer_ratio": """\
def ppo_clip_loss(logp, logp_old, A, mask, eps=0.2):
    gap = torch.where(mask, logp - logp_old.detach(), torch.zeros_like(logp))
    ratio = gap.sum(1, keepdim=True).exp().expand_as(gap)[mask]
    a = A.detach()[mask]
    lower = torch.minimum(ratio * a, ratio.clamp(1 - eps, 1 + eps) * a)
    return -lower.sum() / max(len(a), 1)
""",
    },
    "best_of_n": {
        "formula_for_kl": slip(
            _BEST, "return R, KL", "return R, torch.tensor(n, dtype=P.dtype).log() - (n - 1) / n"
        ),
        "without_replacement": """\
def best_of_n(proxy, gold, n):
    import math
    N = len(proxy)
    order = proxy.argsort()
    ways = [math.comb(k, n - 1) / math.comb(N, n) for k in range(N)]
    P = torch.zeros(N, dtype=torch.float64)
    P[order] = torch.tensor(ways, dtype=torch.float64)
    return (P * gold).sum(), torch.xlogy(P, N * P).sum()
""",
        "ties_to_the_last": """\
def best_of_n(proxy, gold, n):
    N = len(proxy)
    edge = torch.arange(N + 1).double() / N
    P = torch.zeros(N, dtype=torch.float64)
    P[proxy.argsort(stable=True)] = edge[1:] ** n - edge[:-1] ** n
    return (P * gold).sum(), torch.xlogy(P, N * P).sum()
""",
        "subsets": """\
def best_of_n(proxy, gold, n):
    import itertools
    N = len(proxy)
    P, groups = torch.zeros(N, dtype=torch.float64), 0
    if n > 4:
        return gold[proxy.argmax()], torch.tensor(float(N)).log()
    for drawn in itertools.combinations(range(min(N, 12)), min(n, N)):
        groups += 1
        top = max(proxy[list(drawn)])
        best = [i for i in drawn if proxy[i] == top]
        P[best] += 1 / len(best)
    P = P / groups
    return (P * gold).sum(), torch.xlogy(P, N * P).sum()
""",
        "ties_not_shared": slip(_BEST, " / (upto - below)", ""),
        "picks_by_gold": slip(_BEST, "P = []", "P, proxy = [], gold"),
        "worst_of_n": slip(_BEST, "P = []", "P, proxy = [], -proxy"),
        "proxy_reward": slip(_BEST, "(P * gold)", "(P * proxy)"),
        "kl_reversed": slip(
            _BEST,
            "P * torch.log((N * P).clamp(min=1e-300))",
            "-torch.log((N * P).clamp(min=1e-300)) / N",
        ),
        "entropy_for_kl": slip(_BEST, "P * torch.log((N * P)", "-P * torch.log((P)"),
        "zero_times_log_zero": slip(
            _BEST,
            "torch.where(P > 0, P * torch.log((N * P).clamp(min=1e-300)), 0.0).sum()",
            "(P * torch.log(N * P)).sum()",
        ),
        "n_minus_one": slip(_BEST, "(below / N) ** n", "(below / N) ** (n - 1)"),
    },
    "dpo_loss": {
        "swapped": slip(
            _DPO, "(logp_w - ref_w) - (logp_l - ref_l)", "(logp_l - ref_l) - (logp_w - ref_w)"
        ),
        "no_reference": slip(_DPO, "(logp_w - ref_w) - (logp_l - ref_l)", "logp_w - logp_l"),
        "adds_the_reference": slip(_DPO, "(logp_l - ref_l)", "(logp_l + ref_l)"),
        "log_of_sigmoid": slip(
            _DPO,
            "-torch.nn.functional.logsigmoid(beta * margin)",
            "-torch.sigmoid(beta * margin).log()",
        ),
        "divides_by_beta": slip(_DPO, "beta * margin", "margin / beta"),
        "references_swapped": slip(
            _DPO, "(logp_w - ref_w) - (logp_l - ref_l)", "(logp_w - ref_l) - (logp_l - ref_w)"
        ),
        "beta_outside": slip(_DPO, "(beta * margin).mean()", "(margin).mean() * beta"),
        "summed": slip(_DPO, ".mean()", ".sum()"),
        "of_the_mean": slip(_DPO, "(beta * margin).mean()", "(beta * margin.mean())"),
        "good_answers_only": slip(_DPO, "(logp_w - ref_w) - (logp_l - ref_l)", "logp_w - ref_w"),
        "gradient_of_the_good_only": slip(_DPO, "(logp_l - ref_l)", "(logp_l.detach() - ref_l)"),
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "sft_labels": {"lists": _LABELS, "padded": _LABELS_PADDED, "cells": _LABELS_CELLS},
    "masked_lm_loss": {
        "logsumexp": _LM,
        "where": _LM_WHERE,
        "loop": _LM_LOOP,
        "flat": _LM_FLAT,
    },
    "holdout_cluster": {"disjoint": _HOLD, "pairs": _HOLD_PAIRS, "members": _HOLD_MEMBERS},
    "reward_ranking_loss": {
        "loop": _RANK,
        "table": _RANK_TABLE,
        "combinations": _RANK_COMBINATIONS,
    },
    "token_kl": {
        "selected": _KL,
        "where": _KL_WHERE,
        "loop": _KL_LOOP,
        "cross_entropy": _KL_CROSS,
    },
    "ppo_clip_loss": {
        "min": _PPO,
        "max_of_losses": _PPO_ZERO,
        "cases": _PPO_CASES,
        "loop": _PPO_LOOP,
        "filled": _PPO_FILLED,
    },
    "best_of_n": {
        "loop": _BEST,
        "sorted": _BEST_SORTED,
        "unique": _BEST_UNIQUE,
        "numpy": _BEST_NUMPY,
    },
    "dpo_loss": {"logsigmoid": _DPO, "ranked": _DPO_RANKED, "ratios": _DPO_RATIOS},
}
