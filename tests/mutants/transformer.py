"""Plausible answers to lab transformer: wrong ones that hidden tests must catch, right ones they must accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- scaled_dot_product_attention
_ATTENTION = """\
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = torch.matmul(q, k.mT) / q.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.nan_to_num(0.0)
    return weights @ v, weights
"""
_ATTENTION_EINSUM = """\
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = torch.einsum("bhsd,bhtd->bhst", q * q.shape[-1] ** -0.5, k)
    if mask is not None:
        scores = torch.where(mask, scores, torch.finfo(scores.dtype).min)
    weights = torch.nn.functional.softmax(scores, dim=3)
    if mask is not None:
        weights = torch.where(mask, weights, torch.zeros_like(weights))
    return torch.einsum("bhst,bhtv->bhsv", weights, v), weights
"""
_ATTENTION_BY_HAND = """\
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.transpose(2, 3) / math.sqrt(k.shape[3])
    e = (scores - scores.amax(-1, keepdim=True).detach()).exp()
    if mask is not None:
        e = e * mask
    total = e.sum(-1, keepdim=True)
    weights = e / torch.where(total > 0, total, torch.ones_like(total))
    return [weights @ v, weights]
"""

# ---------------------------------------------------------------- combine_masks
_MASKS = """\
def combine_masks(causal, pad):
    return causal & ~pad[:, None, None]
"""
_MASKS_WHERE = """\
def combine_masks(causal, pad):
    B, T = pad.shape
    both = torch.logical_and(causal.unsqueeze(0), torch.logical_not(pad).unsqueeze(1))
    return both.reshape(B, 1, causal.shape[0], T)
"""
_MASKS_LOOP = """\
def combine_masks(causal, pad):
    rows = []
    for hidden in pad:
        one = causal.clone()
        one[:, hidden] = False
        rows.append(one)
    return torch.stack(rows)[:, None]
"""

# ---------------------------------------------------------------- MultiHeadAttention
_HEADS_INIT = """\
class MultiHeadAttention(torch.nn.Module):
    def __init__(self, D, H):
        super().__init__()
        self.H = H
        self.W_Q = torch.nn.Linear(D, D, bias=False)
        self.W_K = torch.nn.Linear(D, D, bias=False)
        self.W_V = torch.nn.Linear(D, D, bias=False)
        self.W_O = torch.nn.Linear(D, D, bias=False)

"""
_HEADS = (
    _HEADS_INIT
    + """\
    def forward(self, x, memory, mask=None):
        B, S, D = x.shape
        T, d = memory.shape[1], D // self.H
        q = self.W_Q(x).view(B, S, self.H, d).permute(0, 2, 1, 3)
        k = self.W_K(memory).view(B, T, self.H, d).permute(0, 2, 1, 3)
        v = self.W_V(memory).view(B, T, self.H, d).permute(0, 2, 1, 3)
        scores = q @ k.mT / math.sqrt(d)
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = scores.softmax(-1)
        joined = (weights @ v).permute(0, 2, 1, 3).reshape(B, S, D)
        return self.W_O(joined), weights
"""
)
_HEADS_LOOP = (
    _HEADS_INIT
    + """\
    def forward(self, x, memory, mask=None):
        d = x.shape[-1] // self.H
        q, k, v = self.W_Q(x), self.W_K(memory), self.W_V(memory)
        parts, tables = [], []
        for h in range(self.H):
            own = slice(h * d, (h + 1) * d)
            s = (q[..., own] @ k[..., own].mT / d**0.5)[:, None]
            if mask is not None:
                s = s.masked_fill(~mask, -1e30)
            w = s.softmax(-1)
            tables.append(w[:, 0])
            parts.append(w[:, 0] @ v[..., own])
        return self.W_O(torch.cat(parts, -1)), torch.stack(tables, 1)
