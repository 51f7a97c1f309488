"""Plausible answers to lab rnn: wrong ones that hidden tests must catch, right ones they must accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- make_char_batches
_BATCHES = """\
def make_char_batches(ids, T):
    B = (len(ids) - 1) // T
    x = ids[:B * T].view(B, T)
    y = ids[1:1 + B * T].view(B, T)
    return x, y
"""
_BATCHES_UNFOLD = """\
def make_char_batches(ids, T):
    windows = ids.unfold(0, T + 1, T)
    return [windows[:, :-1].contiguous(), windows[:, 1:].contiguous()]
"""
_BATCHES_LISTS = """\
def make_char_batches(ids, T):
    numbers = ids.tolist()
    x, y = [], []
    start = 0
    while start + T < len(numbers):
        x.append(numbers[start:start + T])
        y.append(numbers[start + 1:start + T + 1])
        start += T
    return torch.tensor(x), torch.tensor(y)
"""
_BATCHES_GRID = """\
def make_char_batches(ids, T):
    rows = torch.arange((ids.shape[0] - 1) // T)
    where = rows.unsqueeze(1) * T + torch.arange(T)
    return ids[where], ids[where + 1]
"""

# ---------------------------------------------------------------- rnn_cell
_CELL = """\
def rnn_cell(x, h, W_x, W_h, b):
    return (x.matmul(W_x.t()) + h.matmul(W_h.t()) + b).tanh()
"""
_CELL_EINSUM = """\
def rnn_cell(x, h, W_x, W_h, b):
    a = torch.einsum("bd,hd->bh", x, W_x)
    a = a + torch.einsum("bk,hk->bh", h, W_h)
    a += b
    return torch.tanh(a)
"""
_CELL_CONCAT = """\
def rnn_cell(x, h, W_x, W_h, b):
    joined = torch.cat([x, h], dim=1)
    weights = torch.cat([W_x, W_h], dim=1)
    a = torch.nn.functional.linear(joined, weights, b)
    return 2 * torch.sigmoid(2 * a) - 1
"""
_CELL_COLUMNS = """\
def rnn_cell(x, h, W_x, W_h, b):
    columns = W_x @ x.T + W_h @ h.T + b.unsqueeze(1)
    return torch.tanh(columns).T
"""

# ---------------------------------------------------------------- rnn_forward
_FORWARD = """\
def rnn_forward(x, h0, W_x, W_h, b):
    h = h0
    hs = []
    for t in range(x.size(1)):
        h = torch.tanh(x[:, t] @ W_x.T + h @ W_h.T + b)
        hs.append(h)
    return torch.stack(hs, 1)
"""
_FORWARD_BUFFER = """\
def rnn_forward(x, h0, W_x, W_h, b):
    B, T, _ = x.shape
    hs = torch.empty(B, T, h0.shape[1], dtype=x.dtype, device=x.device)
    h = h0
    for t in range(T):
        h = torch.tanh(x[:, t, :] @ W_x.T + h @ W_h.T + b)
        hs[:, t, :] = h
    return hs
"""
_FORWARD_CALLS_CELL = """\
def rnn_forward(x, h0, W_x, W_h, b):
    hs = [h0]
    for t in range(x.shape[1]):
        hs.append(rnn_cell(x[:, t], hs[-1], W_x, W_h, b))
    return torch.stack(hs[1:], dim=1)
"""
_FORWARD_TIME_MAJOR = """\
def rnn_forward(x, h0, W_x, W_h, b):
    states = [h0]
    for x_t in x.transpose(0, 1):
        a = torch.addmm(b, torch.cat([x_t, states[-1]], -1), torch.cat([W_x, W_h], -1).T)
        states.append(torch.tanh(a))
    return torch.stack(states[1:]).transpose(0, 1)
"""
_FORWARD_RECURSIVE = """\
def rnn_forward(x, h0, W_x, W_h, b):
    first = torch.tanh(torch.einsum("bd,hd->bh", x[:, 0], W_x) + h0 @ W_h.T + b)
    if x.shape[1] == 1:
        return first[:, None]
    return torch.cat([first[:, None], rnn_forward(x[:, 1:], first, W_x, W_h, b)], dim=1)
"""

# ---------------------------------------------------------------- sequence_cross_entropy
_LOSS = """\
def sequence_cross_entropy(logits, y, ignore_index=-100):
    mask = (y != ignore_index)
    safe = torch.where(mask, y, torch.zeros_like(y))
    log_p = torch.log_softmax(logits, dim=-1)
    nll = -log_p.gather(-1, safe.unsqueeze(-1)).squeeze(-1)
    return (nll * mask).sum() / mask.sum()
"""
_LOSS_ONE_HOT = """\
def sequence_cross_entropy(logits, y, ignore_index=-100):
    V = logits.shape[-1]
    flat, target = logits.reshape(-1, V), y.reshape(-1)
    keep = target != ignore_index
    flat, target = flat[keep], target[keep]
    top = flat.max(dim=1, keepdim=True).values.detach()
    log_z = top[:, 0] + (flat - top).exp().sum(dim=1).log()
    hot = torch.nn.functional.one_hot(target, V).to(flat.dtype)
    return (log_z - (hot * flat).sum(dim=1)).mean()
"""
_LOSS_LOOP = """\
def sequence_cross_entropy(logits, y, ignore_index=-100):
    total, count = 0.0, 0
    for b in range(y.shape[0]):
        for t in range(y.shape[1]):
            answer = int(y[b, t])
            if answer == ignore_index:
                continue
            total = total + torch.logsumexp(logits[b, t], 0) - logits[b, t, answer]
            count += 1
    return total / count
"""
_LOSS_FILL = """\
def sequence_cross_entropy(logits, y, ignore_index=-100):
    mask = y == ignore_index
    target = y.masked_fill(mask, 0)[..., None]
    nll = logits.logsumexp(-1) - torch.take_along_dim(logits, target, -1)[..., 0]
    return nll.masked_fill(mask, 0).sum().div((~mask).sum())
"""

# ---------------------------------------------------------------- bptt
_BPTT = """\
def bptt(x, hs, dhs, h0, W_h):
    B, T, H = hs.shape
    dW_x = torch.zeros(H, x.shape[2], dtype=x.dtype)
    dW_h = torch.zeros_like(W_h)
    db = torch.zeros(H, dtype=x.dtype)
    carry = torch.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        dh = dhs[:, t] + carry
        da = dh * (1 - hs[:, t] ** 2)
        prev = h0 if t == 0 else hs[:, t - 1]
        dW_x += da.T @ x[:, t]
        dW_h += da.T @ prev
        db += da.sum(0)
        carry = da @ W_h
    return {"W_x": dW_x, "W_h": dW_h, "b": db, "h0": carry}
"""
_BPTT_EINSUM = """\
def bptt(x, hs, dhs, h0, W_h):
    T = x.shape[1]
    slope = 1 - hs.square()
    da = torch.zeros_like(hs)
    da[:, -1] = dhs[:, -1] * slope[:, -1]
    for t in reversed(range(T - 1)):
        da[:, t] = (dhs[:, t] + torch.einsum("bk,kh->bh", da[:, t + 1], W_h)) * slope[:, t]
    past = torch.cat([h0.unsqueeze(1), hs[:, :-1]], dim=1)
    return dict(
        W_x=torch.einsum("bth,btd->hd", da, x),
        W_h=torch.einsum("bth,btk->hk", da, past),
        b=da.sum((0, 1)),
        h0=da[:, 0] @ W_h,
    )
"""
_BPTT_PER_SAMPLE = """\
def bptt(x, hs, dhs, h0, W_h):
    total = None
    for i in range(x.shape[0]):
        grads = {"W_x": 0, "W_h": 0, "b": 0}
        carry = 0
        for t in reversed(range(x.shape[1])):
            past = hs[i, t - 1] if t else h0[i]
            da = (dhs[i, t] + carry) * (1 - hs[i, t]) * (1 + hs[i, t])
            grads["W_x"] = grads["W_x"] + torch.outer(da, x[i, t])
            grads["W_h"] = grads["W_h"] + torch.outer(da, past)
            grads["b"] = grads["b"] + da
            carry = W_h.T @ da
        if total is None:
            total = {**grads, "h0": [carry]}
        else:
            for name in grads:
                total[name] = total[name] + grads[name]
            total["h0"].append(carry)
    total["h0"] = torch.stack(total["h0"])
    return total
"""
_BPTT_COPY = """\
def bptt(x, hs, dhs, h0, W_h):
    d = dhs.clone()
    past = torch.roll(hs, 1, dims=1)
    past[:, 0] = h0
    for t in range(hs.shape[1] - 1, 0, -1):
        d[:, t] *= 1 - hs[:, t] ** 2
        d[:, t - 1] += d[:, t] @ W_h
    d[:, 0] *= 1 - hs[:, 0] ** 2
    flat = d.flatten(0, 1)
    return {
        "h0": d[:, 0] @ W_h,
        "b": flat.sum(0),
        "W_h": flat.T @ past.flatten(0, 1),
        "W_x": flat.T @ x.flatten(0, 1),
    }
"""
_BPTT_AUTOGRAD = """\
def bptt(x, hs, dhs, h0, W_h):
    B, T, D = x.shape
    H = hs.shape[2]
    a = torch.atanh(hs)
    past = torch.cat([h0[:, None], hs[:, :-1]], 1)
    rest = a - past @ W_h.T
    solution = torch.linalg.lstsq(
        torch.cat([x.reshape(-1, D), torch.ones(B * T, 1, dtype=x.dtype)], 1),
        rest.reshape(-1, H),
    ).solution
    W_x = solution[:D].T.clone().requires_grad_()
    b = solution[D].clone().requires_grad_()
    W = W_h.clone().requires_grad_()
    start = h0.clone().requires_grad_()
    h, loss = start, 0
    for t in range(T):
        h = torch.tanh(x[:, t] @ W_x.T + h @ W.T + b)
        loss = loss + (h * dhs[:, t]).sum()
    loss.backward()
    return {"W_x": W_x.grad, "W_h": W.grad, "b": b.grad, "h0": start.grad}
"""

# ---------------------------------------------------------------- grad_norm_by_step
_NORMS = """\
def grad_norm_by_step(slopes, dh_last, W_h):
    B, T, H = slopes.shape
    norms = torch.zeros(T, dtype=slopes.dtype)
    delta = dh_last
    for t in range(T - 1, -1, -1):
        norms[t] = delta.pow(2).sum(1).sqrt().mean()
        delta = (delta * slopes[:, t]) @ W_h
    return norms
"""
_NORMS_JACOBIANS = """\
def grad_norm_by_step(slopes, dh_last, W_h):
    T, H = slopes.shape[1:]
    jacobians = slopes.unsqueeze(-1) * W_h
    product = torch.eye(H, dtype=W_h.dtype).expand(len(slopes), H, H)
    out = []
    for t in reversed(range(T)):
        out.insert(0, torch.einsum("bi,bij->bj", dh_last, product).norm(dim=-1).mean())
        product = torch.bmm(product, jacobians[:, t])
    return torch.stack(out)
"""
_NORMS_SAMPLES = """\
def grad_norm_by_step(slopes, dh_last, W_h):
    rows = []
    for slope, delta in zip(slopes, dh_last):
        row = [torch.linalg.vector_norm(delta)]
        for s in slope[1:].flip(0):
            delta = W_h.T @ (s * delta)
            row.append(torch.linalg.vector_norm(delta))
        rows.append(torch.stack(row).flip(0))
    return torch.stack(rows).mean(0)
"""

# ---------------------------------------------------------------- clip_by_global_norm_
_CLIP = """\
def clip_by_global_norm_(grads, max_norm):
    total = torch.sqrt(sum((g ** 2).sum() for g in grads))
    if total > max_norm:
        for g in grads:
            g *= max_norm / total
    return total
"""
_CLIP_CLAMP = """\
def clip_by_global_norm_(grads, max_norm):
    total = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in grads]))
    scale = torch.clamp(max_norm / (total + 1e-6), max=1.0)
    for i in range(len(grads)):
        grads[i].copy_(grads[i] * scale)
    return total
