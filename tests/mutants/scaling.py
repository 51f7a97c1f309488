"""Plausible answers to lab scaling: wrong ones that hidden tests must catch, right ones they must accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- next_token_pairs
_PAIRS = """\
def next_token_pairs(ids):
    return ids[:, :-1], ids[:, 1:]
"""
_PAIRS_UNFOLD = """\
def next_token_pairs(ids):
    windows = ids.unfold(1, 2, 1)
    return windows[..., 0], windows[..., 1]
"""
_PAIRS_ROWS = """\
def next_token_pairs(ids):
    rows = ids.tolist()
    x = torch.tensor([row[:-1] for row in rows])
    y = torch.tensor([row[1:] for row in rows])
    return x, y
"""

# ---------------------------------------------------------------- repeated_batch
_REPEAT = """\
def repeated_batch(B, T, V, generator):
    period = torch.randint(T // 4, T // 2 + 1, (B,), generator=generator)
    rows = torch.randint(0, V, (B, T), generator=generator)
    for b in range(B):
        p = int(period[b])
        for t in range(p, T):
            rows[b, t] = rows[b, t - p]
    return rows, period
"""
_REPEAT_TILES = """\
def repeated_batch(B, T, V, generator):
    rows, periods = [], []
    for _ in range(B):
        p = torch.randint(T // 4, T // 2 + 1, (), generator=generator).item()
        block = torch.randint(V, (p,), generator=generator)
        rows.append(block.repeat(T // p + 1)[:T])
        periods.append(p)
    return torch.stack(rows), torch.tensor(periods)
"""
_REPEAT_INDEX = """\
def repeated_batch(B, T, V, generator):
    shortest, longest = T // 4, T // 2
    block = (torch.rand(B, longest, generator=generator) * V).long().clamp(max=V - 1)
    spread = longest - shortest + 1
    period = shortest + (torch.rand(B, generator=generator) * spread).long().clamp(max=spread - 1)
    place = torch.remainder(torch.arange(T).expand(B, T), period.unsqueeze(1))
    return block[torch.arange(B).unsqueeze(1), place], period
"""

# ---------------------------------------------------------------- induction_score
_INDUCTION = """\
def induction_score(attn, period):
    B, H, T, _ = attn.shape
    mask = torch.zeros(B, T, T, dtype=attn.dtype)
    pairs = 0
    for b in range(B):
        p = int(period[b])
        for t in range(p, T):
            pairs += 1
            for s in range(t - p + 1, 0, -p):
                mask[b, t, s] = 1
    return (attn * mask[:, None]).sum((0, 2, 3)) / pairs
"""
_INDUCTION_HEADS = """\
def induction_score(attn, period):
    T = attn.shape[-1]
    t, s = torch.meshgrid(torch.arange(T), torch.arange(T), indexing="ij")
    collected = []
    for table, p in zip(attn, period.tolist()):
        good = ((t - s) % p == p - 1) & (s > 0) & (s <= t)
        collected.append((table * good).sum(-1)[:, p:])
    return torch.cat(collected, dim=1).mean(1)
"""
_INDUCTION_SHIFT = """\
def induction_score(attn, period):
    B, H, T, _ = attn.shape
    place = torch.arange(T) % period[:, None]
    same = place[:, :, None] == place[:, None, :-1]
    earlier = torch.ones(T, T - 1, dtype=torch.bool).tril(-1)
    good = same & earlier
    shares = (attn[..., 1:] * good[:, None]).sum(-1)
    valid = (torch.arange(T) >= period[:, None])[:, None].expand(B, H, T)
    return (shares * valid).sum((0, 2)) / valid[:, 0].sum()
"""

# ---------------------------------------------------------------- icl_score
_ICL = """\
def icl_score(loss):
    q = loss.shape[1] // 4
    return loss[:, -q:].mean() - loss[:, :q].mean()
"""
_ICL_ROWS = """\
def icl_score(loss):
    q = loss.size(-1) // 4
    first, last = loss.narrow(1, 0, q), loss.narrow(1, loss.size(1) - q, q)
    return (last - first).sum() / last.numel()
"""
_ICL_WEIGHTS = """\
def icl_score(loss):
    T = loss.shape[1]
    weight = torch.zeros(T, dtype=loss.dtype)
    weight[: T // 4] = -1 / (T // 4)
    weight[T - T // 4 :] = 1 / (T // 4)
    return (loss @ weight).mean()
"""

# ---------------------------------------------------------------- fit_power_law
_FIT = """\
def fit_power_law(N, L):
    unit = N.log().mean().exp()

    def line(alpha):
        z = (N / unit) ** -alpha
        design = torch.stack([torch.ones_like(z), z], 1)
        E, A = torch.linalg.lstsq(design, L[:, None]).solution[:, 0]
        return ((E + A * z - L) ** 2).sum().item(), E.item(), A.item()

    low, high = 0.005, 2.2
    for _ in range(4):
        grid = torch.linspace(low, high, 41).tolist()
        errors = [line(alpha)[0] for alpha in grid]
        k = errors.index(min(errors))
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, 40)]
    alpha = grid[k]
    _, E, A = line(alpha)
    return E, A * unit.item() ** alpha, alpha
"""
# For a given floor the rest is a straight line in log-log; the floor is searched.
_FIT_FLOOR = """\
def fit_power_law(N, L):
    x = N.log()
    x = x - x.mean()

    def line(E):
        y = (L - E).log()
        slope = (x * (y - y.mean())).sum() / (x * x).sum()
        curve = E + (y.mean() + slope * x).exp()
        return ((curve / L - 1) ** 2).sum().item(), -slope.item(), y.mean().item()

    low, high = -0.05 * L.min().item(), L.min().item() * (1 - 1e-9)
    for _ in range(6):
        grid = torch.linspace(low, high, 101, dtype=torch.float64).tolist()
        errors = [line(E)[0] for E in grid]
        k = errors.index(min(errors))
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, 100)]
    E = grid[k]
    _, alpha, height = line(E)
    return E, math.exp(height + alpha * N.log().mean().item()), alpha
"""
# Gauss-Newton with damping on log-parameters, from several starts.
_FIT_NEWTON = """\
def fit_power_law(N, L):
    x = N.log()
    m = x.mean()
    best = None
    for start in (0.05, 0.2, 0.5, 1.0, 1.8):
        theta = torch.tensor([L.min(), (L.max() - L.min()) / 2, start], dtype=torch.float64)
        damp = 1e-2
        error = float("inf")
        for _ in range(120):
            z = torch.exp(-theta[2] * (x - m))
            r = theta[0] + theta[1] * z - L
            J = torch.stack([torch.ones_like(z), z, -theta[1] * z * (x - m)], 1)
            H = J.T @ J
            step = torch.linalg.solve(H + damp * torch.diag(H.diagonal() + 1e-9), J.T @ r)
            new = theta - step
            new[2] = new[2].clamp(0.005, 2.5)
            value = (new[0] + new[1] * torch.exp(-new[2] * (x - m)) - L).square().sum().item()
            if value <= error:
                theta, error, damp = new, value, max(damp / 5, 1e-14)
            else:
                damp = damp * 4
        if best is None or error < best[0]:
            best = (error, theta)
    E, A, alpha = best[1].tolist()
    return E, A * math.exp(alpha * float(m)), alpha
"""

# ---------------------------------------------------------------- compute_optimal
_OPTIMAL = """\
def compute_optimal(C, theta):
    E, A, B, alpha, beta = theta
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    N = G * (C / 6) ** (beta / (alpha + beta))
    D = (C / 6) ** (alpha / (alpha + beta)) / G
    return N, D
"""
_OPTIMAL_GRID = """\
def compute_optimal(C, theta):
    E, A, B, alpha, beta = theta
    N = torch.logspace(-3, 23, 100_001, dtype=torch.float64)
    D = C / (6 * N)
    k = (E + A * N**-alpha + B * D**-beta).argmin()
    return N[k].item(), D[k].item()
"""
# Bisection on the slope in log N.
_OPTIMAL_BISECT = """\
def compute_optimal(C, theta):
    _, A, B, alpha, beta = theta
    low, high = -20.0, 80.0
    whole = math.log(C / 6)
    for _ in range(200):
        n = (low + high) / 2
        gain = math.log(alpha * A) - alpha * n
        cost = math.log(beta * B) - beta * (whole - n)
        if gain > cost:
            low = n
        else:
            high = n
    return math.exp(n), C / (6 * math.exp(n))
"""

# ---------------------------------------------------------------- exact_match_curve
_EXACT = """\
def exact_match_curve(p, L):
    return p[:, None] ** L[None, :]
"""
_EXACT_LOOP = """\
def exact_match_curve(p, L):
    out = torch.ones(len(p), len(L), dtype=p.dtype)
    for k, length in enumerate(L.tolist()):
        for _ in range(length):
            out[:, k] *= p
    return out
"""
_EXACT_LOGS = """\
def exact_match_curve(p, L):
    return torch.exp(torch.outer(torch.log(p), L.to(p.dtype)))
"""

# ---------------------------------------------------------------- train_flops
_FLOPS = """\
def train_flops(N, D):
    return 6 * N.to(torch.float64) * D.to(torch.float64)
"""
_FLOPS_PARTS = """\
def train_flops(N, D):
    pairs = torch.mul(N.double(), D.double())
    forward, backward = 2 * pairs, 4 * pairs
    return forward + backward
"""
_FLOPS_LISTS = """\
def train_flops(N, D):
    values = [6.0 * n * d for n, d in zip(N.tolist(), D.tolist())]
    return torch.tensor(values, dtype=torch.float64)
"""

MUTANTS: dict[str, dict[str, str]] = {
    "next_token_pairs": {
        "no_shift": slip(_PAIRS, "ids[:, 1:]", "ids[:, :-1]"),
        "shifted_twice": "def next_token_pairs(ids):\n    return ids[:, :-2], ids[:, 2:]\n",
        "wraps_around": "def next_token_pairs(ids):\n    return ids, ids.roll(-1, 1)\n",
        "shifts_the_batch": "def next_token_pairs(ids):\n    return ids[:-1], ids[1:]\n",
        "swapped": "def next_token_pairs(ids):\n    return ids[:, 1:], ids[:, :-1]\n",
        "reads_on_in_the_next_row": """\
def next_token_pairs(ids):
    B, T = ids.shape
    flat = ids.reshape(-1)
    n = B * (T - 1)
    return flat[:n].reshape(B, T - 1), flat[1 : n + 1].reshape(B, T - 1)
""",
    },
    "repeated_batch": {
        "one_period_for_all": """\
def repeated_batch(B, T, V, generator):
    p = T // 3
    block = torch.randint(V, (B, p), generator=generator)
    return block.repeat(1, T // p + 1)[:, :T], torch.full((B,), p)
""",
        "one_period_for_the_batch": slip(
            _REPEAT, "(B,), generator=generator)", "(1,), generator=generator).repeat(B)"
        ),
        "longest_never_drawn": slip(_REPEAT, "T // 2 + 1", "T // 2"),
        "periods_too_short": slip(_REPEAT, "T // 4", "1"),
        "same_block_in_every_row": slip(_REPEAT, "(B, T),", "(1, T),").replace(
            "    for b", "    rows = rows.repeat(B, 1)\n    for b"
        ),
        "other_generator": slip(
            _REPEAT, "torch.randint(0, V, (B, T), generator=generator)", "torch.randint(V, (B, T))"
        ),
        "tokens_without_replacement": slip(
            _REPEAT_TILES,
            "torch.randint(V, (p,), generator=generator)",
            "torch.randperm(max(V, p), generator=generator)[:p] % V",
        ),
        "last_token_never_drawn": slip(_REPEAT, "torch.randint(0, V,", "torch.randint(0, V - 1,"),
        "there_and_back": slip(
            _REPEAT_TILES, "block.repeat(", "torch.cat([block, block.flip(0)]).repeat("
        ),
        "period_off_by_one": slip(_REPEAT, "return rows, period", "return rows, period + 1"),
        "stripes_not_blocks": slip(
            _REPEAT_TILES, "block.repeat(T // p + 1)", "block.repeat_interleave(T)"
        ),
    },
    "induction_score": {
        "same_token_itself": slip(_INDUCTION, "range(t - p + 1, 0, -p)", "range(t - p, -1, -p)"),
        "one_before": slip(_INDUCTION, "range(t - p + 1, 0, -p)", "range(t - p - 1, -1, -p)"),
        "nearest_only": slip(_INDUCTION, "0, -p)", "t - p, -p)"),
        "all_queries": slip(_INDUCTION, "/ pairs", "/ (B * T)"),
        "place_zero_counted": slip(_INDUCTION, "0, -p)", "-1, -p)"),
        "axes_swapped": slip(_INDUCTION, "mask[b, t, s]", "mask[b, s, t]"),
        "first_period_for_all": slip(_INDUCTION, "period[b]", "period[0]"),
        "mean_of_row_means": """\
def induction_score(attn, period):
    T = attn.shape[-1]
    t, s = torch.meshgrid(torch.arange(T), torch.arange(T), indexing="ij")
    rows = []
    for table, p in zip(attn, period.tolist()):
        good = ((t - s) % p == p - 1) & (s > 0) & (s <= t)
        rows.append((table * good).sum(-1)[:, p:].mean(1))
    return torch.stack(rows).mean(0)
""",
        "heads_averaged": slip(
            _INDUCTION,
            "(attn * mask[:, None]).sum((0, 2, 3)) / pairs",
            "((attn * mask[:, None]).sum((0, 2, 3)) / pairs).mean().expand(H)",
        ),
        "counts_the_largest": slip(
            _INDUCTION, "(attn * mask", "(torch.nn.functional.one_hot(attn.argmax(-1), T) * mask"
        ),
        "one_query_late": slip(_INDUCTION, "for t in range(p, T)", "for t in range(p + 1, T)"),
    },
    "icl_score": {
        "sign": "def icl_score(loss):\n    q = loss.shape[1] // 4\n"
        "    return loss[:, :q].mean() - loss[:, -q:].mean()\n",
        "first_and_last_only": "def icl_score(loss):\n"
        "    return loss[:, -1].mean() - loss[:, 0].mean()\n",
        "halves": slip(_ICL, "// 4", "// 2"),
        "splits_the_batch": "def icl_score(loss):\n    q = max(1, loss.shape[0] // 4)\n"
        "    return loss[-q:].mean() - loss[:q].mean()\n",
        "ratio": slip(_ICL, "mean() - loss", "mean() / loss"),
        "sums": slip(
            _ICL,
            "loss[:, -q:].mean() - loss[:, :q].mean()",
            "(loss[:, -q:].sum() - loss[:, :q].sum()) / len(loss)",
        ),
        "rest_after_the_first_quarter": slip(_ICL, "loss[:, -q:]", "loss[:, q:]"),
        "rounds_up": slip(_ICL, "loss.shape[1] // 4", "-(-loss.shape[1] // 4)"),
        "one_for_each_row": slip(
            _ICL,
            "loss[:, -q:].mean() - loss[:, :q].mean()",
            "loss[:, -q:].mean(1) - loss[:, :q].mean(1)",
        ),
    },
    "fit_power_law": {
        "no_floor": """\
def fit_power_law(N, L):
    x, y = N.log(), L.log()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return 0.0, math.exp(float(y.mean() - slope * x.mean())), -float(slope)
""",
        "floor_is_the_smallest_loss": """\
def fit_power_law(N, L):
    E = L.min() * (1 - 1e-6)
    x, y = N.log(), (L - E).log()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return float(E), math.exp(float(y.mean() - slope * x.mean())), -float(slope)
""",
        "floor_is_the_last_loss": """\
def fit_power_law(N, L):
    E = L[-1] * 0.999
    x, y = N.log(), (L - E).abs().clamp(min=1e-9).log()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return float(E), math.exp(float(y.mean() - slope * x.mean())), -float(slope)
""",
        "scale_left_in_the_unit": slip(_FIT, "A * unit.item() ** alpha", "A"),
        "scale_as_a_logarithm": slip(
            _FIT, "A * unit.item() ** alpha", "math.log(A * unit.item() ** alpha)"
        ),
        "minus_alpha": slip(_FIT, "unit.item() ** alpha, alpha", "unit.item() ** alpha, -alpha"),
        "coarse_grid": slip(_FIT, "range(4)", "range(1)"),
        "one_fine_grid": slip(_FIT, "range(4)", "range(1)")
        .replace("0.005, 2.2", "0.01, 2.0")
        .replace(", 41)", ", 400)"),
        "no_alpha_above_one": slip(_FIT, "0.005, 2.2", "0.005, 1.0"),
        "no_alpha_below_a_tenth": slip(_FIT, "0.005, 2.2", "0.1, 2.2"),
        "order": slip(
            _FIT,
            "return E, A * unit.item() ** alpha, alpha",
            "return A * unit.item() ** alpha, E, alpha",
        ),
        "gradient_descent_in_raw_units": """\
def fit_power_law(N, L):
    theta = torch.tensor([1.0, 1.0, 0.5], dtype=torch.float64, requires_grad=True)
    opt = torch.optim.Adam([theta], lr=0.05)
    for _ in range(400):
        loss = (theta[0] + theta[1] * N ** -theta[2] - L).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    return tuple(theta.tolist())
""",
        "logarithm_not_power": """\
def fit_power_law(N, L):
    z = N.log()
    A = ((z - z.mean()) * (L - L.mean())).sum() / (z - z.mean()).square().sum()
    return float(L.mean() - A * z.mean()), float(A), 0.5
""",
    },
    "compute_optimal": {
        "no_six": _OPTIMAL.replace("C / 6", "C"),
        "exponents_swapped": """\
def compute_optimal(C, theta):
    E, A, B, alpha, beta = theta
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    N = G * (C / 6) ** (alpha / (alpha + beta))
    return N, C / (6 * N)
""",
        "twenty_tokens_each": """\
def compute_optimal(C, theta):
    N = (C / 120) ** 0.5
    return N, 20 * N
""",
        "evenly": "def compute_optimal(C, theta):\n    N = (C / 6) ** 0.5\n    return N, N\n",
        "balance_upside_down": slip(_OPTIMAL, "alpha * A / (beta * B)", "beta * B / (alpha * A)"),
        "balance_without_root": slip(_OPTIMAL, " ** (1 / (alpha + beta))", ""),
        "balance_with_exponents_crossed": slip(
            _OPTIMAL, "alpha * A / (beta * B)", "beta * A / (alpha * B)"
        ),
        "equal_terms": slip(_OPTIMAL, "alpha * A / (beta * B)", "A / B"),
        "pair_swapped": slip(_OPTIMAL, "return N, D", "return D, N"),
        "no_balance": slip(_OPTIMAL, "(alpha * A / (beta * B)) ** (1 / (alpha + beta))", "1.0"),
        "tokens_not_from_budget": slip(_OPTIMAL, "(alpha + beta)) / G", "(alpha + beta)) * G"),
        "half_each": slip(
            _OPTIMAL, "N = G * (C / 6) ** (beta / (alpha + beta))", "N = G * (C / 6) ** 0.5"
        ).replace("D = (C / 6) ** (alpha / (alpha + beta)) / G", "D = C / 6 / N"),
    },
    "exact_match_curve": {
        "times": slip(_EXACT, "**", "*"),
        "at_least_one": "def exact_match_curve(p, L):\n    return 1 - (1 - p[:, None]) ** L\n",
        "root": slip(_EXACT, "L[None, :]", "(1 / L[None, :])"),
        "transposed": "def exact_match_curve(p, L):\n    return p[None, :] ** L[:, None]\n",
        "one_more": slip(_EXACT, "L[None, :]", "(L[None, :] + 1)"),
        "one_less": slip(_EXACT, "L[None, :]", "(L[None, :] - 1)"),
        "first_order": "def exact_match_curve(p, L):\n"
        "    return (1 - L * (1 - p[:, None])).clamp(min=0)\n",
        "always_float32": slip(_EXACT, "p[:, None]", "p.float()[:, None]"),
    },
    "train_flops": {
        "forward_only": slip(_FLOPS, "6 *", "2 *"),
        "backward_like_forward": slip(_FLOPS, "6 *", "4 *"),
        "overflows": "def train_flops(N, D):\n    return (6 * N * D).double()\n",
        "overflows_inside": "def train_flops(N, D):\n    return 6.0 * (N * D).double()\n",
        "float32": "def train_flops(N, D):\n    return 6 * N.float() * D.float()\n",
        "through_float32": "def train_flops(N, D):\n    return (6 * N.float() * D.float()).double()\n",
        "sum": "def train_flops(N, D):\n    return 6 * (N.double() + D.double())\n",
        "total": slip(
            _FLOPS,
            "6 * N.to(torch.float64) * D.to(torch.float64)",
            "(6 * N.double() * D.double()).sum()",
        ),
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "next_token_pairs": {"slices": _PAIRS, "unfold": _PAIRS_UNFOLD, "rows": _PAIRS_ROWS},
    "repeated_batch": {"copy_back": _REPEAT, "tiles": _REPEAT_TILES, "index": _REPEAT_INDEX},
    "induction_score": {
        "loops": _INDUCTION,
        "row_by_row": _INDUCTION_HEADS,
        "previous_place": _INDUCTION_SHIFT,
    },
    "icl_score": {"slices": _ICL, "narrow": _ICL_ROWS, "weights": _ICL_WEIGHTS},
    "fit_power_law": {"lstsq": _FIT, "floor_search": _FIT_FLOOR, "gauss_newton": _FIT_NEWTON},
    "compute_optimal": {"formula": _OPTIMAL, "grid": _OPTIMAL_GRID, "bisection": _OPTIMAL_BISECT},
    "exact_match_curve": {"power": _EXACT, "loop": _EXACT_LOOP, "logs": _EXACT_LOGS},
    "train_flops": {"to": _FLOPS, "parts": _FLOPS_PARTS, "lists": _FLOPS_LISTS},
}