"""
)
_HEADS_EINSUM = (
    _HEADS_INIT
    + """\
    def forward(self, x, memory, mask=None):
        q, k, v = (
            torch.stack(layer(z).chunk(self.H, dim=-1), dim=1)
            for layer, z in ((self.W_Q, x), (self.W_K, memory), (self.W_V, memory))
        )
        s = torch.einsum("bhsd,bhtd->bhst", q, k) / q.shape[-1] ** 0.5
        if mask is not None:
            s = torch.where(mask, s, torch.full_like(s, -1e30))
        w = torch.softmax(s, -1)
        out = torch.einsum("bhst,bhtd->bshd", w, v)
        return self.W_O(out.flatten(-2)), w
"""
)

# ---------------------------------------------------------------- sinusoidal_encoding
_PLACES = """\
def sinusoidal_encoding(T, D):
    pe = torch.zeros(T, D)
    t = torch.arange(T).float().unsqueeze(1)
    speed = torch.exp(-math.log(10000.0) * torch.arange(0, D, 2).float() / D)
    pe[:, 0::2] = torch.sin(t * speed)
    pe[:, 1::2] = torch.cos(t * speed)
    return pe
"""
_PLACES_LOOP = """\
def sinusoidal_encoding(T, D):
    rows = []
    for t in range(T):
        row = []
        for j in range(D):
            angle = t / 10000 ** ((j - j % 2) / D)
            row.append(math.cos(angle) if j % 2 else math.sin(angle))
        rows.append(row)
    return torch.tensor(rows)