"""
_CLIP_FLOAT = """\
def clip_by_global_norm_(grads, max_norm):
    square = 0.0
    for g in grads:
        square += g.double().pow(2).sum().item()
    norm = square ** 0.5
    if norm <= max_norm:
        return norm
    for g in grads:
        g.div_(norm / max_norm)
    return norm
"""
_CLIP_CAT = """\
def clip_by_global_norm_(grads, max_norm):
    n = torch.cat([g.reshape(-1) for g in grads]).norm(2)
    coefficient = min(1.0, max_norm / float(n)) if n > 0 else 1.0
    for g in grads:
        g.mul_(coefficient)
    return n.item()
"""

# ---------------------------------------------------------------- generate
_GENERATE = """\
def generate(step, prefix, n, generator):
    state = None
    for token in prefix:
        logits, state = step(token, state)
    out = []
    for i in range(n):
        p = torch.softmax(logits, -1)
        token = int(torch.multinomial(p, 1, generator=generator))
        out.append(token)
        if i < n - 1:
            logits, state = step(token, state)
    return out
"""
_GENERATE_CUMULATIVE = """\
def generate(step, prefix, n, generator):
    logits, state = step(prefix[0], None)
    sequence = list(prefix)
    for i in range(1, len(prefix) + n):
        if i >= len(prefix):
            p = torch.exp(logits - logits.max())
            edges = torch.cumsum(p / p.sum(), 0)
            u = torch.rand(1, generator=generator)
            pick = torch.searchsorted(edges, u, right=True).clamp(max=len(p) - 1)
            sequence.append(pick.item())
        logits, state = step(sequence[i], state)
    return sequence[len(prefix):]
"""
_GENERATE_GUMBEL = """\
def generate(step, prefix, n, generator):
    queue, state, out = [int(p) for p in prefix], None, ()
    while len(out) < n:
        logits, state = step(queue.pop(0), state)
        if queue:
            continue
        noise = torch.empty_like(logits).exponential_(generator=generator)
        token = (torch.log_softmax(logits, 0) - noise.log()).argmax()
        out = out + (token,)
        queue.append(int(token))
    return out
"""
_GENERATE_TENSOR = """\
def generate(step, prefix, n, generator):
    state, logits = None, None
    for token in torch.as_tensor(prefix):
        logits, state = step(token.item(), state)
    new = torch.empty(n, dtype=torch.long)
    for i in range(n):
        new[i] = torch.multinomial(logits.softmax(0), 1, generator=generator)[0]
        logits, state = step(new[i].item(), state)
    return new
"""


MUTANTS: dict[str, dict[str, str]] = {
    "make_char_batches": {
        "no_shift": slip(_BATCHES, "ids[1:1 + B * T]", "ids[:B * T]"),
        "shifted_twice": """\
def make_char_batches(ids, T):
    B = (len(ids) - 2) // T
    return ids[:B * T].view(B, T), ids[2:2 + B * T].view(B, T)
""",
        "shifted_back": """\