"""
_PLACES_COMPLEX = """\
def sinusoidal_encoding(T, D):
    speed = 10000.0 ** (-torch.arange(D // 2).double() * 2 / D)
    angle = torch.outer(torch.arange(T).double(), speed)
    turn = torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(turn).flip(-1).reshape(T, D).float()
"""

# ---------------------------------------------------------------- encoder_block
_ENCODER = """\
def encoder_block(x, mask, attend, mlp, norm1, norm2):
    n = norm1(x)
    mixed, _ = attend(n, n, mask)
    u = x + mixed
    return u + mlp(norm2(u))
"""
_ENCODER_BRANCH = """\
def encoder_block(x, mask, attend, mlp, norm1, norm2):
    def look(z):
        ready = norm1(z)
        return attend(ready, ready, mask)[0]

    for branch in (look, lambda z: mlp(norm2(z))):
        x = branch(x) + x
    return x
"""
_ENCODER_SUM = """\
def encoder_block(x, mask, attend, mlp, norm1, norm2):
    first = attend(norm1(x), norm1(x), mask)[0]
    second = mlp(norm2(x + first))
    return x + first + second
"""

# ---------------------------------------------------------------- decoder_block
_DECODER = """\
def decoder_block(y, memory, mask, cross_mask, attend, cross, mlp, norm1, norm2, norm3):
    n = norm1(y)
    a = y + attend(n, n, mask)[0]
    c = a + cross(norm2(a), memory, cross_mask)[0]
    return c + mlp(norm3(c))
"""
_DECODER_STEPS = """\
def decoder_block(y, memory, mask, cross_mask, attend, cross, mlp, norm1, norm2, norm3):
    ready = norm1(y)
    back, _ = attend(ready, ready, mask)
    y = y + back
    found, _ = cross(norm2(y), memory, cross_mask)
    y = y + found
    thought = mlp(norm3(y))
    return y + thought
"""
_DECODER_SUM = """\
def decoder_block(y, memory, mask, cross_mask, attend, cross, mlp, norm1, norm2, norm3):
    total = y
    total = torch.add(total, attend(norm1(total), norm1(total), mask)[0])
    total = torch.add(total, cross(norm2(total), memory, cross_mask)[0])
    return torch.add(total, mlp(norm3(total)))
"""

# ---------------------------------------------------------------- shift_right
_SHIFT = """\
def shift_right(y, bos):
    start = torch.full((y.shape[0], 1), bos, dtype=y.dtype)
    return torch.cat([start, y[:, :-1]], dim=1)
"""
_SHIFT_EMPTY = """\
def shift_right(y, bos):
    moved = torch.empty_like(y)
    moved[:, 0] = bos
    moved[:, 1:] = y[:, :-1]
    return moved
"""
_SHIFT_PAD = """\
def shift_right(y, bos):
    return torch.nn.functional.pad(y, (1, -1), value=bos)
"""

MUTANTS: dict[str, dict[str, str]] = {
    "scaled_dot_product_attention": {
        "no_scale": slip(_ATTENTION, " / q.size(-1) ** 0.5", ""),
        "divided_by_d": slip(_ATTENTION, "q.size(-1) ** 0.5", "q.size(-1)"),
        "scaled_by_values": slip(_ATTENTION, "q.size(-1)", "v.size(-1)"),
        "scaled_by_keys": slip(_ATTENTION, "q.size(-1)", "k.size(-2)"),
        "wrong_axis": slip(_ATTENTION, "softmax(-1)", "softmax(-2)"),
        "mask_inverted": slip(_ATTENTION, "~mask", "mask"),
        "mask_after_softmax": slip(
            slip(_ATTENTION, "scores.masked_fill(~mask, -torch.inf)", "scores"),
            "weights.nan_to_num(0.0)",
            "weights * mask",
        ),
        "filled_with_zero": slip(_ATTENTION, "-torch.inf", "0.0"),
        "empty_row_is_nan": slip(_ATTENTION, "weights.nan_to_num(0.0)", "weights"),
        "minus_1e9": slip(_ATTENTION, "-torch.inf", "-1e9"),
        "minus_1e4_leaks_in_empty_row": slip(_ATTENTION, "-torch.inf", "-1e4"),
        "mask_ignored": slip(_ATTENTION, "scores.masked_fill(~mask, -torch.inf)", "scores"),
        "detached": slip(_ATTENTION, "scores.softmax(-1)", "scores.softmax(-1).detach()"),
        "in_place_on_query": slip(
            _ATTENTION,
            "torch.matmul(q, k.mT) / q.size(-1) ** 0.5",
            "torch.matmul(q.div_(q.size(-1) ** 0.5), k.mT)",
        ),
        "scores_returned": slip(
            _ATTENTION, "return weights @ v, weights", "return weights @ v, scores"
        ),
        "overflow_without_max": slip(
            _ATTENTION_BY_HAND,
            "(scores - scores.amax(-1, keepdim=True).detach())",
            "(scores * 1.01)",
        ),
    },
    "combine_masks": {
        "pad_not_inverted": slip(_MASKS, "~pad", "pad"),
        "either": slip(_MASKS, " & ", " | "),
        "pad_hides_queries": slip(
            _MASKS_LOOP, "one[:, hidden] = False", "one[hidden[: len(one)]] = False"
        ),
        "pad_ignored": slip(
            _MASKS, " & ~pad[:, None, None]", ".expand(len(pad), 1, *causal.shape)"
        ),
        "causal_ignored": slip(
            _MASKS,
            "causal & ~pad[:, None, None]",
            "(~pad[:, None, None]).expand(-1, 1, causal.shape[0], -1)",
        ),
        "causal_transposed": slip(_MASKS, "causal &", "causal.flip(0, 1) &"),
        "no_head_axis": slip(_MASKS, "[:, None, None]", "[:, None]"),
        "numbers": slip(
            _MASKS, "causal & ~pad[:, None, None]", "(causal & ~pad[:, None, None]).float()"
        ),
        "writes_into_causal": slip(_MASKS_LOOP, "causal.clone()", "causal"),
        "first_row_for_all": slip(
            _MASKS, "pad[:, None, None]", "pad[:1, None, None].expand(len(pad), 1, 1, -1)"
        ),
    },
    "MultiHeadAttention": {
        "view_without_transpose": slip(
            _HEADS,
            "self.W_Q(x).view(B, S, self.H, d).permute(0, 2, 1, 3)",
            "self.W_Q(x).reshape(B, self.H, S, d)",
        ),
        "joined_without_transpose": slip(
            _HEADS, "(weights @ v).permute(0, 2, 1, 3)", "(weights @ v)"
        ),
        "heads_last": slip(
            _HEADS,
            "joined = (weights @ v).permute(0, 2, 1, 3)",
            "joined = (weights @ v).permute(0, 2, 3, 1)",
        ),
        "no_output_weight": slip(_HEADS, "self.W_O(joined)", "joined"),
        "scaled_by_D": slip(_HEADS, "math.sqrt(d)", "math.sqrt(D)"),
        "keys_from_x": slip(
            _HEADS, "self.W_K(memory).view(B, T", "self.W_K(x if S == T else memory).view(B, T"
        ),
        "values_by_W_K": slip(_HEADS, "self.W_V(memory)", "self.W_K(memory)"),
        "mask_dropped": slip(
            _HEADS, "masked_fill(~mask, torch.finfo(scores.dtype).min)", "clone()"
        ),
        "mask_inverted": slip(_HEADS, "~mask", "mask"),
        "one_head": slip(_HEADS, "self.H = H", "self.H = 1"),
        "heads_averaged": slip(
            _HEADS, "return self.W_O(joined), weights", "return self.W_O(joined), weights.mean(1)"
        ),
        "interleaved_heads": slip(
            _HEADS,
            "self.W_Q(x).view(B, S, self.H, d).permute(0, 2, 1, 3)",
            "self.W_Q(x).view(B, S, d, self.H).permute(0, 3, 1, 2)",
        ),
    },
    "sinusoidal_encoding": {
        "halves": slip(slip(_PLACES, "0::2", ": D // 2"), "1::2", "D // 2 :"),
        "sin_cos_swapped": slip(
            slip(_PLACES, "torch.sin(", "torch.COS("), "torch.cos(", "torch.sin("
        ).replace("COS", "cos"),
        "i_over_D": slip(_PLACES, "torch.arange(0, D, 2)", "torch.arange(D // 2)"),
        "cos_has_own_speed": slip(_PLACES_LOOP, "(j - j % 2)", "j"),
        "from_one": slip(_PLACES, "torch.arange(T).float()", "torch.arange(1, T + 1).float()"),
        "base_1000": slip(_PLACES, "10000.0", "1000.0"),
        "speed_inverted": slip(_PLACES, "-math.log", "math.log"),
        "double": slip(_PLACES, "return pe", "return pe.double()"),
        "transposed": slip(_PLACES, "return pe", "return pe.T.reshape(T, D)"),
    },
    "encoder_block": {
        "post_norm": slip(
            slip(
                _ENCODER,
                "    n = norm1(x)\n    mixed, _ = attend(n, n, mask)\n    u = x + mixed",
                "    u = norm1(x + attend(x, x, mask)[0])",
            ),
            "u + mlp(norm2(u))",
            "norm2(u + mlp(u))",
        ),
        "no_first_residual": slip(_ENCODER, "u = x + mixed", "u = mixed"),
        "no_second_residual": slip(_ENCODER, "return u + mlp(norm2(u))", "return mlp(norm2(u))"),
        "second_residual_from_x": slip(
            _ENCODER, "return u + mlp(norm2(u))", "return x + mlp(norm2(u))"
        ),
        "residual_from_norm": slip(_ENCODER, "u = x + mixed", "u = n + mixed"),
        "memory_not_normalised": slip(_ENCODER, "attend(n, n, mask)", "attend(n, x, mask)"),
        "mask_dropped": slip(_ENCODER, "attend(n, n, mask)", "attend(n, n, None)"),
        "norms_swapped": slip(
            slip(_ENCODER, "norm1(x)", "norm2(x)"), "mlp(norm2(u))", "mlp(norm1(u))"
        ),
        "no_second_norm": slip(_ENCODER, "mlp(norm2(u))", "mlp(u)"),
        "parallel": slip(_ENCODER, "mlp(norm2(u))", "mlp(norm2(x))"),
        "in_place": slip(_ENCODER, "u = x + mixed", "x += mixed\n    u = x"),
    },
    "decoder_block": {
        "masks_swapped": slip(
            slip(_DECODER, "attend(n, n, mask)", "attend(n, n, None)"),
            "memory, cross_mask)[0]",
            "memory, None)[0]",
        ),
        "no_causal_mask": slip(_DECODER, "attend(n, n, mask)", "attend(n, n, None)"),
        "no_cross_mask": slip(_DECODER, "memory, cross_mask)[0]", "memory, None)[0]"),
        "no_cross": slip(_DECODER, "c = a + cross(norm2(a), memory, cross_mask)[0]", "c = a"),
        "cross_first": slip(
            _DECODER,
            "    n = norm1(y)\n    a = y + attend(n, n, mask)[0]\n"
            "    c = a + cross(norm2(a), memory, cross_mask)[0]",
            "    a = y + cross(norm2(y), memory, cross_mask)[0]\n"
            "    n = norm1(a)\n    c = a + attend(n, n, mask)[0]",
        ),
        "memory_normalised": slip(
            _DECODER, "memory, cross_mask)[0]", "norm2(memory), cross_mask)[0]"
        ),
        "cross_query_not_normalised": slip(_DECODER, "cross(norm2(a)", "cross(a"),
        "cross_from_y": slip(_DECODER, "cross(norm2(a)", "cross(norm2(y)"),
        "no_cross_residual": slip(_DECODER, "c = a + cross", "c = cross"),
        "cross_residual_from_y": slip(_DECODER, "c = a + cross", "c = y + cross"),
        "norm2_twice": slip(_DECODER, "mlp(norm3(c))", "mlp(norm2(c))"),
        "self_looks_at_memory": slip(_DECODER, "attend(n, n, mask)", "attend(n, memory, None)"),
        "cross_called_twice": slip(_DECODER, "y + attend(n, n, mask)", "y + cross(n, n, mask)"),
        "no_mlp_residual": slip(_DECODER, "return c + mlp", "return mlp"),
    },
    "shift_right": {
        "left": slip(_SHIFT, "[start, y[:, :-1]]", "[y[:, 1:], start]"),
        "not_shifted": slip(
            _SHIFT, "return torch.cat([start, y[:, :-1]], dim=1)", "return y.clone()"
        ),
        "one_longer": slip(_SHIFT, "y[:, :-1]", "y"),
        "two": slip(
            _SHIFT, "[start, y[:, :-1]]", "[start, start, y[:, :-2]][: 2 + (y.shape[1] > 1)]"
        ),
        "rolled": slip(
            _SHIFT, "return torch.cat([start, y[:, :-1]], dim=1)", "return y.roll(1, 1)"
        ),
        "rolled_over_all": slip(
            _SHIFT,
            "return torch.cat([start, y[:, :-1]], dim=1)",
            "z = y.roll(1)\n    z[0, 0] = bos\n    return z",
        ),
        "first_overwritten": slip(
            _SHIFT_EMPTY, "moved[:, 1:] = y[:, :-1]", "moved[:, 1:] = y[:, 1:]"
        ),
        "in_place": slip(_SHIFT_EMPTY, "torch.empty_like(y)", "y"),
        "bos_is_one": slip(_SHIFT, ", bos, dtype", ", 1, dtype"),
        "batch_axis": slip(
            _SHIFT,
            "return torch.cat([start, y[:, :-1]], dim=1)",
            "z = y.roll(1, 0)\n    z[0] = bos\n    return z",
        ),
        "floats": slip(
            _SHIFT,
            "dtype=y.dtype)\n    return torch.cat([start, y[:, :-1]], dim=1)",
            "dtype=torch.float32)\n    return torch.cat([start, y[:, :-1].float()], dim=1)",
        ),
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "scaled_dot_product_attention": {
        "nan_to_num": _ATTENTION,
        "einsum": _ATTENTION_EINSUM,
        "exponentials": _ATTENTION_BY_HAND,
    },
    "combine_masks": {"broadcast": _MASKS, "reshape": _MASKS_WHERE, "loop": _MASKS_LOOP},
    "MultiHeadAttention": {"permute": _HEADS, "loop": _HEADS_LOOP, "chunks": _HEADS_EINSUM},
    "sinusoidal_encoding": {
        "in_place": _PLACES,
        "loops": _PLACES_LOOP,
        "complex": _PLACES_COMPLEX,
    },
    "encoder_block": {"named": _ENCODER, "branches": _ENCODER_BRANCH, "sum": _ENCODER_SUM},
    "decoder_block": {"named": _DECODER, "steps": _DECODER_STEPS, "torch_add": _DECODER_SUM},
    "shift_right": {"cat": _SHIFT, "empty": _SHIFT_EMPTY, "pad": _SHIFT_PAD},
}