def make_char_batches(ids, T):
    B = (len(ids) - 1) // T
    return ids[1:1 + B * T].view(B, T), ids[:B * T].view(B, T)
""",
        "wraps_around": """\
def make_char_batches(ids, T):
    B = len(ids) // T
    return ids[:B * T].view(B, T), torch.roll(ids, -1)[:B * T].view(B, T)
""",
        "shifts_within_each_row": slip(
            _BATCHES, "ids[1:1 + B * T].view(B, T)", "torch.roll(x, -1, dims=1)"
        ),
        "forgets_the_last_target": slip(_BATCHES, "(len(ids) - 1) // T", "len(ids) // T"),
        "drops_a_full_row": slip(_BATCHES, "(len(ids) - 1) // T", "(len(ids) - 2) // T"),
        "columns_instead_of_rows": slip(
            slip(_BATCHES, "ids[:B * T].view(B, T)", "ids[:B * T].view(T, B).T"),
            "ids[1:1 + B * T].view(B, T)",
            "ids[1:1 + B * T].view(T, B).T",
        ),
        "overlapping_windows": """\
def make_char_batches(ids, T):
    windows = ids.unfold(0, T + 1, 1)
    return windows[:, :-1], windows[:, 1:]
""",
        "float_targets": slip(_BATCHES, "return x, y", "return x, y.float()"),
    },
    "rnn_cell": {
        "W_h_transposed": slip(_CELL, "W_h.t()", "W_h"),
        "no_tanh": slip(_CELL, ".tanh()", ""),
        "relu": slip(_CELL, ".tanh()", ".relu()"),
        "sigmoid": slip(_CELL, ".tanh()", ".sigmoid()"),
        "bias_outside": slip(_CELL, " + b).tanh()", ").tanh() + b"),
        "no_bias": slip(_CELL, " + b)", ")"),
        "bias_twice": slip(_CELL, " + b)", " + 2 * b)"),
        "forgets_h": slip(_CELL, " + h.matmul(W_h.t())", ""),
        "tanh_apart": """\
def rnn_cell(x, h, W_x, W_h, b):
    return torch.tanh(x @ W_x.T + b) + torch.tanh(h @ W_h.T)
""",
        "detaches": slip(_CELL, ".tanh()", ".tanh().detach()"),
        "detaches_h": slip(_CELL, "h.matmul", "h.detach().matmul"),
        "writes_into_h": """\
def rnn_cell(x, h, W_x, W_h, b):
    h.copy_(torch.tanh(x @ W_x.T + h @ W_h.T + b))
    return h
""",
    },
    "rnn_forward": {
        "h0_ignored": slip(_FORWARD, "    h = h0\n", "    h = torch.zeros_like(h0)\n"),
        "state_never_moves": slip(
            _FORWARD,
            "h = torch.tanh(x[:, t] @ W_x.T + h @",
            "h = torch.tanh(x[:, t] @ W_x.T + h0 @",
        ),
        "W_h_transposed": slip(_FORWARD, "W_h.T", "W_h"),
        "calls_rnn_cell_from_h0": slip(_FORWARD_CALLS_CELL, "hs[-1]", "h0"),
        "backwards_in_time": slip(_FORWARD, "range(x.size(1))", "reversed(range(x.size(1)))"),
        "reads_the_future": slip(
            _FORWARD, "x[:, t] @ W_x.T", "x[:, min(t + 1, x.size(1) - 1)] @ W_x.T"
        ),
        "mean_over_time": slip(_FORWARD, "x[:, t] @ W_x.T", "(x[:, t] - x.mean(1)) @ W_x.T"),
        "keeps_h0": slip(_FORWARD, "hs = []", "hs = [h0]"),
        "one_late": slip(
            slip(_FORWARD, "hs = []", "hs = [h0]"), "stack(hs, 1)", "stack(hs[:-1], 1)"
        ),
        "only_last": slip(_FORWARD, "torch.stack(hs, 1)", "h"),
        "view_instead_of_transpose": slip(
            _FORWARD, "torch.stack(hs, 1)", "torch.stack(hs).view(*x.shape[:2], -1)"
        ),
        "detaches": slip(_FORWARD, "h @ W_h.T", "h.detach() @ W_h.T"),
        "float32_buffer": slip(_FORWARD, "torch.stack(hs, 1)", "torch.stack(hs, 1).float()"),
        "one_list_entry_repeated": slip(
            _FORWARD, "torch.stack(hs, 1)", "torch.stack([h] * len(hs), 1)"
        ),
    },
    "sequence_cross_entropy": {
        "mean_over_padding": slip(_LOSS, "(nll * mask).sum() / mask.sum()", "(nll * mask).mean()"),
        "padding_counted": slip(_LOSS, "(nll * mask).sum() / mask.sum()", "nll.mean()"),
        "mean_of_row_means": slip(
            _LOSS,
            "(nll * mask).sum() / mask.sum()",
            "((nll * mask).sum(1) / mask.sum(1)).mean()",
        ),
        "sum_only": slip(_LOSS, " / mask.sum()", ""),
        "exp_overflows": slip(
            _LOSS,
            "torch.log_softmax(logits, dim=-1)",
            "logits - logits.exp().sum(-1, keepdim=True).log()",
        ),
        "log_of_softmax": slip(
            _LOSS, "torch.log_softmax(logits, dim=-1)", "torch.softmax(logits, -1).log()"
        ),
        "log_with_epsilon": slip(
            _LOSS,
            "torch.log_softmax(logits, dim=-1)",
            "(torch.softmax(logits, -1) + 1e-9).log()",
        ),
        "softmax_over_time": slip(_LOSS, "log_softmax(logits, dim=-1)", "log_softmax(logits, 1)"),
        "probability_not_log": slip(_LOSS, "torch.log_softmax", "torch.softmax"),
        "shifts_again": slip(
            _LOSS,
            "    mask = (y",
            "    logits, y = logits[:, :-1], y[:, 1:]\n    mask = (y",
        ),
        "fixed_ignore_index": slip(_LOSS, "(y != ignore_index)", "(y != -100)"),
        "negative_is_padding": slip(_LOSS, "(y != ignore_index)", "(y >= 0)"),
        "forgets_padding": """\
def sequence_cross_entropy(logits, y, ignore_index=-100):
    log_p = torch.log_softmax(logits, -1)
    return -log_p.gather(-1, (y % logits.shape[-1]).unsqueeze(-1)).mean()
""",
        "wrong_sign": slip(_LOSS, "nll = -log_p", "nll = log_p"),
        "max_instead_of_logsumexp": slip(
            _LOSS,
            "torch.log_softmax(logits, dim=-1)",
            "logits - logits.max(-1, keepdim=True).values",
        ),
        "detached": slip(_LOSS, "mask.sum()", "mask.sum().item()").replace(
            "return (nll", "return (nll.detach()"
        ),
    },
    "bptt": {
        "no_tanh_derivative": slip(_BPTT, " * (1 - hs[:, t] ** 2)", ""),
        "derivative_not_squared": slip(_BPTT, "(1 - hs[:, t] ** 2)", "(1 - hs[:, t])"),
        "sigmoid_derivative": slip(_BPTT, "(1 - hs[:, t] ** 2)", "hs[:, t] * (1 - hs[:, t])"),
        "derivative_of_direct_part_only": slip(
            slip(_BPTT, "dh = dhs[:, t] + carry", "dh = dhs[:, t]"),
            "da = dh * (1 - hs[:, t] ** 2)",
            "da = dh * (1 - hs[:, t] ** 2) + carry",
        ),
        "not_through_time": slip(_BPTT, "dhs[:, t] + carry", "dhs[:, t]"),
        "only_one_step_back": slip(_BPTT, "carry = da @", "carry = (da - carry) @"),
        "direct_part_lost": slip(
            _BPTT, "dh = dhs[:, t] + carry", "dh = dhs[:, t] if t == T - 1 else carry"
        ),
        "overwrites": slip(
            slip(_BPTT, "dW_x += da.T", "dW_x = da.T"), "dW_h += da.T", "dW_h = da.T"
        ),
        "bias_overwritten": slip(_BPTT, "db += da.sum(0)", "db = da.sum(0)"),
        "W_h_transposed": slip(_BPTT, "carry = da @ W_h", "carry = da @ W_h.T"),
        "W_h_gradient_transposed": slip(_BPTT, "dW_h += da.T @ prev", "dW_h += prev.T @ da"),
        "h0_ignored": slip(_BPTT, "prev = h0 if", "prev = torch.zeros_like(h0) if"),
        "wraps_to_last_state": slip(_BPTT, "prev = h0 if t == 0 else ", "prev = "),
        "present_instead_of_past": slip(_BPTT, "else hs[:, t - 1]", "else hs[:, t]"),
        "carry_skips_tanh": slip(_BPTT, "carry = da @ W_h", "carry = dh @ W_h"),
        "mean_over_batch": slip(_BPTT, "da.sum(0)", "da.mean(0)"),
        "h0_gradient_one_early": slip(_BPTT, '"h0": carry', '"h0": dh'),
        "truncated": slip(_BPTT, "range(T - 1, -1, -1)", "range(T - 1, max(-1, T - 4), -1)"),
        "writes_into_dhs": slip(
            _BPTT, "dh = dhs[:, t] + carry", "dh = dhs[:, t]\n        dh += carry"
        ),
        "autograd_cannot_run": _BPTT_AUTOGRAD,
    },
    "grad_norm_by_step": {
        "reversed": slip(_NORMS, "return norms", "return norms.flip(0)"),
        "W_h_transposed": slip(_NORMS, "@ W_h", "@ W_h.T"),
        "slopes_one_early": slip(_NORMS, "slopes[:, t]) @", "slopes[:, t - 1]) @"),
        "slopes_forgotten": slip(_NORMS, "(delta * slopes[:, t])", "delta"),
        "slopes_after_W_h": slip(
            _NORMS, "(delta * slopes[:, t]) @ W_h", "(delta @ W_h) * slopes[:, t]"
        ),
        "norm_of_the_batch": slip(_NORMS, "delta.pow(2).sum(1).sqrt().mean()", "delta.norm()"),
        "norm_of_the_mean": slip(
            _NORMS, "delta.pow(2).sum(1).sqrt().mean()", "delta.mean(0).norm()"
        ),
        "squared": slip(_NORMS, ".sqrt()", ""),
        "absolute_sum": slip(_NORMS, "pow(2).sum(1).sqrt()", "abs().sum(1)"),
        "norm_over_the_batch_axis": slip(_NORMS, ".sum(1)", ".sum(0)"),
        "root_mean_square": slip(_NORMS, ".sum(1).sqrt()", ".mean(1).sqrt()"),
        "one_step_too_many": """\
def grad_norm_by_step(slopes, dh_last, W_h):
    norms, delta = [], dh_last
    for t in reversed(range(slopes.shape[1])):
        delta = (delta * slopes[:, t]) @ W_h
        norms.append(delta.norm(dim=1).mean())
    return torch.stack(norms[::-1])
""",
        "relative": slip(_NORMS, "return norms", "return norms / norms[-1]"),
        "spectral_radius_formula": """\
def grad_norm_by_step(slopes, dh_last, W_h):
    T = slopes.shape[1]
    rho = torch.linalg.matrix_norm(W_h, 2)
    return dh_last.norm(dim=1).mean() * rho ** torch.arange(T - 1, -1, -1)
""",
    },
    "clip_by_global_norm_": {
        "per_tensor": """\
def clip_by_global_norm_(grads, max_norm):
    total = torch.sqrt(sum((g ** 2).sum() for g in grads))
    for g in grads:
        g.mul_(min(1.0, float(max_norm / (g.norm() + 1e-12))))
    return total
""",
        "always_scales": slip(_CLIP, "total > max_norm", "total > 0"),
        "not_in_place": """\
def clip_by_global_norm_(grads, max_norm):
    total = torch.sqrt(sum((g ** 2).sum() for g in grads))
    if total > max_norm:
        for i, g in enumerate(grads):
            grads[i] = g * (max_norm / total)
    return total
""",
        "rebinds_the_name": slip(_CLIP, "g *= max_norm / total", "g = g * (max_norm / total)"),
        "l1_norm": slip(_CLIP, "torch.sqrt(sum((g ** 2).sum()", "(sum(g.abs().sum()"),
        "max_norm_of_entries": slip(
            _CLIP,
            "torch.sqrt(sum((g ** 2).sum() for g in grads))",
            "max(g.abs().max() for g in grads)",
        ),
        "sum_of_norms": slip(_CLIP, "torch.sqrt(sum((g ** 2).sum()", "(sum(g.norm()"),
        "no_square_root": slip(_CLIP, "torch.sqrt(", "("),
        "mean_of_squares": slip(_CLIP, "(g ** 2).sum()", "(g ** 2).mean()"),
        "largest_tensor_only": slip(
            _CLIP, "torch.sqrt(sum((g ** 2).sum() for g in grads))", "max(g.norm() for g in grads)"
        ),
        "clamps_values": slip(_CLIP, "g *= max_norm / total", "g.clamp_(-max_norm, max_norm)"),
        "returns_clipped": slip(_CLIP, "return total", "return min(float(total), max_norm)"),
        "returns_nothing": slip(_CLIP, "    return total\n", ""),
        "upside_down": slip(_CLIP, "max_norm / total", "total / max_norm"),
        "first_only": slip(_CLIP, "for g in grads:", "for g in grads[:1]:"),
        "drops_the_last": slip(_CLIP, "for g in grads:", "for g in grads[:-1]:"),
        "scale_squared": slip(_CLIP, "max_norm / total", "(max_norm / total) ** 2"),
        "fixed_threshold": slip(_CLIP, "total > max_norm", "total > 1.0"),
        "nan_at_zero": """\
def clip_by_global_norm_(grads, max_norm):
    total = torch.sqrt(sum((g ** 2).sum() for g in grads))
    unit = [g / total for g in grads]
    for g, u in zip(grads, unit):
        g.copy_(torch.where(total > max_norm, u * max_norm, u * total))
    return total
""",
    },
    "generate": {
        "greedy": slip(
            _GENERATE, "int(torch.multinomial(p, 1, generator=generator))", "int(p.argmax())"
        ),
        "uniform": slip(_GENERATE, "torch.softmax(logits, -1)", "torch.ones_like(logits)"),
        "sharpened": slip(_GENERATE, "softmax(logits, -1)", "softmax(2 * logits, -1)"),
        "logits_as_weights": slip(
            _GENERATE, "torch.softmax(logits, -1)", "logits.clamp(min=0) + 1e-12"
        ),
        "global_randomness": slip(_GENERATE, ", generator=generator)", ")"),
        "own_seed": slip(
            _GENERATE,
            "    state = None\n",
            "    state = None\n    generator = torch.Generator().manual_seed(17)\n",
        ),
        "prefix_outputs_used": """\
def generate(step, prefix, n, generator):
    logits, state = step(prefix[0], None)
    for _ in prefix[1:]:
        guess = torch.multinomial(torch.softmax(logits, -1), 1, generator=generator)
        logits, state = step(int(guess), state)
    out = []
    while len(out) < n:
        out.append(int(torch.multinomial(torch.softmax(logits, -1), 1, generator=generator)))
        logits, state = step(out[-1], state)
    return out
""",
        "prefix_outputs_returned": """\
def generate(step, prefix, n, generator):
    state, out = None, []
    for token in prefix:
        logits, state = step(token, state)
        out.append(int(torch.multinomial(torch.softmax(logits, -1), 1, generator=generator)))
    while len(out) < n:
        logits, state = step(out[-1], state)
        out.append(int(torch.multinomial(torch.softmax(logits, -1), 1, generator=generator)))
    return out[:n]
""",
        "state_dropped": slip(
            _GENERATE,
            "        logits, state = step(token, state)\n    out",
            "        logits, _ = step(token, state)\n    out",
        ),
        "state_dropped_after_prefix": slip(
            _GENERATE,
            "if i < n - 1:\n            logits, state =",
            "if i < n - 1:\n            logits, _ =",
        ),
        "state_reset_after_prefix": slip(_GENERATE, "    out = []", "    out, state = [], None"),
        "last_prefix_token_twice": slip(
            _GENERATE, "    out = []", "    logits, state = step(prefix[-1], state)\n    out = []"
        ),
        "only_last_prefix_token": slip(_GENERATE, "in prefix:", "in prefix[-1:]:"),
        "prefix_reversed": slip(_GENERATE, "in prefix:", "in reversed(prefix):"),
        "prefix_returned_too": slip(_GENERATE, "return out", "return list(prefix) + out"),
        "one_short": slip(_GENERATE, "range(n)", "range(n - 1)"),
        "one_too_many": slip(_GENERATE, "range(n)", "range(n + 1)"),
        "total_length_n": slip(_GENERATE, "range(n)", "range(n - len(prefix))"),
        "never_feeds_back": slip(
            _GENERATE, "step(token, state)\n    return", "step(prefix[-1], state)\n    return"
        ),
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "make_char_batches": {
        "view": _BATCHES,
        "unfold": _BATCHES_UNFOLD,
        "lists": _BATCHES_LISTS,
        "index_grid": _BATCHES_GRID,
    },
    "rnn_cell": {
        "matmul": _CELL,
        "einsum": _CELL_EINSUM,
        "concatenated": _CELL_CONCAT,
        "columns": _CELL_COLUMNS,
    },
    "rnn_forward": {
        "step_by_step": _FORWARD,
        "buffer": _FORWARD_BUFFER,
        "time_major": _FORWARD_TIME_MAJOR,
        "recursive": _FORWARD_RECURSIVE,
        "calls_rnn_cell": _FORWARD_CALLS_CELL,
    },
    "sequence_cross_entropy": {
        "log_softmax": _LOSS,
        "one_hot": _LOSS_ONE_HOT,
        "loop": _LOSS_LOOP,
        "masked_fill": _LOSS_FILL,
    },
    "bptt": {
        "loop": _BPTT,
        "einsum": _BPTT_EINSUM,
        "per_sample": _BPTT_PER_SAMPLE,
        "own_copy": _BPTT_COPY,
    },
    "grad_norm_by_step": {
        "filled_backwards": _NORMS,
        "jacobian_product": _NORMS_JACOBIANS,
        "per_sample": _NORMS_SAMPLES,
    },
    "clip_by_global_norm_": {
        "in_place_operator": _CLIP,
        "clamped_coefficient": _CLIP_CLAMP,
        "python_float": _CLIP_FLOAT,
        "one_long_vector": _CLIP_CAT,
    },
    "generate": {
        "two_loops": _GENERATE,
        "inverse_cumulative": _GENERATE_CUMULATIVE,
        "gumbel_queue": _GENERATE_GUMBEL,
        "tensor": _GENERATE_TENSOR,
    },
}
